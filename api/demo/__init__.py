"""`notary demo`: three invented institutions, real credentials, the whole chain, and everything switched off."""
