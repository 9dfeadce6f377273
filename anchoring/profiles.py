"""Chain profiles: what is known of a chain before it is asked. Facts and sources: profiles.toml."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from notary.core.encoding import shorten
from notary.core.errors import OperatorError

_SHIPPED = Path(__file__).with_suffix(".toml")
_DEFAULT = "default"
_FIELDS = ("name", "currency", "finality", "wait", "confirmations")
_ID = re.compile(r"eip155:[1-9][0-9]{0,31}")
_FINALITY = re.compile(r"finalized|depth:([0-9]{1,9})")


@dataclass(frozen=True, slots=True)
class Profile:
    """A chain: its CAIP-2 id, name and currency, when a block is final, and how long that takes as a rule.

    `depth`: blocks on top of a final one; None where the node's *finalized* tag
    decides. `wait` is in seconds, `confirmations` in blocks.
    """

    id: str
    name: str
    currency: str
    depth: int | None
    wait: int
    confirmations: int

    @classmethod
    def read(cls, chain: str, fields: Mapping[str, Any]) -> Self:
        """Check a profile's fields; OperatorError names the one that is wrong."""
        where = f"profile of {chain}"
        for name in ("name", "currency", "finality"):
            if not isinstance(fields[name], str) or not fields[name]:
                raise OperatorError(f"{where}, {name}", expected="some text", actual=shorten(fields[name]))
        for name in ("wait", "confirmations"):
            if type(fields[name]) is not int or fields[name] < 1:
                raise OperatorError(f"{where}, {name}", expected="an integer from 1", actual=shorten(fields[name]))
        finality = _FINALITY.fullmatch(fields["finality"])
        if finality is None:
            raise OperatorError(
                f"{where}, finality", expected='"finalized" or "depth:N"', actual=shorten(fields["finality"])
            )
        depth = None if finality[1] is None else int(finality[1])
        return cls(chain, fields["name"], fields["currency"], depth, fields["wait"], fields["confirmations"])


@dataclass(frozen=True, slots=True)
class Profiles:
    """Every chain that is known, and what is assumed of one that is not."""

    known: Mapping[str, Profile]
    default: Mapping[str, Any]

    @classmethod
    def load(cls, settings: Path | None = None) -> Self:
        """Read the shipped profiles, and lay a settings file of the same form over them."""
        tables = _read(_SHIPPED)
        for chain, fields in (_read(settings) if settings else {}).items():
            more = fields.keys() - set(_FIELDS)
            if more:
                raise OperatorError(
                    f"{settings}, {chain}", expected=", ".join(_FIELDS), actual=", ".join(map(shorten, sorted(more)))
                )
            tables[chain] = {**tables.get(chain, {}), **fields}
        default = tables.pop(_DEFAULT)
        Profile.read(_DEFAULT, default)
        return cls({chain: Profile.read(chain, {**default, **fields}) for chain, fields in tables.items()}, default)

    def of(self, chain: str) -> Profile:
        """The profile of a chain, by its CAIP-2 id."""
        return self.known.get(chain) or Profile.read(chain, self.default)


def _read(path: Path) -> dict[str, dict[str, Any]]:
    try:
        tables = tomllib.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise OperatorError(f"chain profiles {path} cannot be read", actual=error) from error
    for chain, fields in tables.items():
        if not isinstance(fields, dict) or not (chain == _DEFAULT or _ID.fullmatch(chain)):
            raise OperatorError(f"{path}, {shorten(chain)}", expected='a table ["eip155:N"] or [default]')
    return tables
