from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]
from hypothesis import given
from hypothesis import strategies as st

from notary.core.disclosure import disclose
from notary.core.encoding import to_base64url
from notary.core.errors import Malformed, Mismatch, NotaryError, Unsupported
from tests.core.jose_tools import Hidden, Loader, SdIssuer, digest_of, encode

NAMES = [
    "array_data_types",
    "array_full_sd",
    "array_in_sd",
    "array_nested_in_plain",
    "array_none_disclosed",
    "array_of_nulls",
    "array_of_objects",
    "array_of_scalars",
    "array_recursive_sd",
    "array_recursive_sd_some_disclosed",
    "header_mod",
    "json_serialization_flattened",
    "json_serialization_general",
    "key_binding",
    "no_sd",
    "object_data_types",
    "recursions",
]


def hidden(name: str, value: Any = 1) -> str:
    return encode(["salt", name, value])


def element(value: Any) -> str:
    return encode(["salt", value])


@pytest.mark.parametrize("name", NAMES)
def test_what_a_holder_chose_is_what_is_shown(standards: Path, name: str) -> None:
    """For every case of the SD-JWT reference implementation, the claims uncovered are the ones it expects."""
    text = (standards / "vectors/sd-jwt" / name / "specification.yml").read_text()
    case = yaml.load(text, Loader)
    issuer = SdIssuer()
    payload = {**issuer.conceal(case["user_claims"]), "_sd_alg": "sha-256"}
    chosen = issuer.chosen(case["holder_disclosed_claims"])
    assert disclose(payload, tuple(chosen)) == case["expect_verified_user_claims"]
    everything = disclose(payload, tuple(issuer.disclosures.values()))
    assert everything == plain(case["user_claims"])


def plain(value: Any) -> Any:
    """Return claims with nothing hidden."""
    if isinstance(value, Hidden):
        return plain(value.value)
    if isinstance(value, dict):
        return {plain(name): plain(inner) for name, inner in value.items()}
    return [plain(inner) for inner in value] if isinstance(value, list) else value


@given(st.sets(st.integers(0, 5)), st.integers(0, 7))
def test_any_choice_is_shown_and_nothing_else(chosen: set[int], decoys: int) -> None:
    """Whatever subset a holder shows, exactly those claims appear, whatever decoys stand beside them."""
    texts = [hidden(f"claim {at}", at) for at in range(6)]
    payload: dict[str, Any] = {
        "_sd": [digest_of(text) for text in texts] + [digest_of(f"decoy {at}") for at in range(decoys)]
    }
    shown = disclose(payload, tuple(texts[at] for at in chosen))
    assert shown == {f"claim {at}": at for at in chosen}


def test_a_forged_disclosure_is_named() -> None:
    """A disclosure that neither payload nor another matched disclosure holds is a mismatch that names its claim."""
    true = hidden("degree", "BSc")
    with pytest.raises(Mismatch, match="'grade'"):
        disclose({"_sd": [digest_of(true)]}, (true, hidden("grade", "A")))
    with pytest.raises(Mismatch, match="'won'"):
        disclose({"prizes": []}, (element("won"),))


def test_a_disclosure_within_a_hidden_one_is_forged_too() -> None:
    """An inner disclosure without the outer that holds its digest proves nothing."""
    inner = hidden("street", "Main St")
    outer = hidden("address", {"_sd": [digest_of(inner)]})
    payload: dict[str, Any] = {"_sd": [digest_of(outer)]}
    assert disclose(payload, (inner, outer)) == {"address": {"street": "Main St"}}
    with pytest.raises(Mismatch, match="'street'"):
        disclose(payload, (inner,))


TRUE = hidden("name")
DIGEST = digest_of(TRUE)


@pytest.mark.parametrize(
    "payload, disclosures, error",
    [
        ({"_sd": [DIGEST, DIGEST]}, (), Malformed),
        ({"a": {"_sd": [DIGEST]}, "b": [{"...": DIGEST}]}, (), Malformed),
        ({"_sd": [DIGEST]}, (TRUE, TRUE), Malformed),
        ({"_sd": DIGEST}, (), Malformed),
        ({"_sd": [7]}, (), Malformed),
        ({"a": [{"...": None}]}, (), Malformed),
        ({"_sd": [DIGEST], "name": 2}, (TRUE,), Malformed),
        ({"a": [{"...": DIGEST}]}, (TRUE,), Malformed),
        ({"_sd": [digest_of(element(1))]}, (element(1),), Malformed),
        ({"_sd_alg": "sha-512"}, (), Unsupported),
        ({"_sd_alg": None}, (), Unsupported),
        ({}, ("",), Malformed),
        ({}, ("é",), Malformed),
        ({}, (to_base64url(b"{}"),), Malformed),
        ({}, (encode(["salt"]),), Malformed),
        ({}, (encode([1, "name", 1]),), Malformed),
        ({}, (encode(["salt", 1, 1]),), Malformed),
        ({}, (encode(["salt", "_sd", []]),), Malformed),
        ({}, (encode(["salt", "...", ""]),), Malformed),
    ],
)
def test_what_is_no_disclosure_is_refused(
    payload: dict[str, Any], disclosures: tuple[str, ...], error: type[NotaryError]
) -> None:
    """Digests that stand twice, claims that stand already, other shapes and other hashes are refused."""
    with pytest.raises(error):
        disclose(payload, disclosures)


def test_disclosures_nested_in_disclosures_are_bounded() -> None:
    """A chain of disclosures deeper than any credential may be is refused, not followed."""
    texts = [hidden("deepest")]
    for at in range(40):
        texts.append(hidden(f"level {at}", {"_sd": [digest_of(texts[-1])]}))
    with pytest.raises(Malformed, match="too deep"):
        disclose({"_sd": [digest_of(texts[-1])]}, tuple(texts))


def test_a_payload_of_the_greatest_depth_is_shown() -> None:
    """What the parser admits, 32 levels, is not refused afterwards."""
    value: Any = 1
    for _ in range(32):
        value = {"a": value}
    assert disclose(value, ()) == value
