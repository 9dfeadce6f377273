"""`notary serve`: the pages and the API, and anchoring on an interval."""

from __future__ import annotations

import click

from api.cli.spoken import Said, command
from api.settings import Settings


@command("serve", example="NOTARY_LISTEN=127.0.0.1:8000 notary serve")
def serve(settings: Settings) -> Said:
    """Serve the pages and the API until stopped; what is signed is anchored on an interval."""
    from api.http.app import serve as run
    from api.http.logs import log_as_json

    log_as_json()
    run(settings, lambda line: click.echo(line, err=True))
    return Said(["Stopped; everything is kept."], {"stopped": True}, "notary serve")
