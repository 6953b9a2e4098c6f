"""When a proposal may be made and accepted."""

from contextlib import AbstractContextManager, nullcontext
from datetime import date
from typing import Any
from uuid import UUID

import pytest

from services.visits.proposals.rules.acceptance import (
    MOST_CONTACTS,
    NAMED,
    ProposalState,
    Standing,
    changed,
    check_acceptable,
    check_size,
    check_start,
    check_unchanged,
)
from shared.errors import Conflict, Invalid

TODAY, YESTERDAY = date(2026, 3, 2), date(2026, 3, 1)
IDS = [UUID(int=number) for number in range(30)]
fine: AbstractContextManager[Any] = nullcontext()


def refused(kind: type[Exception], slug: str) -> AbstractContextManager[Any]:
    return pytest.raises(kind, match=slug)


@pytest.mark.parametrize(
    ("starts_on", "expected"),
    [
        (TODAY, fine),
        (date(2027, 3, 3), fine),
        (YESTERDAY, refused(Invalid, "proposal-start")),
        (date(2027, 3, 4), refused(Invalid, "proposal-start")),
    ],
)
def test_a_proposal_starts_within_a_year(starts_on: date, expected: AbstractContextManager[Any]) -> None:
    with expected:
        check_start(starts_on, TODAY)


@pytest.mark.parametrize(
    ("contacts", "posts", "expected"),
    [
        (1, 1, fine),
        (MOST_CONTACTS, 1, fine),
        (MOST_CONTACTS + 1, 1, refused(Invalid, "too-many-contacts")),
        (0, 1, refused(Conflict, "no-contacts")),
        (1, 0, refused(Conflict, "no-posts")),
    ],
)
def test_a_proposal_has_somebody_to_visit_and_somebody_to_go(
    contacts: int, posts: int, expected: AbstractContextManager[Any]
) -> None:
    with expected:
        check_size(contacts, posts)


@pytest.mark.parametrize(
    ("state", "starts_on", "expected"),
    [
        (ProposalState.proposed, TODAY, fine),
        (ProposalState.proposed, YESTERDAY, refused(Conflict, "proposal-too-old")),
        (ProposalState.accepting, TODAY, refused(Conflict, "proposal-accepted")),
        (ProposalState.accepted, TODAY, refused(Conflict, "proposal-accepted")),
    ],
)
def test_a_proposal_is_accepted_once_and_in_time(
    state: ProposalState, starts_on: date, expected: AbstractContextManager[Any]
) -> None:
    with expected:
        check_acceptable(state, starts_on, TODAY)


def test_what_is_another_or_not_there_any_more_has_changed() -> None:
    before = {IDS[number]: Standing(28, None, number) for number in range(3)}
    now = {IDS[0]: Standing(28, None, 0), IDS[1]: Standing(14, None, 1)}
    assert changed(before, now) == [IDS[1], IDS[2]]


def test_of_many_changes_the_first_are_named() -> None:
    check_unchanged([], [])
    with pytest.raises(Conflict, match="30 contacts and 1 posts have changed") as caught:
        check_unchanged(IDS, IDS[:1])
    assert len(caught.value.more["contact_ids"]) == NAMED
    assert caught.value.more["post_ids"] == [str(IDS[0])]
