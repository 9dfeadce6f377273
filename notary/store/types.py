"""Column types: values of the domain in, the same values out, in both databases."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from enum import Enum
from typing import Any, Generic, TypeVar

from sqlalchemy import Dialect, LargeBinary, SmallInteger, String, Text
from sqlalchemy.dialects.postgresql import TIMESTAMP
from sqlalchemy.types import TypeDecorator, TypeEngine

from notary.core.cid import Cid
from notary.core.digest import SIZE, Digest
from notary.core.encoding import from_digest_text, to_digest_text

Choice = TypeVar("Choice", bound=Enum)


class DigestBytes(TypeDecorator[Digest]):
    """32 bytes, as they are. The drivers take and give bytes, so nothing stands between."""

    impl = LargeBinary(SIZE)
    cache_ok = True

    def bind_processor(self, dialect: Dialect) -> None:  # noqa: ARG002
        return None

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], Any]:  # noqa: ARG002
        return _to_digest


class CidBytes(TypeDecorator[Cid]):
    """A CID in its 36 bytes."""

    impl = LargeBinary(36)
    cache_ok = True

    def process_bind_param(self, value: Cid | None, dialect: Dialect) -> bytes | None:  # noqa: ARG002
        return None if value is None else bytes(value)

    def process_result_value(self, value: bytes | None, dialect: Dialect) -> Cid | None:  # noqa: ARG002
        return None if value is None else Cid.from_bytes(bytes(value), "pin")


class UtcTime(TypeDecorator[datetime]):
    """An aware time, kept in UTC: `timestamptz`, or ISO 8601 text of one length, which sorts as it should."""

    impl = String(32)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(TIMESTAMP(timezone=True) if dialect.name == "postgresql" else String(32))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without a zone cannot be kept")
        moment = value.astimezone(UTC)
        return moment if dialect.name == "postgresql" else moment.isoformat(timespec="microseconds")

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        moment = value if dialect.name == "postgresql" else datetime.fromisoformat(value)
        return moment if moment.tzinfo is UTC else moment.astimezone(UTC)


class OneOf(TypeDecorator[Choice], Generic[Choice]):
    """A member of an enumeration, kept as its value: text, or a small number."""

    impl: Any = Text
    cache_ok = True

    def __init__(self, choices: type[Choice]) -> None:
        super().__init__()
        self.choices = choices
        if all(isinstance(choice.value, int) for choice in choices):
            self.impl = SmallInteger()

    def process_bind_param(self, value: Choice | None, dialect: Dialect) -> Any:  # noqa: ARG002
        return None if value is None else value.value

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], Any]:  # noqa: ARG002
        return {choice.value: choice for choice in self.choices}.__getitem__


class Texts(TypeDecorator[tuple[str, ...]]):
    """Some strings in their order, as a JSON array."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: tuple[str, ...] | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        return None if value is None else json.dumps(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> tuple[str, ...] | None:  # noqa: ARG002
        return None if value is None else tuple(json.loads(value))


class Digests(TypeDecorator[tuple[Digest, ...]]):
    """Some digests in their order, as a JSON array of base64url."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: tuple[Digest, ...] | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        return None if value is None else json.dumps([to_digest_text(digest) for digest in value])

    def process_result_value(self, value: str | None, dialect: Dialect) -> tuple[Digest, ...] | None:  # noqa: ARG002
        return None if value is None else tuple(from_digest_text(text, "ledger") for text in json.loads(value))


class Amounts(TypeDecorator[Mapping[str, int]]):
    """Whole numbers of any size by name, as a JSON object."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Mapping[str, int] | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        return None if value is None else json.dumps(dict(value))

    def process_result_value(self, value: str | None, dialect: Dialect) -> Mapping[str, int] | None:  # noqa: ARG002
        return None if value is None else dict(json.loads(value))


def _to_digest(value: bytes | None) -> Digest | None:
    return None if value is None else Digest(value)
