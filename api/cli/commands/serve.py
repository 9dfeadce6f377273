"""`notary serve`: the pages and the API, and a worker inside unless it runs elsewhere."""

from __future__ import annotations

import click

from api.cli.spoken import Said, command
from api.settings import Settings


@command("serve", example="NOTARY_LISTEN=127.0.0.1:8000 notary serve")
@click.option("--no-worker", is_flag=True, help="Only serve: notary worker runs in other processes.")
def serve(settings: Settings, *, no_worker: bool) -> Said:
    """Serve the pages and the API until stopped; what is signed is anchored in rounds."""
    from api.http.app import serve as run
    from api.http.logs import log_as_json

    log_as_json()
    run(settings, lambda line: click.echo(line, err=True), working=not no_worker)
    return Said(["Stopped; everything is kept."], {"stopped": True}, "notary serve")
