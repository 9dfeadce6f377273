"""Rounds of anchoring: a manifest is drawn, and carried on every chain until it is final there."""
