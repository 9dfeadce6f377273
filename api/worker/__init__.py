"""What carries batches to their end: durable workflows over the ledger, and the jobs that come round.

The ledger's state is the truth, and workflows are disposable: `sweep` finds what is unfinished,
`engine` gives it to one of the workers, `carriage` does it, `live` tells who is dead.
"""
