"""What machines see: whether it lives, whether it can work, its numbers, and a log without a person in it."""

from __future__ import annotations

import io
import json
import logging
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from api.http.app import make_app
from api.http.logs import JsonLines, log_as_json
from api.http.metrics import MEDIA_TYPE
from api.records import Backup
from api.worker.jobs import Job
from notary.core.encoding import to_base64url, to_hex
from notary.core.errors import OperatorError
from notary.service.pins.queue import audit_pins
from tests.api.house import House, found_house, open_house, token_of
from tests.api.worker_lab import by_hand

PROJECT = Path(__file__).resolve().parents[2]


@pytest.fixture
def own_house(tmp_path: Path) -> Iterator[House]:
    """A house of the test's own."""
    settings, institutions = found_house(tmp_path)
    with open_house(settings, institutions) as opened:
        yield opened


def numbers(house: House) -> dict[str, float]:
    """Scrape, and read the text format as Prometheus does: every line is a sample or a comment."""
    answer = house.client.get("/metrics")
    assert (answer.status_code, answer.headers["content-type"]) == (200, MEDIA_TYPE)
    found, announced = {}, set()
    for line in answer.text.splitlines():
        if line.startswith("#"):
            announced.add(line.split()[2])
            continue
        match = re.fullmatch(r'([a-z_]+)(\{[a-z]+="[^"\\]*"(?:,[a-z]+="[^"\\]*")*\})? (-?[0-9.e+-]+)', line)
        assert match, line
        assert match[1] in announced
        found[match[1] + (match[2] or "")] = float(match[3])
    return found


def test_the_numbers_follow_a_life(own_house: House) -> None:
    """Waiting, sealed, final; the log; the fee; the balance."""
    house, chain = own_house, own_house.notary.sites[0].chain.id
    house.submit("Ana", "Bo")
    assert numbers(house)["notary_credentials_waiting"] == 2
    number = house.seal()
    found = numbers(house)
    assert (found["notary_credentials_waiting"], found['notary_batches{stage="sealed"}']) == (0, 1)
    assert found["notary_oldest_unanchored_batch_seconds"] == 0
    assert f'notary_wallet_balance_coins{{chain="{chain}"}}' not in found
    house.anchor(number)
    house.anchoring.round()
    found = numbers(house)
    assert found['notary_batches{stage="final"}'] == found["notary_log_entries"] == 1
    assert found[f'notary_anchors{{chain="{chain}",state="final"}}'] == 1
    assert 0 < found[f'notary_last_fee_coins{{chain="{chain}"}}'] < 0.1
    assert found[f'notary_wallet_balance_coins{{chain="{chain}"}}'] > 0.01
    assert (found["notary_anchoring_trouble"], found["notary_batches_held"]) == (0, 0)
    assert 0 <= found["notary_worker_beat_age_seconds"] < 60
    assert found['notary_http_requests_total{method="POST",route="/v1/batches",status="201"}'] == 1


def test_the_age_of_the_oldest_batch_under_way_and_of_the_backup(own_house: House) -> None:
    """A batch that is signed counts from its sealing; a backup from when it was made, and not where there is none."""
    house = own_house
    house.submit("Ana")
    number = house.seal()
    path = f"/v1/batches/{number}/statement"
    house.client.post(path, content=house.signature(number), headers=house.auth())
    found = numbers(house)
    assert 0 < found["notary_oldest_unanchored_batch_seconds"] < 60
    assert "notary_backup_age_seconds" not in found
    Backup(datetime.now(UTC) - timedelta(hours=2), "there").write(house.settings.data)
    assert 7190 < numbers(house)["notary_backup_age_seconds"] < 7260


def test_a_chain_that_is_not_reached_has_no_balance_and_trouble_is_said(own_house: House) -> None:
    """What is not known is left out, and the scrape goes on."""
    own_house.anchoring.round()
    with own_house.notary.ledger.begin() as work:
        (row,) = work.workers.all()
        work.workers.save(replace(row, trouble="node.example does not answer", balances={}))
    found = numbers(own_house)
    assert found["notary_anchoring_trouble"] == 1
    assert not [name for name in found if "balance" in name]


def test_ready_once_a_round_has_ended_and_while_the_ledger_answers(
    own_house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Healthy is less: the process is up. What lacks is said, and nothing of the inside."""
    client = own_house.client
    answer = client.get("/readyz")
    assert (answer.status_code, answer.text.partition(":")[0]) == (503, "worker")
    own_house.anchoring.round()
    assert (client.get("/readyz").status_code, client.get("/readyz").text) == (200, "ready\n")

    def down() -> None:
        raise OperatorError("postgresql://user:secret@host is down")

    monkeypatch.setattr(own_house.notary.ledger, "check", down)
    answer = client.get("/readyz")
    assert (answer.status_code, answer.text.partition(":")[0]) == (503, "ledger")
    assert "secret" not in answer.text
    assert client.get("/healthz").text == "ok\n"


def test_a_worker_that_is_stuck_is_not_ready(own_house: House) -> None:
    """Its beat is older than three beats and a minute and a half."""
    own_house.anchoring.tell(age=timedelta(seconds=110))
    assert own_house.client.get("/readyz").status_code == 200
    own_house.anchoring.tell(age=timedelta(seconds=121))
    assert own_house.client.get("/readyz").status_code == 503


def test_a_service_without_a_worker_inside_is_ready_by_itself(own_house: House) -> None:
    """Pages and verification go on while the workers, elsewhere, are started again."""
    app = make_app(own_house.notary, own_house.settings, replace(own_house.anchoring, inside=False))
    assert TestClient(app).get("/readyz").text == "ready\n"


def test_how_long_an_anchor_took_to_its_block(own_house: House) -> None:
    """From sending it to the time of the block that has it, of the newest final one."""
    own_house.award("Ana")
    chain = own_house.notary.sites[0].chain.id
    assert abs(numbers(own_house)[f'notary_last_confirmation_seconds{{chain="{chain}"}}']) < 5


def test_the_log_of_a_whole_life_names_nobody_and_holds_no_secret(
    own_house: House, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Submission to receipt, refusals, an outage and a bug: lines of JSON, without names, salts, tokens or keys."""
    house, before = own_house, logging.getLogger().handlers[:]
    log_as_json()
    try:
        (taken,) = house.award("Zebulon Quixwood")
        token = token_of(taken)
        house.receipt(taken["id"])
        for path in (f"/r/{token}", f"/r/{token}/receipt", "/r/nobody", "/v1/receipts/Zebulon", "/"):
            house.client.get(path)
        broken = house.credential("Xanthippe Vandersloot").replace(b'"type"', b'"type" "type"')
        house.client.post(
            "/v1/credentials", content=broken, headers={**house.auth(), "Content-Type": "application/json"}
        )

        def bug(*_: object) -> None:
            raise ValueError(f"Zebulon Quixwood {token}")

        by_hand(house.notary, Job("broken", 60, bug))
        monkeypatch.setattr("api.http.routes.log.signed_checkpoint", bug)
        house.client.get("/log/checkpoint")
        logging.getLogger("urllib3.connectionpool").warning("Retrying %s", "/v3/0123456789abcdef")
    finally:
        logging.basicConfig(handlers=before, force=True)
        logging.getLogger("api").setLevel(logging.NOTSET)
    log = capsys.readouterr().err
    lines = [json.loads(line) for line in log.splitlines()]
    assert {"/r/{token}", "/v1/credentials", "/log/checkpoint"} <= {line.get("route") for line in lines}
    (failure,) = [line for line in lines if line["from"] == "api.worker.worker"]
    assert (failure["level"], failure["error"]) == ("error", "ValueError")
    assert failure["places"][-1].endswith(" bug")
    with house.notary.ledger.read() as work:
        row = work.credentials.get(taken["id"])
    assert row is not None
    assert row.salt is not None
    assert row.digest is not None
    secrets = ["Zebulon", "Quixwood", "Xanthippe", token, taken["id"], "0123456789abcdef", *house.api_keys]
    secrets += [form(value) for value in (row.salt, row.digest, row.link) for form in (to_hex, to_base64url)]
    assert not [secret for secret in secrets if secret in log]


def test_a_line_of_the_log_is_closed_whatever_is_in_the_message() -> None:
    """A line feed or a quote in a message makes no second line."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonLines())
    record = logging.LogRecord("api.x", logging.INFO, "", 0, 'a "b"\n{"level": "forged"}', (), None)
    handler.handle(record)
    (line,) = stream.getvalue().splitlines()
    assert json.loads(line)["message"] == 'a "b"\n{"level": "forged"}'


def test_every_alert_is_about_a_metric_that_is_there(own_house: House) -> None:
    """docs/alerts.yml names what /metrics gives, and nothing else."""
    house = own_house
    house.award("Ana")
    Backup(datetime.now(UTC), "there").write(house.settings.data)
    audit_pins(house.notary)
    given = {name.partition("{")[0] for name in numbers(house)}
    expressions = re.findall(r"^ +expr: (.+)$", (PROJECT / "docs" / "alerts.yml").read_text(), re.MULTILINE)
    named = set(re.findall(r"notary_[a-z_]+", "\n".join(expressions)))
    assert len(expressions) >= 8
    assert named <= given
