"""What can go wrong, by who must act.

Every error says what happened, what was expected, what was found and, where
somebody can do something, what to do next. Messages never hold secrets.
"""

from __future__ import annotations


class NotaryError(Exception):
    """Base of every error this project raises on purpose.

    `what` names the thing and the place ("row 40, issued on"); `expected` and
    `actual` are shown when given; `hint` is the next step, a whole sentence.
    """

    def __init__(
        self,
        what: str,
        *,
        expected: object = None,
        actual: object = None,
        hint: str | None = None,
    ) -> None:
        self.what = what
        self.expected = None if expected is None else str(expected)
        self.actual = None if actual is None else str(actual)
        self.hint = hint
        super().__init__(self.__str__())

    def __str__(self) -> str:
        text = self.what
        if self.expected is not None:
            text += f": expected {self.expected}"
        if self.actual is not None:
            text += f"{',' if self.expected is not None else ':'} found {self.actual}"
        return f"{text}. {self.hint}" if self.hint else text


class Malformed(NotaryError):
    """Bytes or values that are not what their format says: whoever made them must act."""


class Mismatch(NotaryError):
    """A well-formed proof or signature that leads somewhere else: what it covers was changed."""


class Unsupported(NotaryError):
    """A version, type or algorithm that this release does not know: nothing is said about it."""


class IssuerError(NotaryError):
    """The institution must act: what it submitted, signed or asked for cannot be taken."""


class VerifierError(NotaryError):
    """Whoever verifies must act: the trust file or the question is not usable."""


class OperatorError(NotaryError):
    """Whoever runs the notary must act: a part is missing, misconfigured or unreachable."""


class Pending(NotaryError):
    """Nobody must act: the chain has to go on before there is an answer."""
