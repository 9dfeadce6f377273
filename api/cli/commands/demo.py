"""`notary demo`: the whole chain with three invented institutions, told as it happens."""

from __future__ import annotations

from itertools import chain, count
from pathlib import Path

import click

from api.cli.spoken import Said, command, shown
from api.settings import EMBEDDED


@command("demo", example="notary demo --out demo", data=False)
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    help="An empty folder for everything. Else demo, demo-2, …",
)
@click.option("--chain", "node", metavar="URL", default=EMBEDDED, help="A node of a chain. Else an embedded one.")
@click.option("--ipfs", metavar="URL", default=EMBEDDED, help="RPC address of a Kubo node. Else an embedded store.")
@click.option(
    "--credentials",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="A folder of your own credentials, to take along.",
)
@click.option("--issuer-id", metavar="ID", help="Who issued them: it becomes an id of the first institution.")
@click.option("--lose-everything", is_flag=True, help="Then delete the notary, recover it, and let it go on.")
@click.option("--registrar", is_flag=True, help="Another story: a registrar's day, from a spreadsheet to 298 learners.")
def demo(
    out: Path | None,
    node: str,
    ipfs: str,
    credentials: Path | None,
    issuer_id: str | None,
    *,
    lose_everything: bool,
    registrar: bool,
) -> Said:
    """Play it all through: three institutions, real credentials, two anchors, and everything switched off.

    On a development chain (anvil, geth --dev) it takes its coins from an account of the node's.
    """
    from api.demo.story import Wishes, run

    if credentials and not issuer_id:
        raise click.UsageError("--credentials needs --issuer-id: the issuer that your credentials name")
    if registrar:
        if credentials or lose_everything:
            raise click.UsageError("--registrar is a story of its own: without --credentials and --lose-everything")
        from api.demo.registrar.day import live

        return Said([], live(out or _free_folder(), node, ipfs, click.echo).to_json())
    wishes = Wishes(out or _free_folder(), node, ipfs, credentials, issuer_id)
    if lose_everything:
        from api.demo.loss import lose_everything as lose

        return Said([], lose(wishes, click.echo).to_json())
    done = run(wishes, click.echo)
    return Said([], done.to_json(), f"notary verify {shown(done.receipts[-1])} --trust {shown(done.trust)} --explain")


def _free_folder() -> Path:
    names = chain(["demo"], (f"demo-{number}" for number in count(2)))
    return next(folder for folder in map(Path, names) if not folder.exists() or not any(folder.iterdir()))
