"""Python's recursion limit, kept while libraries are imported.

web3 and py-evm (through py_ecc) raise it to 100,000 for the whole process. With
that, JSON nested as deep ends the process by a segmentation fault instead of an
exception.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def recursion_limit_kept() -> Iterator[None]:
    """Put the limit back when the block ends."""
    limit = sys.getrecursionlimit()
    try:
        yield
    finally:
        sys.setrecursionlimit(limit)
