"""The durable engine: which worker does a task, and that another does it when that one died. DBOS, and it alone.

A task is one line of text without a secret, as `carry eip155:1`. It is safe to
begin again, and what it did is in the ledger: nothing here is worth a backup.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from dbos import DBOS, Serializer, SetWorkflowID, error
from sqlalchemy.exc import SQLAlchemyError

from notary.core.errors import OperatorError

QUEUE = "notary"
VERSION = "1"
"""Of the tasks' format. The engine's own default, a hash of the code, would strand what an older release queued."""
_NAME = "credential-notary"
_ACTIVE = ["ENQUEUED", "PENDING"]
_ENDED = ["SUCCESS", "ERROR", "CANCELLED", "MAX_RECOVERY_ATTEMPTS_EXCEEDED"]
_GRACE = 5
"""Seconds for the engine to note that its last tasks have ended."""
_MOST_TIDIED = 1000
_POLL = 2.0
"""Seconds between two looks for queued tasks: most of what an idle worker costs."""
_UNCLAIMED = 10.0
"""Seconds after which a task that should be in this worker's hands and is not counts as lost."""


@dataclass(frozen=True, slots=True)
class Active:
    """A task that waits for a worker, or (`worker`) is in one's hands."""

    id: str
    worker: str | None

    @property
    def task(self) -> str:
        """The task."""
        return self.id.partition("#")[0]


class _Json(Serializer):
    """The engine's own would unpickle what stands in the database."""

    def serialize(self, data: Any) -> str:
        return json.dumps(data, default=str)

    def deserialize(self, serialized_data: str) -> Any:
        return json.loads(serialized_data)

    def name(self) -> str:
        return "json"


class Engine:
    """One process's part in it; there is one at a time in a process."""

    def __init__(self, url: str, worker: str, perform: Callable[[str], None], at_once: int) -> None:
        """`perform` does a task and raises nothing; `at_once`: how many at a time here."""
        self._url, self._worker, self._perform, self._at_once = url, worker, perform, at_once
        self._running: set[str] = set()
        self._unclaimed: dict[str, float] = {}
        self._workflow: Callable[[str], None] = self._do

    def start(self) -> None:
        """Begin to take tasks."""
        with _in_words():
            self._start()

    def _start(self) -> None:
        DBOS(
            config={
                "name": _NAME,
                "system_database_url": self._url,
                "executor_id": self._worker,
                "application_version": VERSION,
                "serializer": _Json(),
                "use_listen_notify": False,
                "notification_listener_polling_interval_sec": 2.0,
                "log_level": "WARNING",
            }
        )
        _log_with_the_others()
        self._workflow = DBOS.workflow(name="task")(self._steps())
        DBOS.listen_queues([QUEUE])
        DBOS.launch()
        DBOS.register_queue(QUEUE, worker_concurrency=self._at_once, polling_interval_sec=_POLL)

    def stop(self) -> None:
        """Take no more; call it once what is running has been told to end."""
        DBOS.destroy(destroy_registry=True, workflow_completion_timeout_sec=_GRACE if self._running else 0)

    def active(self) -> tuple[Active, ...]:
        """Return what waits or is done now, by any worker."""
        with _in_words():
            found = DBOS.list_workflows(status=_ACTIVE, app_version=VERSION, load_input=False, load_output=False)
        return tuple(Active(row.workflow_id, row.executor_id if row.status == "PENDING" else None) for row in found)

    def enqueue(self, task: str, turn: str) -> None:
        """Have some worker do a task; the same task and turn again is no other."""
        with _in_words(), SetWorkflowID(f"{task}#{turn}"):
            DBOS.enqueue_workflow(QUEUE, self._workflow, task)

    def again(self, tasks: Sequence[Active]) -> None:
        """Have some worker do what a dead one had in hand."""
        with _in_words():
            DBOS.resume_workflows([each.id for each in tasks], queue_name=QUEUE)

    def unclaimed(self, tasks: Sequence[Active]) -> tuple[Active, ...]:
        """Return those that count as this worker's and are not: the database was away when their end should be noted.

        They have been so for a while: what was just handed out is not here yet, and what just ended is noted soon.
        """
        now = time.monotonic()
        lost = {each.id for each in tasks if each.worker == self._worker} - self._running
        self._unclaimed = {name: self._unclaimed.get(name, now) for name in lost}
        return tuple(each for each in tasks if now - self._unclaimed.get(each.id, now) >= _UNCLAIMED)

    def tidy(self, before: datetime) -> None:
        """Forget what ended, and what other releases queued, before a moment."""
        old: Any = {"end_time": before.isoformat(), "limit": _MOST_TIDIED, "load_input": False, "load_output": False}
        with _in_words():
            while ended := DBOS.list_workflows(status=_ENDED, **old):
                DBOS.delete_workflows([row.workflow_id for row in ended])
            stranded = [row for row in DBOS.list_workflows(status=_ACTIVE, **old) if row.app_version != VERSION]
            if stranded:
                DBOS.delete_workflows([row.workflow_id for row in stranded])

    def _steps(self) -> Callable[[str], None]:
        def steps(task: str) -> None:  # the engine marks what it is given, which a method does not let it
            self._do(task)

        return steps

    def _do(self, task: str) -> None:
        name = DBOS.workflow_id or task
        self._running.add(name)
        try:
            self._perform(task)
        finally:
            self._running.discard(name)


@contextmanager
def _in_words() -> Iterator[None]:
    """Say what the engine's database refused, without its words: they may hold its address."""
    try:
        yield
    except (error.DBOSException, SQLAlchemyError) as refused:
        raise OperatorError(
            "the workers' engine refused",
            actual=type(refused).__name__,
            hint="Is its database reachable? It is the ledger's PostgreSQL, or a file in the data folder",
        ) from refused


def _log_with_the_others() -> None:
    """Let the process's own log have what the engine says: it brings a handler of another format."""
    logger = logging.getLogger("dbos")
    logger.handlers.clear()
    logger.propagate = True
