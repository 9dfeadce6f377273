"""`notary demo --registrar`: the day a registrar anchors a class, typed as a registrar types it.

Reading order: `class_list` · `terminal`, `post`, `pages` · `college`, `morning`, `mending`, `evening` · `day`.
"""
