"""How long, to whom, and by when: as tables."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.feedback.retaliation.rules import (
    ADVICE,
    TRANSITIONS,
    WATCH,
    WHY,
    ReportState,
    Verb,
    check_retaliating,
    check_watch,
    due_at,
    inspecting,
    next_check_in,
    next_state,
    overseers,
    topmost,
    watched_until,
)
from shared.errors import Conflict, Invalid
from shared.languages import Language
from tests.feedback.house import TREE, unit
from tests.feedback.retaliation.voices import ids

OPENED = datetime(2026, 1, 1, 9, tzinfo=UTC)
PARENTS = {code: parent for code, parent, _ in TREE}
NAMES = {unit(code): code for code in PARENTS}
SOME = st.sets(st.sampled_from(sorted(PARENTS)))


def chain(code: str) -> list[UUID]:
    found = [unit(code)]
    while (above := PARENTS[code]) is not None:
        code = above
        found.append(unit(code))
    return found


def some(*codes: str) -> set[UUID]:
    return set(ids(*codes))


def named(unit_id: UUID | None) -> str | None:
    return NAMES[unit_id] if unit_id else None


@pytest.mark.parametrize(("reported_after", "days"), [([], 180), ([10], 190), ([100, 20], 280), ([179], 359)])
def test_the_watch_lasts_from_filing_and_anew_from_each_report(reported_after: list[int], days: int) -> None:
    reported_at = [OPENED + timedelta(days=after) for after in reported_after]
    assert watched_until(OPENED, reported_at) == OPENED + timedelta(days=days)


def test_the_watch_ends_after_its_last_moment() -> None:
    check_watch(OPENED + WATCH, OPENED + WATCH)
    with pytest.raises(Conflict, match="watch-over"):
        check_watch(OPENED + WATCH, OPENED + WATCH + timedelta(microseconds=1))


@pytest.mark.parametrize(
    ("last", "today", "next_on"),
    [
        (None, "2026-01-01", "2026-01-31"),
        (None, "2026-01-31", "2026-01-31"),
        (None, "2026-04-01", "2026-01-31"),
        ("2026-01-20", "2026-01-31", "2026-02-19"),
        ("2026-05-31", "2026-06-01", "2026-06-30"),
        ("2026-06-01", "2026-06-01", None),
        (None, "2026-07-01", None),
    ],
)
def test_a_check_in_is_due_every_thirty_days_of_the_watch(last: str | None, today: str, next_on: str | None) -> None:
    opened, until = date(2026, 1, 1), date(2026, 6, 30)
    last_on, expected = date.fromisoformat(last) if last else None, date.fromisoformat(next_on) if next_on else None
    assert next_check_in(opened, last_on, until, date.fromisoformat(today)) == expected


@pytest.mark.parametrize("state", ReportState)
@pytest.mark.parametrize("verb", Verb)
def test_a_report_moves_by_its_table_alone(state: ReportState, verb: Verb) -> None:
    if (state, verb) in TRANSITIONS:
        assert next_state(state, verb) is TRANSITIONS[state, verb]
    else:
        with pytest.raises(Conflict, match="report-state"):
            next_state(state, verb)


def test_the_deadline_that_counts_is_the_one_that_is_not_met() -> None:
    first, second = OPENED, OPENED + timedelta(days=1)
    assert [due_at(state, first, second) for state in ReportState] == [first, second, None]


@pytest.mark.parametrize(
    ("at", "owners", "blamed", "joint", "expected"),
    [
        ("village", [], [], [], "township"),
        ("village", [], ["village"], [], "township"),
        ("village", [], ["township"], [], "county"),
        ("village", [], ["county"], [], "prefecture"),
        ("village", [], ["elsewhere"], [], "township"),
        ("village", [], [], ["township"], "county"),
        ("village", [], [], ["county"], "township"),
        ("village", ["township"], [], [], "county"),
        ("neighbour", ["elsewhere"], [], [], "prefecture"),
        ("neighbour", ["elsewhere"], ["prefecture"], [], "province"),
        ("province", [], [], [], None),
        ("village", ["province"], [], [], None),
        ("village", [], ["province"], [], None),
        ("prefecture", [], [], ["province"], None),
    ],
)
def test_the_nearest_unit_above_all_owners_that_is_not_concerned_inspects(
    at: str, owners: list[str], blamed: list[str], joint: list[str], expected: str | None
) -> None:
    chains = [chain(owner) for owner in owners]
    assert named(inspecting(chain(at), chains, some(*blamed), some(at, *owners, *joint))) == expected


@given(st.sampled_from(sorted(PARENTS)), SOME, SOME, SOME)
def test_nobody_inspects_who_is_concerned_or_below_somebody_who_is(
    at: str, owners: set[str], blamed: set[str], joint: set[str]
) -> None:
    found = inspecting(chain(at), [chain(owner) for owner in owners], some(*blamed), some(at, *owners, *joint))
    if found is not None:
        above = chain(NAMES[found])
        assert not some(*blamed) & set(above)
        assert found not in some(at, *owners, *joint)
        assert all(found in chain(owner)[1:] for owner in (at, *owners))


OTHER = [[unit("below the other"), unit("other")], [unit("other")]]
"""A second tree."""


@pytest.mark.parametrize(("blamed", "others", "expected"), [("village", [], "province"), ("province", OTHER, "other")])
def test_where_no_unit_above_is_left_the_topmost_inspects(blamed: str, others: list[list[UUID]], expected: str) -> None:
    assert topmost([*others, *(chain(code) for code in sorted(PARENTS))], some(blamed)) == unit(expected)


def test_where_everybody_is_concerned_the_speaker_is_told() -> None:
    with pytest.raises(Invalid, match="no-inspector-left"):
        topmost([chain(code) for code in PARENTS], some("province"))


def test_a_report_climbs_past_whom_it_must_not_reach() -> None:
    assert [NAMES[each] for each in overseers(chain("township"), (), some("township", "prefecture"))] == ["county", "province"]


@pytest.mark.parametrize(
    ("substantiated", "code", "slug"),
    [
        (True, "village", None),
        (True, "elsewhere", None),
        (False, None, None),
        (True, None, "retaliating-unit-needed"),
        (False, "village", "retaliating-unit-unfit"),
        (True, "township", "retaliating-unit-unfit"),
        (True, "county", "retaliating-unit-unfit"),
    ],
)
def test_a_unit_judges_neither_itself_nor_one_above_it(substantiated: bool, code: str | None, slug: str | None) -> None:
    judged, deciding = unit(code) if code else None, chain("township")
    if slug is None:
        check_retaliating(substantiated, judged, deciding)
    else:
        with pytest.raises(Invalid, match=slug):
            check_retaliating(substantiated, judged, deciding)


def test_every_sentence_is_there_in_every_language() -> None:
    assert {frozenset(WHY[language]) for language in Language} == {frozenset(WHY[Language.en])}
    assert all("{way}" in ADVICE[language] for language in Language)
