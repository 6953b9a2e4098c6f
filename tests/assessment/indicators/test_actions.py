"""Evidence on a real database: what each event says, in every order."""

import random
from collections.abc import Callable, Sequence
from itertools import permutations
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlmodel import col

from services.assessment.indicators.models import AnswerEvidence, CaseEvidence, VisitEvidence
from shared.events import v1
from shared.events.envelope import Event
from shared.events.feedback import ClockKind, EscalationCause
from tests.assessment.cases import NO_VISITS, Story
from tests.assessment.office import Office, record_of

Fact = tuple[str, int, dict[str, Any]]
HOURS = st.integers(0, 2)
"""Few values, so that many events are equally old: as anonymous speakers' are."""
CASE_FACTS: st.SearchStrategy[Fact] = st.one_of(
    st.tuples(st.just("opened"), HOURS, st.just({})),
    st.tuples(st.just("acknowledged"), HOURS, st.fixed_dictionaries({"in_time": st.booleans()})),
    st.tuples(st.just("answered"), HOURS, st.fixed_dictionaries({"first": st.booleans(), "in_time": st.booleans()})),
    st.tuples(
        st.just("confirmed"),
        HOURS,
        st.fixed_dictionaries(
            {"resolved": st.booleans(), "satisfied": st.sampled_from([None, True, False]), "judgement": st.integers(1, 3)}
        ),
    ),
    st.tuples(st.just("reopened"), HOURS, st.fixed_dictionaries({"judgement": st.integers(0, 3)})),
    st.tuples(st.sampled_from(["lapsed", "rejected", "withdrawn"]), HOURS, st.just({})),
    st.tuples(st.just("breached"), HOURS, st.fixed_dictionaries({"kind": st.sampled_from(ClockKind)})),
    st.tuples(st.just("escalated"), HOURS, st.fixed_dictionaries({"cause": st.sampled_from(EscalationCause)})),
    st.tuples(st.just("handed_over"), HOURS, st.fixed_dictionaries({"count": st.integers(1, 3)})),
    st.tuples(st.just("decided"), HOURS, st.fixed_dictionaries({"overturned": st.booleans()})),
)
OUTCOMES = st.sampled_from(["done", "done_late", "cancelled", "refused_by_resident"])
VISIT_FACTS: st.SearchStrategy[Fact] = st.one_of(
    st.tuples(st.just("planned"), HOURS, st.just({})),
    st.tuples(st.just("recorded"), HOURS, st.fixed_dictionaries({"findings": st.integers(0, 2), "outcome": OUTCOMES})),
    st.tuples(st.sampled_from(["missed", "cancelled", "counted"]), HOURS, st.just({})),
)
Told = tuple[int, Fact]
"""Which case or visit, and what of it."""
HISTORIES = st.tuples(
    st.lists(st.tuples(st.integers(0, 1), CASE_FACTS), min_size=5, max_size=40),
    st.lists(st.tuples(st.integers(0, 1), VISIT_FACTS), max_size=8),
)


def tell(unit: Any, *histories: list[Told]) -> list[Event]:
    events = []
    for history in histories:
        stories = [Story(unit) for _ in range(2)]
        events += [getattr(stories[which], fact)(hours, **values) for which, (fact, hours, values) in history]
    return events


@settings(
    max_examples=30,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(HISTORIES, st.randoms(use_true_random=False))
async def test_evidence_is_the_same_in_every_order_and_however_often_told(
    office: Office, histories: tuple[list[Told], list[Told]], chance: random.Random
) -> None:
    unit, other = [await office.register_unit(f"unit-{uuid4()}") for _ in range(2)]
    await office.hear(tell(unit, *histories))

    records = [record_of(event) for event in tell(other, *histories)]
    again = [record_of(record.event(), chance.choice([record.id, None])) for record in records]
    shuffled = chance.sample(records + again, k=2 * len(records))
    half = len(shuffled) // 2
    for batch in (shuffled[:half], shuffled[half:]):
        await office.service.consumer.deliver(batch)

    assert await facts_of(office, other) == await facts_of(office, unit)
    expected = {**await office.scorecard(unit), "unit_id": other["id"]}
    assert await office.scorecard(other) == expected


async def facts_of(office: Office, unit: Any) -> list[str]:
    """What is kept of the unit's cases, answers and visits, without ids."""
    kept = []
    async with office.service.database.session() as session:
        for table, key in ((CaseEvidence, "case_id"), (AnswerEvidence, "case_id"), (VisitEvidence, "visit_id")):
            rows = await session.scalars(select(table).where(col(table.unit_id) == UUID(unit["id"])))
            kept += [str(row.model_dump(exclude={key, "unit_id"})) for row in rows]
    return sorted(kept)


EQUALLY_OLD: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("answered", {"in_time": True}, {"in_time": False}),
    ("confirmed", {"resolved": True}, {"resolved": False}),
    ("confirmed", {"satisfied": True}, {"satisfied": False}),
    ("confirmed", {"satisfied": None}, {"satisfied": False}),
    ("recorded", {"findings": 1}, {"findings": 2}),
    ("recorded", {"outcome": "done"}, {"outcome": "refused_by_resident"}),
]


@pytest.mark.parametrize(("fact", "one", "other"), EQUALLY_OLD)
async def test_of_two_equally_old_facts_the_same_one_is_kept(
    office: Office, fact: str, one: dict[str, Any], other: dict[str, Any]
) -> None:
    kept = []
    for order in ((one, other), (other, one)):
        unit = await office.register_unit(f"unit-{uuid4()}")
        story = Story(unit)
        await office.hear([getattr(story, fact)(1, **values) for values in order])
        kept.append(await facts_of(office, unit))
    assert kept[0] == kept[1]


@pytest.mark.parametrize("hours", [(1, 3), (3, 1)])
async def test_of_what_is_told_twice_the_first_answer_and_the_last_verdict_count(office: Office, hours: tuple[int, int]) -> None:
    unit = await office.register_unit("north")
    story = Story(unit)
    for hour in hours:
        late = hour == 3
        await office.hear(
            [
                story.acknowledged(hour),
                story.answered(hour, in_time=not late),
                story.confirmed(hour, resolved=late, judgement=hour),
            ]
        )
    await office.hear([story.opened(), story.opened(1)])
    card = await office.scorecard(unit)
    assert card["response_rate"]["value"] == 1.0
    assert card["acknowledgement"]["median_s"] == card["first_answer"]["median_s"] == 3600
    assert (card["resolution_rate"]["value"], card["completion"]["median_s"]) == (1.0, 3 * 3600)


async def card_after(office: Office, *facts: str, **values: Any) -> Any:
    unit = await office.register_unit(f"unit-{uuid4()}")
    story = Story(unit)
    await office.hear([getattr(story, fact)(**values.get(fact, {})) for fact in facts])
    return await office.scorecard(unit)


async def test_response_counts_what_was_answered_or_ran_out(office: Office) -> None:
    async def response(*facts: str, **values: Any) -> tuple[float | None, int]:
        rate = (await card_after(office, *facts, **values))["response_rate"]
        return rate["value"], rate["n"]

    assert await response("opened", "acknowledged") == (None, 0)
    assert await response("opened", "answered") == (1.0, 1)
    assert await response("opened", "breached", "answered", answered={"in_time": False}) == (0.0, 1)
    assert await response("opened", "breached") == (0.0, 1)
    assert await response("opened", "breached", breached={"kind": ClockKind.acknowledgement}) == (None, 0)
    assert await response("opened", "answered", answered={"first": False}) == (None, 0)


@pytest.mark.parametrize("ending", ["rejected", "withdrawn"])
async def test_a_case_that_ended_counts_as_unanswered_only_if_its_answer_was_overdue(office: Office, ending: str) -> None:
    async def response(*facts: str) -> tuple[float | None, int, int]:
        card = await card_after(office, *facts)
        return card["response_rate"]["value"], card["response_rate"]["n"], card["cases"]["opened"]

    assert await response("opened", ending) == (None, 0, 1)
    assert await response("opened", "acknowledged", ending) == (None, 0, 1)
    assert await response("opened", "breached", ending) == (0.0, 1, 1)
    assert await response("opened", ending, "breached") == (0.0, 1, 1)
    assert await response("opened", "answered", ending) == (1.0, 1, 1)


async def test_resolution_follows_the_latest_verdict_unless_reopened_since(office: Office) -> None:
    unit = await office.register_unit("north")
    story = Story(unit)

    async def hear(event: Event) -> tuple[float | None, int, int, int]:
        await office.hear([event])
        card = await office.scorecard(unit)
        cases = card["cases"]
        return card["resolution_rate"]["value"], cases["confirmed"], cases["refused"], cases["reopened"]

    assert await hear(story.confirmed(1, resolved=False)) == (0.0, 0, 1, 0)
    assert await hear(story.confirmed(3, judgement=3)) == (1.0, 1, 0, 0)
    assert await hear(story.confirmed(2, resolved=False, judgement=2)) == (1.0, 1, 0, 0)
    assert await hear(story.reopened(2, judgement=1)) == (1.0, 1, 0, 1)
    assert await hear(story.reopened(4, judgement=3)) == (0.0, 0, 1, 1)
    assert await hear(story.confirmed(5, judgement=4)) == (1.0, 1, 0, 1)


@pytest.mark.parametrize("backwards", [False, True])
async def test_within_an_hour_the_number_says_which_verdict_is_the_newest(office: Office, backwards: bool) -> None:
    """An anonymous speaker's times are full hours: resolved, reopened, refused, all in the same one."""

    async def resolution(*events: Event) -> tuple[float | None, int]:
        await office.hear(events[::-1] if backwards else events)
        rate = (await office.scorecard({"id": str(story.unit_id)}))["resolution_rate"]
        return rate["value"], rate["n"]

    story = Story(await office.register_unit(f"unit-{uuid4()}"))
    assert await resolution(story.confirmed(1, judgement=1), story.confirmed(1, resolved=False, judgement=2)) == (0.0, 1)
    assert await resolution(story.confirmed(1, judgement=3)) == (1.0, 1)
    assert await resolution(story.reopened(1, judgement=3)) == (0.0, 1)
    assert await resolution(story.confirmed(1, judgement=4)) == (1.0, 1)


async def test_satisfaction_counts_only_those_who_said_so(office: Office) -> None:
    unit = await office.register_unit("north")
    said = (True, True, False, None)
    await office.hear([Story(unit).confirmed(satisfied=satisfied) for satisfied in said])
    rate = (await office.scorecard(unit))["satisfaction_rate"]
    assert (rate["value"], rate["n"]) == (pytest.approx(2 / 3), 3)


async def test_times_are_three_distributions(office: Office) -> None:
    unit = await office.register_unit("north")
    for hours in (1, 2, 3, 4, 10):
        story = Story(unit)
        await office.hear(
            [story.opened(), story.acknowledged(hours), story.answered(2 * hours), story.confirmed(3 * hours, resolved=hours < 4)]
        )
    card = await office.scorecard(unit)
    assert card["acknowledgement"] == {"median_s": 3 * 3600, "p90_s": pytest.approx(7.6 * 3600), "n": 5}
    assert card["first_answer"] == {"median_s": 6 * 3600, "p90_s": pytest.approx(15.2 * 3600), "n": 5}
    assert card["completion"] == {"median_s": 6 * 3600, "p90_s": pytest.approx(8.4 * 3600), "n": 3}


async def test_times_need_the_opening(office: Office) -> None:
    card = await card_after(office, "acknowledged", "answered", "confirmed")
    for name in ("acknowledgement", "first_answer", "completion"):
        assert card[name] == {"median_s": None, "p90_s": None, "n": 0}


async def test_counts(office: Office) -> None:
    card = await card_after(office, "opened", "answered", "breached", "breached", "escalated", "escalated", "reopened")
    assert card["cases"] == {
        "opened": 1, "answered": 1, "confirmed": 0, "refused": 0, "reopened": 1, "breached": 1, "escalated": 1,
    }  # fmt: skip
    assert card["visits"] == NO_VISITS


async def said_of(office: Office, unit: Any) -> tuple[float | None, list[tuple[float | None, int]]]:
    """The gap, and the confirmation and the durability behind it."""
    gap = (await office.scorecard(unit))["gap"]
    return gap["value"], [(gap[name]["value"], gap[name]["n"]) for name in ("confirmation", "durability")]


async def gap_after(office: Office, *facts: str, **values: Any) -> tuple[float | None, list[tuple[float | None, int]]]:
    unit = await office.register_unit(f"unit-{uuid4()}")
    story = Story(unit)
    await office.hear([getattr(story, fact)(**values.get(fact, {})) for fact in facts])
    return await said_of(office, unit)


async def test_the_gap_is_what_was_called_resolved_and_nobody_confirmed(office: Office) -> None:
    assert await gap_after(office, "opened", "answered", "confirmed") == (0.0, [(1.0, 1), (1.0, 1)])
    assert await gap_after(office, "opened", "answered", "confirmed", confirmed={"resolved": False}) == (
        1.0,
        [(0.0, 1), (None, 0)],
    )
    assert await gap_after(office, "opened", "answered", "lapsed") == (1.0, [(0.0, 1), (None, 0)])
    assert await gap_after(office, "opened", "answered", "confirmed", "reopened") == (1.0, [(0.0, 1), (0.0, 1)])


async def test_an_answer_that_nobody_has_judged_yet_is_neither_for_nor_against(office: Office) -> None:
    nothing = (None, [(None, 0), (None, 0)])
    assert await gap_after(office, "opened", "answered") == nothing
    assert await gap_after(office, "opened", "answered", "withdrawn") == nothing


@pytest.mark.parametrize("ending", ["rejected", "withdrawn", "lapsed", "confirmed"])
async def test_a_closure_without_an_answer_gives_no_credit(office: Office, ending: str) -> None:
    gap, (confirmation, _) = await gap_after(office, "opened", "acknowledged", ending)
    assert (gap, confirmation) == (None, (None, 0))


@pytest.mark.parametrize("ending", ["rejected", "withdrawn"])
async def test_a_verdict_stands_however_the_case_ends_afterwards(office: Office, ending: str) -> None:
    """Declining what a resident has called unresolved does not make it unsaid."""
    facts = ("opened", "answered", "confirmed", ending)
    assert await gap_after(office, *facts, confirmed={"resolved": False}) == (1.0, [(0.0, 1), (None, 0)])


async def test_how_much_is_complained_of_lowers_nothing(office: Office) -> None:
    unit = await office.register_unit("north")
    story = Story(unit)
    await office.hear([story.opened(), story.answered(), story.confirmed()])
    before = await said_of(office, unit)
    await office.hear([Story(unit).opened(number) for number in range(20)])
    assert await said_of(office, unit) == before


async def test_a_reopened_case_stays_with_whoever_resolved_it_in_every_order(office: Office) -> None:
    """Also when another unit owes it then, and resolves it for good."""
    for order in permutations(range(5)):
        one, other = await office.register_unit(f"unit-{uuid4()}"), await office.register_unit(f"unit-{uuid4()}")
        case_id = uuid4()
        first, then = Story(one, case_id), Story(other, case_id)
        told = [
            first.confirmed(2, judgement=1),
            first.reopened(2, judgement=1),
            then.handed_over(2),
            then.answered(3, first=False),
            then.confirmed(4, judgement=2),
        ]
        await office.hear([*(told[number] for number in order), first.answered(1)])
        assert await said_of(office, one) == (1.0, [(0.0, 1), (0.0, 1)])
        assert await said_of(office, other) == (0.0, [(1.0, 1), (1.0, 1)])


async def test_what_was_reopened_once_did_not_last_though_it_was_confirmed_again(office: Office) -> None:
    unit = await office.register_unit("north")
    story = Story(unit)
    await office.hear([story.answered(), story.confirmed(3), story.reopened(4), story.confirmed(5, judgement=2)])
    assert await said_of(office, unit) == (0.0, [(1.0, 1), (0.0, 1)])


async def test_what_lapsed_and_was_reopened_counts_once_it_is_confirmed(office: Office) -> None:
    unit = await office.register_unit("north")
    story = Story(unit)
    await office.hear([story.answered(), story.lapsed(3), story.reopened(4, judgement=0)])
    assert await said_of(office, unit) == (1.0, [(0.0, 1), (None, 0)])
    await office.hear([story.confirmed(5)])
    assert await said_of(office, unit) == (0.0, [(1.0, 1), (1.0, 1)])


Happening = Callable[[Story], Event]


async def visits_after(office: Office, *visits: Sequence[Happening]) -> dict[str, Any]:
    """What the card says of visits to which these things happened, each planned before."""
    unit = await office.register_unit(f"unit-{uuid4()}")
    for told in visits:
        story = Story(unit)
        await office.hear([story.planned(), *(fact(story) for fact in told)])
    counts: dict[str, Any] = (await office.scorecard(unit))["visits"]
    return {name: count for name, count in counts.items() if count != NO_VISITS[name]}


async def test_a_visit_is_counted_once_however_often_it_was_recorded(office: Office) -> None:
    told = (lambda visit: visit.recorded(1), lambda visit: visit.recorded(2, findings=3), Story.counted, Story.counted)
    visits = await visits_after(office, told, ())
    on_time = visits.pop("on_time")
    assert visits == {"planned": 2, "done": 1, "with_findings": 1, "counted": 1}
    assert (on_time["value"], on_time["n"]) == (1.0, 1)


async def test_a_late_but_honest_visit_is_counted_apart_and_no_longer_missed(office: Office) -> None:
    late = (Story.missed, lambda visit: visit.recorded(3, outcome="done_late"))
    visits = await visits_after(office, late, (Story.missed,), (Story.recorded,))
    on_time = visits.pop("on_time")
    assert visits == {"planned": 3, "done": 1, "done_late": 1, "missed": 1}
    assert (on_time["value"], on_time["n"]) == (pytest.approx(1 / 3), 3)


async def test_a_refusal_counts_against_nobody(office: Office) -> None:
    refused = (lambda visit: visit.recorded(1, outcome="refused_by_resident"),)
    assert await visits_after(office, refused) == {"planned": 1, "refused": 1}


async def test_what_was_taken_off_the_calendar_was_never_owed(office: Office) -> None:
    by_hand = (lambda visit: visit.recorded(1, outcome="cancelled"),)
    assert await visits_after(office, (Story.cancelled,), by_hand, (Story.cancelled, Story.missed)) == {}


async def test_a_visit_made_does_not_count_until_something_was_learned_or_done(office: Office) -> None:
    assert "counted" not in await visits_after(office, (Story.recorded,))
    assert (await visits_after(office, (Story.recorded, Story.counted)))["counted"] == 1


async def test_responsibility_stays_below(office: Office) -> None:
    upper = await office.register_unit("north", "province")
    lower = await office.register_unit("mid", "county", upper)
    story = Story(lower)
    await office.hear([story.opened(), story.breached(), story.escalated()])
    assert (await office.scorecard(lower))["cases"]["escalated"] == 1
    assert (await office.scorecard(upper))["cases"] == dict.fromkeys((await office.scorecard(lower))["cases"], 0)


async def test_a_case_that_changes_hands_is_the_last_holders(office: Office) -> None:
    before, now = await office.register_unit("before"), await office.register_unit("now")
    case_id = uuid4()
    await office.hear([Story(now, case_id).handed_over(5), Story(before, case_id).opened(0), Story(before, case_id).answered(5)])
    assert (await office.scorecard(before))["cases"]["opened"] == 0
    cases = (await office.scorecard(now))["cases"]
    assert (cases["opened"], cases["answered"]) == (1, 1)


@pytest.mark.parametrize("order", list(permutations(range(4))))
async def test_whose_case_it_is_follows_the_number_of_the_hand_over(office: Office, order: tuple[int, ...]) -> None:
    """There and back and on, all within the hour that anonymous speakers' times are cut to."""
    units = [await office.register_unit(f"unit-{uuid4()}") for _ in range(3)]
    there, back, on = [Story(unit, case_id) for case_id in (uuid4(),) for unit in units]
    told = [there.opened(0), back.handed_over(0, count=1), there.handed_over(0, count=2), on.handed_over(0, count=3)]
    await office.hear([told[number] for number in order])
    assert [(await office.scorecard(unit))["cases"]["opened"] for unit in units] == [0, 0, 1]


async def test_an_overturned_rejection_counts_as_a_reopening_and_an_upheld_one_as_nothing(office: Office) -> None:
    async def reopened(*, overturned: bool) -> tuple[int, int]:
        card = await card_after(office, "opened", "confirmed", "decided", decided={"overturned": overturned})
        return card["cases"]["reopened"], card["cases"]["confirmed"]

    assert await reopened(overturned=True) == (1, 1)
    assert await reopened(overturned=False) == (0, 1)


async def test_an_appeal_that_nobody_decided_in_time_does_not_count_against_the_unit_below(office: Office) -> None:
    late = {"breached": {"kind": ClockKind.appeal}, "escalated": {"cause": EscalationCause.appeal}}
    cases = (await card_after(office, "opened", "breached", "escalated", **late))["cases"]
    assert (cases["breached"], cases["escalated"]) == (0, 0)


Choice = Callable[[Event, Event], list[Event]]
TELLINGS: list[Choice] = [
    lambda old, new: [new],
    lambda old, new: [old],
    lambda old, new: [old, new],
    lambda old, new: [new, old],
]


@pytest.mark.parametrize("kind", [*v1.ClockKind])
async def test_a_fact_told_in_two_versions_is_one_fact_with_either_missing(office: Office, kind: v1.ClockKind) -> None:
    """As during an update: an event of the old version may be under way, alone or before or after its twin."""
    kept = []
    for choose in TELLINGS:
        unit = await office.register_unit(f"unit-{uuid4()}")
        story = Story(unit)
        breach, escalation = story.breached(kind=ClockKind(kind)), story.escalated(cause=EscalationCause(kind))
        told = [choose(*event.versions()) for event in (breach, escalation)]
        await office.hear([story.opened(), *told[0], *told[1]])
        for event in (*told[1], *told[0]):
            await office.hear([event])
        kept.append(await facts_of(office, unit))
    assert kept[1:] == kept[:1] * 3
    assert "breached_at': datetime" in kept[0][0]
    assert "escalated_at': datetime" in kept[0][0]
