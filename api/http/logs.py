"""The service's log: one JSON object a line, on standard error, without a person's data or a secret.

Of our own loggers the message is kept, for its words are ours. Of a library's only
the template is: its arguments may hold an address with a key in it. Of an exception
nobody foresaw, type and places are kept and its words are not: they may quote a
credential.
"""

from __future__ import annotations

import json
import logging
import sys
import time
import traceback
from pathlib import PurePath

_OWN = ("api", "notary", "anchoring")
_PLACES = 12
"""Frames kept of a traceback, the innermost."""


class JsonLines(logging.Formatter):
    """Formats a record as one line; `extra={"fields": {…}}` adds members."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        own = record.name.partition(".")[0] in _OWN
        line: dict[str, object] = {
            "time": self.formatTime(record, "%Y-%m-%dT%H:%M:%S") + f".{int(record.msecs):03}Z",
            "level": record.levelname.lower(),
            "from": record.name,
            "message": record.getMessage() if own else str(record.msg),
            **getattr(record, "fields", {}),
        }
        if record.exc_info and record.exc_info[1] is not None:
            line |= _described(record.exc_info[1])
        return json.dumps(line, ensure_ascii=False)


def log_as_json() -> None:
    """Send every log of this process to standard error as JSON lines: ours from *info* on, a library's warnings."""
    handler = logging.StreamHandler(sys.stderr)
    formatter = JsonLines()
    formatter.converter = _utc
    handler.setFormatter(formatter)
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    for name in _OWN:
        logging.getLogger(name).setLevel(logging.INFO)


def _described(error: BaseException) -> dict[str, object]:
    frames = traceback.extract_tb(error.__traceback__)[-_PLACES:]
    places = [f"{PurePath(frame.filename).name}:{frame.lineno} {frame.name}" for frame in frames]
    return {"error": type(error).__name__, "places": places}


def _utc(seconds: float | None) -> time.struct_time:
    return time.gmtime(seconds)
