"""Handing in: credentials are read, taken, looked over, sealed into a batch, and signed by their institution."""
