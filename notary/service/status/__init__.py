"""Statuses: marked by an institution, signed by it as one statement a batch, logged, anchored.

`marking` says what shall change, `statements` draws and logs it, `signing` is the
institution's own side, `reissue` puts one credential in another's place.
"""
