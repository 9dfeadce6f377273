"""What every receipt of the year must say, and why: from the design's verification steps, not from running it.

A receipt has forms: one is made whenever it is refreshed. A form says how things
stood when it was made, for as long as it is kept; a trust file adds what its date
allows. So a verdict follows from three days: what had happened to the credential
when the form was made (`Fate.day`), when the form was made, and when the trust file
was.

- Step 7: a block that the trust file does not list yet is unknown, and so is the verdict: *not known yet*. Block notes
  of the parties that a trust file names decide it all the same, however old the file is.
- Step 9: a signer who was no member at the block's time fails, whatever the notary's clock said; so does a key for
  blocks from which on any state known marks it as compromised, whatever the form said before (`Fate.doubt`).
  What rests on something unknown is *at most* unknown: a fail outranks it. Other changes of the registry reach no
  earlier anchor.
- Step 10: the status as of the newest commitment in the form; where the trust file knows a later anchor it is *stale*,
  which is said and changes nothing. A status statement speaks for its whole batch.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from notary.core.verdict import Result

VERIFIED, NOT_VERIFIED, NOT_KNOWN = Result.VERIFIED, Result.NOT_VERIFIED, Result.NOT_KNOWN
SUSPENDED, REVOKED, REPLACED = Result.SUSPENDED, Result.REVOKED, Result.REPLACED
MARKED = 165
"""The day from which on the registry marks the Makers' key as compromised."""
NOT_LISTED = "is not in your trust file"
COMPROMISED = "was compromised"
NO_MEMBER = "was no member then"
NOT_WITNESSED = "not witnessed"


@dataclass(frozen=True, slots=True)
class Doubt:
    """Why whoever signed a batch, or its newest statuses, might not: words of the check that fails.

    `since`: day of the first trust file, or of the first anchor in the form, that shows it; 0 where its own does.
    """

    because: str
    since: int = 0


@dataclass(frozen=True, slots=True)
class Fate:
    """From a day on: what has happened to a credential, and what a form made then says."""

    day: int
    says: str
    verdict: Result = VERIFIED
    doubt: Doubt | None = None


@dataclass(frozen=True, slots=True)
class Expected:
    """A verdict, whether its status is said to be stale, and words that one of its reasons must have."""

    verdict: Result
    stale: bool = False
    because: str = ""

    def __str__(self) -> str:
        said = f"{self.verdict.value}, stale" if self.stale else self.verdict.value
        return f"{said} ({self.because})" if self.because else said


Fates: TypeAlias = dict[str, tuple[Fate, ...]]

STOLEN_KEY = Doubt(COMPROMISED, since=MARKED)

FATES: Fates = {
    "Ana Perez": (
        Fate(10, "awarded by Fenwick"),
        Fate(120, "misspelt; the corrected one is final"),
        Fate(121, "replaced by the corrected one", REPLACED),
    ),
    "Ana Pérez": (Fate(120, "awarded in place of the misspelt one"),),
    "Jonas Weber": (
        Fate(10, "awarded by Fenwick"),
        Fate(90, "suspended", SUSPENDED),
        Fate(100, "reinstated"),
    ),
    "Amina El-Sayed": (
        Fate(10, "awarded by Fenwick"),
        Fate(90, "revoked", REVOKED),
    ),
    "Farid Haddad": (Fate(70, "awarded by Fenwick with the key that was then rotated"),),
    "Greta Holm": (Fate(81, "anchored too late for Fenwick's old key: signed anew"),),
    "Ida Lund, by Fenwick": (
        Fate(131, "joint award of Fenwick and Quay"),
        Fate(140, "suspended by Quay: the gravest status counts", SUSPENDED),
        Fate(145, "revoked by Fenwick: the gravest status counts", REVOKED),
    ),
    "Ida Lund, by Quay": (
        Fate(131, "joint award of Quay and Fenwick"),
        Fate(140, "suspended by Quay", SUSPENDED),
        Fate(145, "revoked by Fenwick", REVOKED),
    ),
    "Sofia Rossi": (
        Fate(10, "awarded by the Makers before their key was stolen"),
        Fate(160, "suspended with the stolen key", SUSPENDED, doubt=STOLEN_KEY),
        Fate(175, "reinstated with the new key"),
    ),
    "Pia Brandt": (
        Fate(10, "awarded by the Makers before their key was stolen"),
        Fate(160, "its batch's statuses signed with the stolen key", doubt=STOLEN_KEY),
        Fate(175, "its batch's statuses signed with the new key"),
    ),
    "Tomasz Nowak": (Fate(160, "awarded with the stolen key, and dated back", doubt=STOLEN_KEY),),
    "Tomasz Nowak, again": (Fate(175, "awarded by the Makers with the new key"),),
    "Luis Rivera, wrens": (Fate(10, "self-asserted by Rivera"),),
    "Luis Rivera, larks": (
        Fate(10, "self-asserted by Rivera"),
        Fate(210, "revoked by Rivera: expelled, he may still sign statuses", REVOKED),
    ),
    "Luis Rivera, owls": (
        Fate(215, "awarded after his expulsion, the notary's clock put back", doubt=Doubt(NO_MEMBER)),
    ),
    "Clara Voss": (
        Fate(10, "awarded by Northgate"),
        Fate(260, "revoked by Fenwick, the successor of Northgate", REVOKED),
    ),
    "Dora Klein": (
        Fate(10, "awarded by Northgate"),
        Fate(260, "its issuer closed, with Fenwick as its successor"),
    ),
    "Kofi Mensah": (Fate(245, "awarded by Northgate in its last days"),),
    "Emil Sand": (Fate(40, "awarded by Quay, admitted on day 30"),),
    "Hana Mori": (Fate(172, "awarded by Quay"),),
    "Lena Fox": (Fate(300, "awarded by Quay, on the day of the fork"),),
    "Mira Stone": (Fate(320, "awarded by Fenwick after the fork"),),
}


def fate_of(name: str, made: int) -> Fate:
    """Return what had happened to a credential when a form of its receipt was made."""
    return [fate for fate in FATES[name] if fate.day <= made][-1]


def expected(name: str, *, made: int, trusted: int, notes: bool) -> Expected:
    """Return what a form made on one day must say by a trust file of another; days are those of anchors.

    `notes`: the trust file names the parties whose block notes the form carries.
    """
    fate, known = fate_of(name, made), max(made, trusted) if notes else trusted
    if fate.doubt is not None and known >= fate.doubt.since:
        return Expected(NOT_VERIFIED, because=fate.doubt.because)
    if known < made:
        return Expected(NOT_KNOWN, because=NOT_LISTED)
    return Expected(fate.verdict, stale=trusted > made)
