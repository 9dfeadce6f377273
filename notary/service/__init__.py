"""Use cases: what people ask of the notary, one function or small class each."""
