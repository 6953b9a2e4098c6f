import json
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from uuid import UUID, uuid4

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.assessment.grades import rules
from services.assessment.grades.rules import (
    TRANSITIONS,
    Counted,
    Evidence,
    GateEvidence,
    GradeState,
    StandardEvidence,
    exact,
    move,
    recompute,
    rejudge,
    unveil,
)
from services.assessment.grading.rules.evidence import Observed
from services.assessment.grading.rules.gates import GateCode
from services.assessment.grading.rules.judging import GradeValue
from services.assessment.standards.rules import DeclaredGate, Terms
from shared.errors import Conflict, DomainError, Forbidden
from shared.practices import GradeTerms, Practice
from shared.types import Level
from tests.assessment.terms import BASIC, all_terms

BEFORE_ALARMS = """
{"level": "county", "criteria": {"response": {"hits": 9, "n": 10, "of": null, "voices": null},
 "resolution": {"hits": 6, "n": 8, "of": null, "voices": null},
 "satisfaction": {"hits": 3, "n": 5, "of": null, "voices": null}}, "floors": {},
 "gates": {"retaliation": {"count": 1, "first_at": "2026-03-02T10:00:00Z", "last_at": "2026-03-02T10:00:00Z"}},
 "standard": {"id": "00000000-0000-0000-0000-000000000001", "code": "basic", "version": 1, "terms": {"criteria": [
  {"code": "response", "name": "Something", "weight": 10, "source": "measured", "indicator": "response",
   "scale": {"floor": 0.0, "target": 1.0}, "normalisation": null, "minimum_sample": 5, "owner": "Letters and calls"},
  {"code": "resolution", "name": "Something", "weight": 45, "source": "residents", "indicator": "resolution",
   "scale": {"floor": 0.0, "target": 1.0}, "normalisation": null, "minimum_sample": 5, "owner": "Letters and calls"},
  {"code": "satisfaction", "name": "Something", "weight": 45, "source": "residents", "indicator": "satisfaction",
   "scale": {"floor": 0.0, "target": 1.0}, "normalisation": null, "minimum_sample": 5, "owner": "Letters and calls"}],
  "floors": [], "bands": {"qualified": 0.6, "excellent": 0.85}, "level_bands": {}}},
 "since": "2026-03-02T10:00:00Z", "until": "2026-04-01T10:00:00Z", "counted_at": "2026-03-02T10:00:00Z", "excluded": {}}
"""
NOW = datetime(2026, 3, 2, 10, tzinfo=UTC)
moments = st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC))


@st.composite
def counts(draw: st.DrawFn) -> Counted:
    n = draw(st.integers(0, 10**9))
    return Counted(hits=draw(st.integers(0, n)), n=n)


@st.composite
def gates(draw: st.DrawFn) -> GateEvidence:
    first = draw(moments)
    return GateEvidence(
        count=draw(st.integers(1, 9)), first_at=first, last_at=first + draw(st.timedeltas(timedelta(), timedelta(365)))
    )


@st.composite
def evidences(draw: st.DrawFn) -> tuple[Evidence, Terms]:
    since, terms = draw(moments), draw(all_terms())
    codes = [criterion.code for criterion in terms.criteria]
    found = Evidence(
        level=draw(st.sampled_from(Level)),
        criteria={code: draw(counts()) for code in codes},
        floors={floor.indicator: draw(counts()) for floor in terms.floors},
        gates=draw(st.dictionaries(st.sampled_from([GateCode.retaliation, GateCode.upheld_alarm]), gates())),
        standard=StandardEvidence(draw(st.uuids()), "basic", draw(st.integers(1, 99))),
        since=since,
        until=since + timedelta(days=30),
        counted_at=draw(moments),
        excluded=draw(st.dictionaries(st.sampled_from(codes), st.lists(st.uuids(), max_size=3).map(tuple))),
    )
    return found, terms


def evidence(*, resolved: int = 6, judged: int = 8) -> Evidence:
    """9 of 10, 6 of 8, 3 of 5 at 10/45/45: 0.6975."""
    return Evidence(
        level=Level.county,
        criteria={
            "response": Counted(hits=9, n=10),
            "resolution": Counted(hits=resolved, n=judged),
            "satisfaction": Counted(hits=3, n=5),
        },
        gates={},
        standard=StandardEvidence(id=UUID(int=1), code="basic", version=1),
        since=NOW,
        until=NOW + timedelta(days=30),
        counted_at=NOW,
    )


@given(st.integers(0, 10**6), st.fractions(min_value=0), st.integers(0, 99), st.one_of(st.none(), st.integers(0, 99)))
def test_what_is_observed_is_kept_to_the_last_digit(hits: int, of: Fraction, n: int, voices: int | None) -> None:
    seen = Observed(hits, of, n, voices)
    assert msgspec.json.decode(msgspec.json.encode(Counted.keep(seen)), type=Counted).observed() == seen


@given(evidences())
def test_what_was_stored_gives_the_same_grade_to_the_last_digit(case: tuple[Evidence, Terms]) -> None:
    found, terms = case
    stored = Evidence.of(msgspec.json.decode(msgspec.json.encode(found)))
    assert stored == found
    assert recompute(stored, terms) == recompute(found, terms)
    composite = exact(recompute(found, terms).composite)
    assert composite is None or Fraction(composite) == recompute(stored, terms).composite


@given(evidences())
def test_what_is_judged_is_the_sum_of_what_the_tree_shows(case: tuple[Evidence, Terms]) -> None:
    verdict, tree = rejudge(*case), recompute(*case)
    assert (verdict.value, verdict.reason, verdict.composite, verdict.gates) == (
        tree.value,
        tree.reason,
        tree.composite,
        tree.gates,
    )
    if verdict.composite is None:
        assert any(part.lacks for part in tree.parts) or case[1].floors
    else:
        assert verdict.composite == sum(part.contribution or Fraction(0) for part in tree.parts)


@given(evidences())
def test_a_gate_alone_decides_and_missing_is_never_a_grade(case: tuple[Evidence, Terms]) -> None:
    (found, terms), grade = case, recompute(*case)
    declared = {GateCode.retaliation, *terms.gates}
    if grade.gates or declared & set(found.gates):
        assert grade.value is GradeValue.unqualified
    elif grade.value is GradeValue.not_graded:
        assert grade.composite is None
        assert any(part.lacks for part in grade.parts) or found.floors
    else:
        assert grade.composite is not None


@given(evidences())
def test_who_sees_everything_sees_the_same_grade(case: tuple[Evidence, Terms]) -> None:
    found = recompute(*case)
    full = unveil(found)
    assert (full.value, full.composite, full.reason) == (found.value, found.composite, found.reason)
    assert not any(part.hidden for part in full.parts)


def test_what_was_stored_before_alarms_were_a_gate_gives_the_same_grade() -> None:
    """As it stood in the database then, word for word."""
    stored = json.loads(BEFORE_ALARMS)
    found = recompute(Evidence.of(stored), BASIC)
    assert (found.value, exact(found.composite), found.reason) == (
        GradeValue.unqualified,
        "279/400",
        "unqualified: retaliation was found, which counts until 2027-03-02",
    )
    assert exact(recompute(Evidence.of({**stored, "gates": {}}), BASIC).composite) == "279/400"
    assert recompute(Evidence.of({**stored, "gates": {}}), BASIC).value is GradeValue.qualified


def test_an_upheld_alarm_that_was_stored_is_a_gate_of_the_standard_that_it_was_stored_with() -> None:
    declared = BASIC.model_copy(update={"gates": (DeclaredGate.upheld_alarm,)})
    upheld = {GateCode.upheld_alarm: GateEvidence(count=1, first_at=NOW, last_at=NOW + timedelta(days=2))}
    kept = Evidence.of(msgspec.to_builtins(msgspec.structs.replace(evidence(), gates=upheld)))
    assert recompute(kept, BASIC).value is GradeValue.qualified
    assert (
        recompute(kept, declared).reason
        == "unqualified: cases were closed to be closed from 2026-03-02 to 2026-03-04: upheld_alarm"
    )


def test_a_grade_rests_on_five_residents_whatever_the_standard_asks() -> None:
    assert exact(recompute(evidence(), BASIC).composite) == "279/400"
    assert recompute(evidence(judged=5, resolved=5), BASIC).value is not GradeValue.not_graded
    assert recompute(evidence(judged=4, resolved=4), BASIC).value is GradeValue.not_graded


@pytest.mark.parametrize("state", GradeState, ids=str)
@pytest.mark.parametrize("to", GradeState, ids=str)
def test_the_table_refuses_every_other_transition(state: GradeState, to: GradeState) -> None:
    if to in TRANSITIONS[state]:
        assert move(state, to) is to
    else:
        with pytest.raises(Conflict, match="grade-state"):
            move(state, to)


def test_every_state_is_reached_and_leads_to_an_end() -> None:
    assert set(TRANSITIONS) == set(GradeState)
    reached = {GradeState.proposed}
    while more := {to for state in reached for to in TRANSITIONS[state]} - reached:
        reached |= more
    assert reached == set(GradeState)


def test_nobody_gets_to_published_by_one_signature() -> None:
    assert [rules.after_signature(before) for before in (0, 1, 2)] == [
        GradeState.signed,
        GradeState.published,
        GradeState.published,
    ]
    assert GradeState.published not in TRANSITIONS[GradeState.proposed]


TERMS = GradeTerms(practice=Practice.grade_terms, validity_days=365, objection_days=15, upgrade_plan_days=30, comment_days=14)


def test_terms_of() -> None:
    objectable, valid, plan = rules.terms_of(NOW, GradeValue.qualified, TERMS)
    assert (objectable - NOW, valid - NOW, plan) == (timedelta(days=15), timedelta(days=365), None)
    assert rules.terms_of(NOW, GradeValue.unqualified, TERMS)[2] == NOW + timedelta(days=30)


@pytest.mark.parametrize(
    ("state", "late", "may"),
    [
        (GradeState.published, 0, True),
        (GradeState.published, 1, False),
        (GradeState.under_objection, 0, False),
        (GradeState.confirmed, 0, False),
    ],
)
def test_can_be_objected(state: GradeState, late: int, may: bool) -> None:
    assert rules.can_be_objected(state, NOW, NOW + timedelta(microseconds=late)) is may


def test_checks_say_what_is_wrong() -> None:
    account = uuid4()
    wrong: list[tuple[type[DomainError], str]] = [(Forbidden, "grade-in-your-chain"), (Conflict, "grade-signed-by-you")]
    with pytest.raises(wrong[0][0], match=wrong[0][1]):
        rules.check_outside(True)
    with pytest.raises(wrong[1][0], match=wrong[1][1]):
        rules.check_not_signed(account, {account})
    rules.check_outside(False)
    rules.check_not_signed(account, {uuid4()})
