"""`notary init`: a data folder with keys and parts, and a consortium founded on every chain, or joined."""

from __future__ import annotations

import getpass
import secrets
from dataclasses import replace
from pathlib import Path

import click

from api.cli.spoken import Said, command, shown
from api.settings import EMBEDDED, ChainSetting, Settings, beside_embedded, shown_address
from notary.core.registry import MemberRecord
from notary.core.shape import read_origin


@command("init", example='notary init --name "Harbour Consortium" --origin notary.harbour.example/log')
@click.option("--name", help="The consortium's name, as every verdict says it.")
@click.option("--origin", help="Name of the log, nobody else's: a host name and a path. Drawn where it is left out.")
@click.option("--chain", multiple=True, metavar="URL", help="A node of a chain to anchor on; several for several.")
@click.option(
    "--ipfs",
    multiple=True,
    metavar="URL",
    help="RPC address of a Kubo node that has a copy of every block; several for several.",
)
@click.option(
    "--member",
    "applications",
    multiple=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A first member's application. Without any, an institution is made whose key lies in the data folder.",
)
@click.option("--registry", metavar="ADDRESS", help="Join the consortium of this registry contract instead.")
@click.option("--yes", is_flag=True, help="The fingerprints of the applications were read out and are right.")
def init(
    settings: Settings,
    name: str | None,
    origin: str | None,
    chain: tuple[str, ...],
    ipfs: tuple[str, ...],
    applications: tuple[Path, ...],
    registry: str | None,
    *,
    yes: bool,
) -> Said:
    """Found a notary in a data folder, or join a consortium that is there already.

    Everything is embedded unless --chain names a node; blocks lie in the data folder, and on nodes that --ipfs names.
    """
    if registry and (applications or len(chain) != 1):
        raise click.UsageError("--registry goes with one --chain, and with no --member")
    settings = replace(
        settings,
        name=name or settings.name,
        origin=read_origin(origin or settings.origin or f"notary-{secrets.token_hex(6)}/log", "--origin"),
        ipfs=beside_embedded(*ipfs) if ipfs else settings.ipfs,
        chains=tuple(ChainSetting(url) for url in chain) or settings.chains or (ChainSetting(EMBEDDED),),
    )
    if registry:
        return _join(settings, registry)
    from api.founding import found_notary

    settings = found_notary(settings, _first_members(settings, name, applications, yes=yes))
    return _said(settings, f"Founded {settings.name}", "notary submit FILE")


def _first_members(
    settings: Settings, name: str | None, applications: tuple[Path, ...], *, yes: bool
) -> list[MemberRecord]:
    if not applications:
        from api.own_institution import make_own_institution

        return [make_own_institution(settings.data, name or getpass.getuser())]
    from api.cli.applications import read_application, show_application

    found = [read_application(path) for path in applications]
    for application in found:
        click.echo("\n".join(show_application(application)), err=True)
    if not yes:
        click.confirm("Were these fingerprints read out to you by the institutions?", abort=True, err=True)
    return [application.admitted for application in found]


def _join(settings: Settings, address: str) -> Said:
    from api.founding import join_notary

    settings, missing = join_notary(settings, address)
    said = _said(settings, f"Joined the consortium of registry {address}", "notary submit FILE")
    if not missing:
        return said
    lines = [
        *said.lines,
        "Its members have not named this notary yet: nothing it anchors would verify.",
        *(
            f"  Ask them to add it: notary consortium propose --add-notary {account}={settings.origin}"
            for account in missing
        ),
    ]
    return Said(lines, {**said.data, "unnamed": list(missing)}, "notary member list")


def _said(settings: Settings, what: str, next_command: str) -> Said:
    return Said(
        [
            f"{what} in {shown(settings.data)}; its log is {settings.origin}.",
            *(f"  Registry {chain.registry} on {chain.node}" for chain in settings.chains),
            f"  Keep a copy of {shown(settings.data / 'keys')}: without these keys this notary cannot go on.",
        ],
        {
            "data": str(settings.data),
            "name": settings.name,
            "origin": settings.origin,
            "chains": [{"node": chain.node, "registry": chain.registry} for chain in settings.chains],
            "ipfs": [shown_address(node) for node in settings.ipfs],
        },
        next_command,
    )
