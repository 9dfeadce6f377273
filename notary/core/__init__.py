"""What is permanent: commitments, proofs, receipts and their verification.

Pure: no I/O, no clock, no randomness; facts of the world arrive as arguments.
Changes here can break receipts that people hold; each names its effect.
"""
