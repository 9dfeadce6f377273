"""The consortium's members as this notary knows them, and what an institution does here."""
