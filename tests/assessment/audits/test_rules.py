"""Drawing samples, who checks them, and what is found."""

from collections import Counter
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.assessment.audits import rules
from services.assessment.audits.rules import GROUNDS, Finding, Ground, Kind, Result
from services.assessment.indicators.queries import OBSERVATIONS
from services.assessment.indicators.rules import OF_CASES, OF_VISITS, Indicator, Tally
from shared.errors import Conflict, Forbidden, Invalid
from tests.assessment.terms import BASIC, criterion, terms

IDS = st.lists(st.uuids(), unique=True, max_size=30)
FINDINGS = st.lists(st.sampled_from([None, *Finding]), max_size=40)


@given(seed=st.uuids(), ids=IDS, size=st.integers(0, 20), data=st.data())
def test_a_drawing_is_the_same_in_whatever_order_it_is_repeated(
    seed: UUID, ids: list[UUID], size: int, data: st.DataObject
) -> None:
    drawn = rules.draw(seed, ids, size)
    assert drawn == rules.draw(seed, data.draw(st.permutations(ids)), size)
    assert len(drawn) == min(size, len(ids))
    assert set(drawn) <= set(ids)


@given(seed=st.uuids(), ids=IDS, size=st.integers(1, 20))
def test_a_larger_drawing_begins_with_the_smaller_one(seed: UUID, ids: list[UUID], size: int) -> None:
    assert rules.draw(seed, ids, size)[: size - 1] == rules.draw(seed, ids, size - 1)


@given(seed=st.uuids(), ids=IDS, size=st.integers(0, 20), more=st.uuids())
def test_another_piece_of_evidence_takes_one_place_at_most(seed: UUID, ids: list[UUID], size: int, more: UUID) -> None:
    before, after = rules.draw(seed, ids, size), rules.draw(seed, [*ids, more], size)
    assert len(set(before) - set(after)) <= 1


def test_a_drawing_by_hand() -> None:
    """printf 00000000-0000-0000-0000-00000000000100000000-0000-0000-0000-000000000004 | sha256sum"""
    seed, ids = UUID(int=1), [UUID(int=number) for number in (2, 3, 4, 5)]
    assert [rules.place(seed, id).hex()[:8] for id in ids] == ["8049e9bd", "8d100d19", "0d2b6469", "b8a16f77"]
    assert rules.draw(seed, ids, 3) == [UUID(int=number) for number in (4, 2, 3)]


@given(findings=FINDINGS)
def test_every_piece_is_in_one_count(findings: list[Finding | None]) -> None:
    found = Result.of(Counter(findings))
    assert found.upheld + found.not_supported + found.cannot_be_checked + found.open == found.drawn == len(findings)
    assert found.holding == Tally(found.upheld, found.drawn - found.open - found.cannot_be_checked)


@given(findings=FINDINGS)
def test_what_cannot_be_checked_is_neither_for_nor_against(findings: list[Finding | None]) -> None:
    assert Result.of(Counter([*findings, Finding.cannot_be_checked])).holding == Result.of(Counter(findings)).holding


@pytest.mark.parametrize("finding", Finding)
@pytest.mark.parametrize("ground", Ground)
def test_each_finding_rests_on_its_own_grounds(finding: Finding, ground: Ground) -> None:
    if ground in GROUNDS[finding]:
        rules.check_ground(finding, ground)
    else:
        with pytest.raises(Invalid, match="ground"):
            rules.check_ground(finding, ground)


def test_every_ground_belongs_to_one_finding() -> None:
    assert sorted(ground for grounds in GROUNDS.values() for ground in grounds) == sorted(Ground)


def test_whatever_counts_cases_or_visits_can_be_drawn() -> None:
    assert set(OBSERVATIONS) == OF_CASES | OF_VISITS


def test_only_what_a_standard_counts_is_drawn() -> None:
    assert rules.counted_by(BASIC) == [Indicator.response, Indicator.resolution, Indicator.satisfaction]
    with pytest.raises(Conflict, match="neither cases nor visits"):
        rules.counted_by(terms(criterion(None)))


def test_what_does_not_hold_is_taken_out_where_it_counted() -> None:
    both = terms(criterion(Indicator.response, 50), criterion(Indicator.visits_on_time, 30), criterion(None, 20))
    case, visit = uuid4(), uuid4()
    assert rules.taken_out(both, {Kind.case: [case], Kind.visit: [visit]}) == {"response": (case,), "visits_on_time": (visit,)}
    assert rules.taken_out(both, {Kind.case: [case]}) == {"response": (case,)}
    assert rules.taken_out(both, {}) == {}


ME, OTHER = UUID(int=1), UUID(int=2)


@pytest.mark.parametrize(
    ("auditor", "overdue", "free"),
    [(None, False, True), (ME, False, True), (OTHER, False, False), (OTHER, True, True), (None, True, True)],
)
def test_a_unit_is_free_until_taken_and_again_when_overdue(auditor: UUID | None, overdue: bool, free: bool) -> None:
    if free:
        rules.check_free(auditor, ME, overdue=overdue)
    else:
        with pytest.raises(Conflict, match="Somebody else"):
            rules.check_free(auditor, ME, overdue=overdue)


@pytest.mark.parametrize(("scored", "signed"), [(True, False), (False, True), (True, True)])
def test_who_had_a_part_in_the_grade_does_not_audit_it(scored: bool, signed: bool) -> None:
    with pytest.raises(Forbidden):
        rules.check_separate(scored=scored, signed=signed)
    rules.check_separate(scored=False, signed=False)


def test_nobody_settles_what_they_found() -> None:
    rules.check_second(OTHER, ME)
    with pytest.raises(Forbidden, match="another inspector"):
        rules.check_second(ME, ME)


@pytest.mark.parametrize(
    ("findings", "slug"),
    [
        ([Finding.upheld, Finding.cannot_be_checked], "nothing-to-settle"),
        ([], "nothing-to-settle"),
        ([Finding.not_supported, None], "audit-unfinished"),
        ([Finding.not_supported, Finding.upheld], None),
    ],
)
def test_what_is_found_whole_and_not_to_hold_is_settled(findings: list[Finding | None], slug: str | None) -> None:
    found = Result.of(Counter(findings))
    if slug is None:
        rules.check_to_settle(found)
        return
    with pytest.raises(Conflict) as refused:
        rules.check_to_settle(found)
    assert refused.value.slug == slug
