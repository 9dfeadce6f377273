"""Rows made into credentials in other processes: the same bytes, in order, and no private key goes over."""

from __future__ import annotations

import pickle
from dataclasses import replace

import pytest

from notary.service.issuing.making import Form, Made, make_all
from tests.service.issuing.desk import desk, example, roll, signing

MANY = 2100
"""More than one process makes by itself."""
HEADINGS = "Name,E-mail,Issued on,Grade,Presentation"


def a_class(day: str = "2026-05-03") -> str:
    """A table; every seventh row has another day."""
    rows = [f"Learner {at},l{at}@x.example,{'2026-05-03' if at % 7 else day},A,Secure" for at in range(MANY)]
    return "\n".join([HEADINGS, *rows])


@pytest.mark.parametrize("form", ["json", "jwt"])
def test_what_other_processes_make_is_what_this_one_makes(form: Form) -> None:
    """Every row in its order, those with findings too, and each finished credential byte for byte the same."""
    given = example("data-literacy")
    own = desk(given, form=form)
    with roll(a_class("soon"), given) as read:
        here = list(make_all(read.rows(), own.making(read.reader), processes=0))
        beside = list(make_all(read.rows(), own.making(read.reader), processes=1))
    assert beside == here
    made = [each for each in beside if isinstance(each, Made)]
    assert len(here) - len(made) == MANY / 7
    credential = own.maker.make(made[-1].learner, own.today)
    whole = own.key.token(credential) if form == "jwt" else own.key.prove(credential, own.created)
    assert own.key.finish(made[-1].unsigned) == whole


class Hardware:
    """A key that signs where it is and goes nowhere."""

    def __call__(self, message: bytes) -> bytes:
        """Sign."""
        return signing().sign(message)

    def __reduce__(self) -> str:
        """Refuse to be sent to another process."""
        raise pickle.PicklingError("it does not leave the hardware")


def test_the_private_key_stays_in_its_process() -> None:
    """A key that cannot be sent anywhere signs a class that another process makes."""
    given = example("data-literacy")
    own = desk(given, replace(signing(), sign=Hardware()))
    with roll(a_class(), given) as read:
        made = [each for each in make_all(read.rows(), own.making(read.reader), 1) if isinstance(each, Made)]
    assert len(made) == MANY
    assert own.key.finish(made[-1].unsigned) == desk(given).key.finish(made[-1].unsigned)
