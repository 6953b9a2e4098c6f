"""Which cases may be answered together."""

from uuid import UUID, uuid4

import pytest

from services.feedback.cases.rules import State
from services.feedback.merges.rules import check_main, check_pair
from shared.errors import DomainError

CASE, MAIN, OTHER = uuid4(), uuid4(), uuid4()


@pytest.mark.parametrize("state", ["received", "acknowledged", "in_progress", "waiting_resident"])
def test_an_unanswered_case_may_answer_others(state: str) -> None:
    check_main(CASE, MAIN, State(state), None)


@pytest.mark.parametrize(
    ("main", "state", "merged_into", "slug"),
    [
        (CASE, "received", None, "merge-with-itself"),
        (MAIN, "received", OTHER, "main-merged"),
        *((MAIN, state, None, "main-answered") for state in ("answered", "confirmed_resolved", "rejected", "withdrawn")),
    ],
)
def test_what_cannot_be_a_main_case(main: UUID, state: str, merged_into: UUID | None, slug: str) -> None:
    with pytest.raises(DomainError) as caught:
        check_main(CASE, main, State(state), merged_into)
    assert caught.value.slug == slug


def test_a_pair_has_one_owner_and_the_same_readers() -> None:
    blamed = frozenset({uuid4()})
    check_pair([MAIN, MAIN], [blamed, blamed])
    for units, abouts, slug in (
        ([MAIN, OTHER], [blamed, blamed], "merge-other-unit"),
        ([MAIN, MAIN], [blamed, frozenset()], "merge-other-readers"),
    ):
        with pytest.raises(DomainError) as caught:
            check_pair(units, abouts)
        assert caught.value.slug == slug
