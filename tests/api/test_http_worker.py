"""What the service says of its workers, wherever they run."""

from __future__ import annotations

from datetime import timedelta

from tests.api.house import House


def test_trouble_is_shown_on_the_status_page_until_it_is_gone(house: House) -> None:
    """The page says what the operator has to do; once all is well, it says so."""
    assert "No round of anchoring has ended yet" in house.client.get("/status").text
    house.anchoring.tell(trouble="node.example does not <answer>")
    page = house.client.get("/status").text
    assert "Node.example does not &lt;answer&gt;." in page
    house.anchoring.tell()
    assert "All is well." in house.client.get("/status").text


def test_the_next_round_is_announced_with_its_reason(house: House) -> None:
    """To programs and on the page: when it is due, what it takes with it, and why it waits."""
    assert house.client.get("/v1/round").json() is None
    house.award("First", number=600)
    house.submit("Soon", "Also", number=610)
    number = house.seal()
    house.client.post(f"/v1/batches/{number}/statement", content=house.signature(number), headers=house.auth())
    found = house.client.get("/v1/round").json()
    assert (found["batches"], found["credentials"], found["statuses"]) == (1, 2, 0)
    assert (found["waits"], found["due"] < found["latest"]) == ("rounds are 60 s apart", True)
    assert "The next round takes 1 batch, after " in house.client.get("/status").text
    house.anchoring.round()
    assert house.client.get("/v1/round").json() is None


def test_what_is_logged_now_is_expected_after_the_next_round(house: House) -> None:
    """The time people are told is the next round's and the chain's usual wait; none where somebody must act."""
    house.award("Before", number=690)
    house.submit("Soon", number=700)
    number = house.seal()
    path = f"/v1/batches/{number}"
    assert house.client.get(path, headers=house.auth()).json()["expected"] is None
    logged = house.client.post(f"{path}/statement", content=house.signature(number), headers=house.auth()).json()
    due = house.anchoring.next_round
    assert due is not None
    assert logged["expected"] >= f"{due.due:%Y-%m-%dT%H:%M:%S}Z"
    assert due.due - house.notary.clock.now() <= timedelta(seconds=60)
