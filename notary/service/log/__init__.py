"""The log: its entries, its public files, the snapshot and the pinned tree of a manifest, and those who cosign it."""
