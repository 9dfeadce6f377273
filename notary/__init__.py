"""The domain: what is committed, how it is proven, and how a batch lives."""
