"""Writing a PDF's objects once: pydyf makes and deflates each twice, first for the file's identifier.

The identifier (ISO 32000-1 §14.4) stays what it was, a hash of all of them.
"""

from __future__ import annotations

from functools import cache
from typing import Any


def pack(pdf: Any) -> None:
    """Replace each object of a `pydyf.PDF` by the bytes it comes to; nothing may change it any more."""
    pdf.objects[:] = [one if one.free == "f" else _packed()(one) for one in pdf.objects]


@cache
def _packed() -> Any:
    import pydyf

    class Packed(pydyf.Object):  # type: ignore[misc]  # pydyf is imported where it is used
        data = b""
        compressible = False

        def __init__(self, one: Any) -> None:
            super().__init__()
            self.number, self.generation = one.number, one.generation
            self.compressible, self.data = one.compressible, one.data

    return Packed
