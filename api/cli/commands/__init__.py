"""The commands of `notary`, a module each; `api.command_line` imports one when it is used."""
