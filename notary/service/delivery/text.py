"""What learners are written: an institution's own text or ours, filled in. Format: docs/delivery.md.

Only the names below are filled in, once; what they are filled with is never read
as a template again.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from notary.core.digest import Digest, sha256
from notary.core.encoding import shorten
from notary.core.errors import IssuerError
from notary.ports.mailer import MAX_SUBJECT

MAX_TEMPLATE = 16 << 10
FIELDS = {
    "learner": "the learner's name, or nothing",
    "title": "what the credential is called, or how many there are",
    "institution": "who issued it",
    "consortium": "who runs this notary",
    "credentials": "each credential with its private link",
}
"""What a text may name between braces, and what stands there then."""
_FIELD = re.compile(r"\{([^{}\n]{0,40})\}")
_HINT = "See docs/delivery.md for an example"


@dataclass(frozen=True, slots=True)
class Template:
    """A mail's subject and text, with fields."""

    subject: str
    text: str

    @classmethod
    def parse(cls, data: bytes, name: str) -> Template:
        """Read UTF-8 text: a line `Subject: …`, an empty line, the text. IssuerError says what is wrong."""
        if len(data) > MAX_TEMPLATE:
            raise IssuerError(f"{name} is too long", expected=f"at most {MAX_TEMPLATE} bytes", actual=len(data))
        try:
            text = data.decode("utf-8-sig").replace("\r\n", "\n")
        except UnicodeDecodeError as error:
            raise IssuerError(f"{name} is no UTF-8 text", hint="Save it as plain text, UTF-8") from error
        head, _, body = text.partition("\n")
        if not head.startswith("Subject: ") or not body.startswith("\n"):
            raise IssuerError(
                f"{name}: its beginning", expected="a line `Subject: …`, then an empty one", actual=shorten(head)
            )
        found = cls(head.removeprefix("Subject: ").strip(), body.strip() + "\n")
        found.check(name)
        return found

    def check(self, name: str) -> None:
        """Raise IssuerError for a field nobody knows, and where the links are missing."""
        for field in _FIELD.findall(self.subject + self.text):
            if field not in FIELDS:
                raise IssuerError(
                    f"{name}: a field nobody knows", expected=", ".join(FIELDS), actual=shorten(field), hint=_HINT
                )
        if "{credentials}" not in self.text:
            raise IssuerError(f"{name} has no links", expected="{credentials} in its text", hint=_HINT)
        if "{credentials}" in self.subject:
            raise IssuerError(f"{name}: a private link is no subject", hint="Take {credentials} out of the first line")

    def __str__(self) -> str:
        return f"Subject: {self.subject}\n\n{self.text}"

    def digest(self) -> Digest:
        """Return what names it in the ledger."""
        return sha256(str(self).encode())

    def fill(self, values: Mapping[str, str]) -> tuple[str, str]:
        """Return subject and text; the subject as one line of at most 200 characters."""
        return one_line(_filled(self.subject, values)), _filled(self.text, values)


AWARD = Template(
    "Your credential from {institution}: {title}",
    """\
Hello {learner}

{institution} has issued to you:

{credentials}

The link is yours alone: it opens your credential, its receipt and the ways to
share it. Keep it, and do not pass it on; on the page you can make links for
others. Where the page says "pending", the public record is still on its way,
and the same link shows it once it is there.

Lost it? Ask for another at {lost}

{institution}, by the notary of {consortium}
""",
)
LOST = Template(
    "Your links at {consortium}",
    """\
Hello {learner}

Somebody, most likely you, asked for new links to the credentials that this
address is noted for. Here they are:

{credentials}

Links you were given before still work. If it was not you, nothing has to be
done: only this address was written to.

The notary of {consortium}
""",
)
"""Ours. They may name {lost} too, which an institution's own text has no need to."""


def listed(credentials: Sequence[tuple[str, str]]) -> str:
    """Return credentials with their links, as a mail shows them."""
    return "\n\n".join(f"  {one_line(title)}\n  {link}" for title, link in credentials)


def one_line(text: str) -> str:
    """Return a text of others as one line of at most 200 characters, without what ends or hides in a header."""
    shown = "".join(" " if unicodedata.category(one) in _BREAKS else one for one in text)
    shown = " ".join(shown.split())
    return shown if len(shown) <= MAX_SUBJECT else f"{shown[: MAX_SUBJECT - 1]}…"


_BREAKS = frozenset({"Cc", "Cs", "Zl", "Zp"})


def _filled(text: str, values: Mapping[str, str]) -> str:
    return _FIELD.sub(lambda found: values.get(found[1], found[0]), text)
