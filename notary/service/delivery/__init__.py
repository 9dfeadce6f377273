"""Delivery: learners are mailed the links of their credentials, and a new one where a link was lost.

Reading order: `text` · `queue` · `sending` · `own_mailer`, `bounces`, `lost`. Page: docs/delivery.md.
"""
