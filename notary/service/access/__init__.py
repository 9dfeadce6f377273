"""Who may do what, and who did; and the secrets that private links are."""
