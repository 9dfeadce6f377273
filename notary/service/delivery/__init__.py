"""Delivery: learners are mailed the links of their credentials, and a new one where a link was lost.

Reading order: `text` · `queue` · `sending` · `handing`, `bounces`, `lost`. Page: docs/delivery.md.
"""
