"""The consortium's members as this notary knows them, and who applies or joins."""
