"""Which unit may get a case."""

from uuid import uuid4

import pytest

from services.feedback.responsibility.rules import check_receiver
from shared.errors import Conflict, Invalid

OWNER = uuid4()
RECEIVER = [uuid4() for _ in range(3)]
"""A unit and those above it, nearest first."""


def test_a_unit_that_the_case_is_not_about_may_get_it() -> None:
    check_receiver(OWNER, RECEIVER, {uuid4()})


def test_the_owner_has_it_already() -> None:
    with pytest.raises(Conflict) as caught:
        check_receiver(RECEIVER[0], RECEIVER, ())
    assert caught.value.slug == "unit-owes-case"


@pytest.mark.parametrize("blamed", range(3))
def test_neither_a_blamed_unit_nor_one_below_it_gets_the_case(blamed: int) -> None:
    with pytest.raises(Invalid) as caught:
        check_receiver(OWNER, RECEIVER, {RECEIVER[blamed]})
    assert caught.value.slug == "unit-concerned"
