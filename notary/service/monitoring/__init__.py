"""Following a log for one institution, and what it finds out.

Reading order: `findings`, `seen`, `entries`, `following` (the log) · `own` (what
the institution signed) · `snapshot`, `anchored` (the chains).
"""
