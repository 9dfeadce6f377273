"""An issuer of tokens for the tests: JWTs, and SD-JWTs as the reference implementation's vectors describe them."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import yaml  # type: ignore[import-untyped]
from cryptography.hazmat.primitives.asymmetric import ed25519

from notary.core.canonical import canonical
from notary.core.digest import sha256
from notary.core.encoding import to_base64url, to_digest_text
from notary.core.keys import PublicKey

PRIVATE = ed25519.Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
KEY = PublicKey.ed25519(PRIVATE.public_key().public_bytes_raw())
ISSUER = f"did:key:{KEY.multibase}"

Sign = Callable[[bytes], bytes]


def encode(value: Any) -> str:
    return to_base64url(canonical(value))


def jwt(payload: Any, header: Any = None, sign: Sign = PRIVATE.sign) -> str:
    """Sign a payload with EdDSA, or as the header says."""
    text = f"{encode({'alg': 'EdDSA', **(header or {})})}.{encode(payload)}"
    return f"{text}.{to_base64url(sign(text.encode()))}"


def digest_of(disclosure: str) -> str:
    return to_digest_text(sha256(disclosure.encode()))


@dataclass(frozen=True)
class Hidden:
    """A name or an array's element under `!sd`: the issuer makes it selectively disclosable."""

    value: Any


class Loader(yaml.SafeLoader):  # type: ignore[misc]
    """YAML with `!sd`."""


def _hidden(loader: Loader, node: yaml.Node) -> Hidden:
    if isinstance(node, yaml.MappingNode):
        return Hidden(loader.construct_mapping(node, deep=True))
    if isinstance(node, yaml.SequenceNode):
        return Hidden(loader.construct_sequence(node, deep=True))
    plain = yaml.ScalarNode(loader.resolve(yaml.ScalarNode, node.value, (True, False)), node.value)
    if getattr(node, "style", None):
        return Hidden(node.value)
    return Hidden(loader.construct_object(plain))


Loader.add_constructor("!sd", _hidden)


@dataclass
class SdIssuer:
    """Turns claims with Hidden parts into a payload and disclosures, remembering what each one hides."""

    salts: Iterator[int] = field(default_factory=count)
    disclosures: dict[tuple[Any, ...], str] = field(default_factory=dict)

    def conceal(self, value: Any, path: tuple[Any, ...] = ()) -> Any:
        if isinstance(value, dict):
            shown: dict[str, Any] = {}
            digests = []
            for name, inner in value.items():
                plain = name.value if isinstance(name, Hidden) else name
                concealed = self.conceal(inner, (*path, plain))
                if isinstance(name, Hidden):
                    digests.append(self.disclosure((*path, plain), [plain, concealed]))
                else:
                    shown[plain] = concealed
            return {**shown, "_sd": sorted(digests)} if digests else shown
        if isinstance(value, list):
            return [self.element(inner, (*path, at)) for at, inner in enumerate(value)]
        return value

    def element(self, value: Any, path: tuple[Any, ...]) -> Any:
        if isinstance(value, Hidden):
            return {"...": self.disclosure(path, [self.conceal(value.value, path)])}
        return self.conceal(value, path)

    def disclosure(self, path: tuple[Any, ...], content: list[Any]) -> str:
        text = encode([f"salt {next(self.salts)}", *content])
        self.disclosures[path] = text
        return digest_of(text)

    def chosen(self, choice: Any, path: tuple[Any, ...] = ()) -> list[str]:
        """Give the disclosures a holder picks: those whose path the choice holds as true or goes through."""
        picked: list[str] = []
        if path in self.disclosures and choice is not False and choice is not None and choice != "None":
            picked.append(self.disclosures[path])
        inner = choice.items() if isinstance(choice, dict) else enumerate(choice) if isinstance(choice, list) else ()
        for name, value in inner:
            picked += self.chosen(value, (*path, name))
        return picked
