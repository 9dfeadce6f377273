"""Total loss: the parts of `notary.service.recovery.recover`.

`walk` goes from an anchor root to manifest and tree, `events` reads what chains
and pinned proofs say, `history` checks a whole log, `choice` says which log is
followed, `fill` reads batch files and receipts, `rebuild` writes the ledger,
`mend` pins again what it lost; `soundness` tells whether a ledger is what it says.
"""
