"""A second verifier, written from docs/spec alone: it shares no code with the project."""
