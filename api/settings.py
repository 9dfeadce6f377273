"""What an operator can set: environment first, then `notary.toml` in the data folder, then the default.

Read once into a frozen value; nothing happens at import. Every setting is
described here and in docs/settings.md, which a test holds to this file.
"""

from __future__ import annotations

import json
import os
import tomllib
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields
from pathlib import Path
from typing import Any, cast

from notary.core.encoding import shorten
from notary.core.errors import OperatorError

FILE = "notary.toml"
EMBEDDED = "embedded"
PREFIX = "NOTARY_"


def _setting(description: str, default: object = MISSING) -> Any:
    return field(metadata={"description": description}, default=default)


@dataclass(frozen=True, slots=True)
class ChainSetting:
    """One chain: where its node is (`embedded`, or a URL); once founded the consortium's registry there.

    `id`: the chain's CAIP-2 id when it was founded; a node that answers for another chain is not used.
    """

    node: str
    registry: str | None = None
    id: str | None = None


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that can be set. Each is `NOTARY_<NAME>` in the environment, `<name>` in notary.toml."""

    data: Path = _setting("Folder that holds ledger, keys and the embedded parts.")  # noqa: RUF009  # a field
    name: str = _setting("The consortium's name, as verdicts say it.", "My consortium")
    origin: str = _setting("Origin of the log: a name that is nobody else's, like notary.example/log.", "")
    public_url: str = _setting("Address under which learners reach the pages.", "http://127.0.0.1:8000")
    database: str = _setting("Ledger: `embedded` (SQLite in the data folder) or a postgresql:// URL.", EMBEDDED)
    ipfs: tuple[str, ...] = _setting(
        "Block stores, the first asked first: `embedded` (in the data folder), RPC addresses of Kubo nodes.",
        (EMBEDDED,),
    )
    ipfs_least: int = _setting("How many of them have to hold everything before it is anchored.", 1)
    listen: str = _setting("Host and port that `notary serve` listens on.", "127.0.0.1:8000")
    anchor_every: int = _setting("Seconds between two rounds of anchoring; one transaction carries what is logged.", 60)
    anchor_max_wait: int = _setting(
        "Seconds that a signed batch waits at most while its round costs more than `max_fee_per_credential`.", 21600
    )
    max_fee_per_credential: int = _setting(
        "Most wei a credential's share of a round may cost; a dearer one waits for more credentials or lower fees."
        " 0 for no limit.",
        0,
    )
    fee_cap: int = _setting("Most wei a unit of gas may cost; 0 for no limit.", 0)
    patience: int = _setting(
        "Seconds after which a transaction without a block is stuck; 0 for ten times the chain's typical wait.", 0
    )
    signer: str = _setting("JSON-RPC address of an external signer like clef; none: the data folder's own key.", "")
    signer_account: str = _setting("Account that the external signer signs with, 0x and hex.", "")
    witnesses: str = _setting("Witnesses that cosign what is anchored: address and vkey of each, by spaces.", "")
    signing_hooks: str = _setting(
        "Institutions' own signing services, asked where no key is kept: DID, address, public key of each, by spaces.",
        "",
    )
    smtp: str = _setting(
        "Mail server for learners' links: smtp://user@host:587 or smtps://user@host; none: nobody is mailed.", ""
    )
    mail_from: str = _setting("Whom the mails are from, like Registrar <registrar@college.example>.", "")
    chains: tuple[ChainSetting, ...] = _setting("Chains to anchor on; in notary.toml as [[chains]] tables.", ())

    @classmethod
    def load(cls, data: Path | None = None, environment: Mapping[str, str] = os.environ) -> Settings:
        """Read the settings of a data folder; OperatorError names the file and the setting that is off."""
        folder = data or data_folder(environment)
        file = folder / FILE
        values = _read(file)
        for name in (setting.name for setting in fields(cls)):
            text = environment.get(f"{PREFIX}{name.upper()}")
            if text is not None and name not in ("data", "chains"):
                values[name] = _convert(name, text)
        if "ipfs" in values:
            values["ipfs"] = _addresses(values["ipfs"])
        values["data"] = folder
        values["chains"] = tuple(_chain(table, file) for table in values.get("chains", ()))
        return cls(**values)

    @property
    def founded(self) -> bool:
        """Whether a consortium is founded on every chain."""
        return bool(self.chains) and all(chain.registry for chain in self.chains)

    def save(self) -> None:
        """Write notary.toml: what differs from the defaults, for its owner only."""
        lines = [f"{name} = {_toml(value)}" for name, value in self._chosen().items()]
        for chain in self.chains:
            lines += ["", "[[chains]]", f"node = {_toml(chain.node)}"]
            lines += [f"registry = {_toml(chain.registry)}"] if chain.registry else []
            lines += [f"id = {_toml(chain.id)}"] if chain.id else []
        path = self.data / FILE
        temporary = path.with_suffix(".new")
        temporary.touch(mode=0o600)
        temporary.write_text("\n".join(lines) + "\n")
        temporary.replace(path)

    def _chosen(self) -> dict[str, object]:
        plain = [setting for setting in fields(self) if setting.name not in ("data", "chains")]
        values = {setting.name: getattr(self, setting.name) for setting in plain}
        return {setting.name: values[setting.name] for setting in plain if values[setting.name] != setting.default}


def data_folder(environment: Mapping[str, str] = os.environ) -> Path:
    """Return the data folder: NOTARY_DATA, else one in the user's own data home (XDG)."""
    chosen, home = environment.get(f"{PREFIX}DATA"), environment.get("XDG_DATA_HOME")
    if chosen:
        return Path(chosen)
    return (Path(home) if home else Path.home() / ".local" / "share") / "credential-notary"


def _read(file: Path) -> dict[str, Any]:
    if not file.exists():
        return {}
    try:
        values = tomllib.loads(file.read_text())
    except (OSError, ValueError) as error:
        raise OperatorError(f"{file} cannot be read", actual=error) from error
    known = {setting.name: setting for setting in fields(Settings)}
    for name, value in values.items():
        if name not in known or name == "data":
            raise OperatorError(f"{file}, {shorten(name)}: no such setting", expected=", ".join(known))
        wanted = {"chains": (list,), "ipfs": (list, str)}.get(name, (type(known[name].default),))
        if type(value) not in wanted:
            expected = " or ".join(kind.__name__ for kind in wanted)
            raise OperatorError(f"{file}, {name}", expected=expected, actual=shorten(value))
    return values


def _convert(name: str, text: str) -> object:
    default = next(setting.default for setting in fields(Settings) if setting.name == name)
    if not isinstance(default, int):
        return text
    try:
        return int(text)
    except ValueError as error:
        raise OperatorError(f"{PREFIX}{name.upper()}", expected="a whole number", actual=shorten(text)) from error


def beside_embedded(*nodes: str) -> tuple[str, ...]:
    """Return the block stores of a notary that keeps everything in its data folder first, then on these nodes."""
    return tuple(dict.fromkeys((EMBEDDED, *nodes)))


def shown_address(node: str) -> str:
    """Return a node's address without user and password."""
    scheme, slashes, rest = node.partition("://")
    return scheme + slashes + rest.rpartition("@")[2]


def _addresses(value: object) -> tuple[str, ...]:
    """Read one address or several; in a text they stand apart by spaces."""
    found = value.split() if isinstance(value, str) else value
    if not isinstance(found, list) or not found or not all(isinstance(each, str) and each for each in found):
        raise OperatorError("the setting ipfs", expected="`embedded`, addresses of Kubo nodes, or both")
    return tuple(found)


def _chain(table: object, file: Path) -> ChainSetting:
    if (
        not isinstance(table, dict)
        or not table.keys() <= {"node", "registry", "id"}
        or not isinstance(table.get("node"), str)
    ):
        raise OperatorError(f"{file}, chains", expected="tables with node and registry")
    return ChainSetting(**cast("dict[str, str]", table))


def _toml(value: object) -> str:
    if isinstance(value, int):
        return str(value)
    if isinstance(value, tuple):
        return f"[{', '.join(map(_toml, value))}]"
    # A JSON string is a TOML string, but for DEL, which TOML wants escaped too.
    return json.dumps(str(value), ensure_ascii=False).replace("\x7f", "\\u007f")
