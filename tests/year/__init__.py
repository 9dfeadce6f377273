"""A scripted year of a consortium: what `scripts/year` runs.

Reading order: `cast` (who) · `stage` (which chain, and its calendar) · `world` (what
they can do) · `story`, `fork` (what they do) · `fates` (what every receipt must say of it) ·
`verdicts` (what it says).
"""
