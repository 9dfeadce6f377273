"""The command line: how commands speak, and what they share; the commands themselves are in `commands/`."""
