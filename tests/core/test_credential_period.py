import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notary.core.credential import Credential, read
from notary.core.finding import Finding
from notary.core.leaf import Form
from notary.core.period import EXPIRED, NOT_YET, end_of, period
from tests.core.jose_tools import digest_of, encode, jwt

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
BEFORE, AFTER = "2026-11-22T13:59:59+02:00", "2026-11-22T12:00:01Z"


def as_json(claims: Any) -> Credential:
    return read(json.dumps({"issuer": "a", **claims}).encode(), "file")


def as_jwt(claims: Any) -> Credential:
    return read(jwt(claims).encode(), "file")


@pytest.mark.parametrize("name", ["validFrom", "issuanceDate"])
def test_a_credential_is_not_valid_before_its_beginning(name: str) -> None:
    """Each name of a beginning counts, with its offset."""
    assert period(as_json({name: BEFORE}), NOW).state == "pass"
    found = period(as_json({name: AFTER}), NOW)
    assert found == Finding("fail", NOT_YET, f"from {AFTER} ({name})", "2026-11-22T12:00:00Z")


@pytest.mark.parametrize("name", ["validUntil", "expirationDate", "expires"])
def test_a_credential_is_expired_after_its_end(name: str) -> None:
    """Each name of an end counts, with its offset."""
    assert period(as_json({name: AFTER}), NOW).state == "pass"
    found = period(as_json({name: BEFORE}), NOW)
    assert found == Finding("fail", EXPIRED, f"before 2026-11-22T11:59:59Z ({name})", "2026-11-22T12:00:00Z")


def test_a_tokens_times_count_too() -> None:
    """A token's nbf and exp, whole or not, beside or around the credential, hold together with its own bounds."""
    second = int(NOW.timestamp())
    assert period(as_jwt({"nbf": second, "exp": second + 0.5}), NOW).state == "pass"
    assert period(as_jwt({"nbf": second + 1}), NOW).message == NOT_YET
    assert period(as_jwt({"exp": second}), NOW).message == EXPIRED
    assert period(as_jwt({"exp": second + 9, "vc": {"expirationDate": BEFORE}}), NOW).message == EXPIRED
    assert period(as_jwt({"exp": second - 9, "vc": {"validUntil": AFTER}}), NOW).message == EXPIRED


def test_an_embedded_proofs_own_end_counts() -> None:
    """A Data Integrity proof that expired no longer vouches for the credential."""
    assert period(as_json({"proof": {"expires": AFTER}}), NOW).state == "pass"
    assert period(as_json({"proof": [{}, "x", {"expires": BEFORE}]}), NOW).message == EXPIRED


@given(
    st.datetimes(timezones=st.just(UTC)).filter(lambda moment: 1900 < moment.year < 2200),
    st.integers(-840, 840),
    st.sampled_from("Tt"),
)
def test_a_begin_is_within_and_an_end_is_not(moment: datetime, minutes: int, letter: str) -> None:
    """At the very moment, in any offset, a beginning has come and an end has passed."""
    sign = "-" if minutes < 0 else "+"
    local = (moment + timedelta(minutes=minutes)).strftime(f"%Y-%m-%d{letter}%H:%M:%S.%f")
    text = f"{local}{sign}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}"
    tick = timedelta(microseconds=1)
    assert period(as_json({"validFrom": text}), moment).state == "pass"
    assert period(as_json({"validFrom": text}), moment - tick).message == NOT_YET
    assert period(as_json({"validUntil": text}), moment).message == EXPIRED
    assert period(as_json({"validUntil": text}), moment - tick).state == "pass"


@pytest.mark.parametrize(
    "value",
    [
        "Sat 25 Feb 2023 07:16:31 PM CST",
        "2026-01-01",
        "2026-01-01T00:00:00",
        "2026-02-30T00:00:00Z",
        "2026-W01-1T00:00:00Z",
        "20260101T000000Z",
        "12026-01-01T00:00:00Z",
        "２026-01-01T00:00:00Z",
        "",
        [],
        {},
        True,
        2**53 - 1,
    ],
)
def test_a_bound_that_cannot_be_read_is_unknown(value: Any) -> None:
    """Other spellings, missing offsets and impossible days are unknown, never guessed, unless another bound decides."""
    found = period(as_json({"validUntil": value}), NOW)
    assert (found.state, found.message) == ("unknown", "validUntil cannot be read")
    assert period(as_json({"validFrom": value}), NOW).state == "unknown"
    assert period(as_json({"validFrom": value, "validUntil": BEFORE}), NOW).message == EXPIRED
    assert period(as_json({"validFrom": AFTER, "validUntil": value}), NOW).message == NOT_YET


def test_without_bounds_nothing_ends() -> None:
    """A credential that sets no period is in it; null is no bound."""
    assert period(as_json({}), NOW) == Finding("pass", "its issuer set no validity period")
    assert period(as_json({"validUntil": None}), NOW).state == "pass"


def test_a_file_has_no_period() -> None:
    """Of a file, nothing is known."""
    assert period(read(b"%PDF", "file", Form.FILE), NOW).state == "unknown"


def test_a_disclosed_end_counts_and_a_forged_one_leaves_it_unknown() -> None:
    """An end the holder discloses ends the credential; with a foreign disclosure nothing is said here."""
    end = encode(["salt", "validUntil", BEFORE])
    token = jwt({"iss": "a", "_sd": [digest_of(end)]})
    assert period(read(f"{token}~".encode(), "file"), NOW).state == "pass"
    assert period(read(f"{token}~{end}~".encode(), "file"), NOW).message == EXPIRED
    assert period(read(f"{token}~{encode(['salt', 'x', 1])}~".encode(), "file"), NOW).state == "unknown"


def test_the_earliest_end_is_the_end() -> None:
    """Of several the first; one that cannot be read is none."""
    ends: Any = {"issuer": "a", "validUntil": "2030-01-01T00:00:00Z", "proof": {"expires": "2029-01-01T00:00:00Z"}}
    assert end_of([ends]) == datetime(2029, 1, 1, tzinfo=UTC)
    assert end_of([{"issuer": "a", "validUntil": "soon"}]) is None


@pytest.mark.parametrize(
    "name, message",
    [
        ("cases/validator-ob30/simple-err-expired.json", EXPIRED),
        ("cases/validator-ob20/basic-assertion-expired.json", EXPIRED),
        ("cases/dcc/v1/bothSignatureTypes/didKey/oidf-revokedStatus-expired.json", EXPIRED),
        ("cases/blockcerts/v3/mocknet-vc-v2-validUntil-expired.json", EXPIRED),
        ("cases/vcdm2/credential-validfrom-far-future-ok.json", NOT_YET),
        ("cases/vcdm2/credential-validfrom-invalid-fail.json", "validFrom cannot be read"),
        ("cases/validator-ob30/simple.json", "within its validity period"),
        ("cases/validator-ob20/basic-assertion.json", "its issuer set no validity period"),
    ],
)
def test_public_cases_say_when_they_are_valid(standards: Path, name: str, message: str) -> None:
    """Cases that their suites call expired, future, unreadable or valid are just that."""
    assert period(read((standards / name).read_bytes(), name), NOW).message == message
