"""Simulations through REST: what would differ, for whom, and what is not known."""

from collections.abc import Sequence
from itertools import permutations
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from shared.auth import ANONYMOUS, Role
from shared.events.assessment import PolicyRegistered
from shared.events.envelope import Event
from shared.events.feedback import CaseQuestionAsked, ClockKind
from shared.ids import new_id
from tests.assessment.cases import Story, after
from tests.assessment.office import ADMIN, Office, assert_problem
from tests.assessment.policies.test_routes import policy, register, rules, span
from tests.support.callers import principal

PATH = "/v1/policies/simulate"
DAY = 24.0
SPAN = {"since": "2026-03-01", "until": "2026-03-03"}
NOTHING = dict.fromkeys(("cases", "breached_then", "would_breach", "newly_breached", "newly_kept", "paused", "reopened"), 0)


@pytest.fixture
async def tree(office: Office) -> dict[str, Any]:
    """A county with two towns; a month has passed since the cases."""
    county = await office.register_unit("county")
    towns = {code: await office.register_unit(code, "township", county) for code in ("river", "hill")}
    office.clock.advance(days=30)
    return {"county": county, **towns}


def asked(**changed: Any) -> dict[str, Any]:
    return {"policy": policy(), **SPAN, **changed}


async def simulate(office: Office, caller: Any = ADMIN, **changed: Any) -> Any:
    answer = await office.client.post(PATH, caller=caller, json=asked(**changed))
    assert answer.status_code == 200, answer.text
    return answer.json()


def clocks(found: Any) -> dict[str, dict[str, int]]:
    """What is not nothing."""
    return {
        clock["clock"]: {name: number for name, number in clock.items() if name != "clock" and number}
        for clock in found["clocks"]
        if any(clock[name] for name in NOTHING)
    }


def asks(story: Story, hours: float) -> Event:
    return CaseQuestionAsked(**story.case, message_id=new_id(), asked_at=after(hours))


def within(days: int) -> dict[str, Any]:
    """The changed rules: everything within so many days."""
    return {"policy": policy(**rules(days))}


async def test_a_shorter_deadline_shows_who_would_have_broken_it_and_a_longer_one_who_would_not(
    office: Office, tree: dict[str, Any]
) -> None:
    """By the shipped rules: an answer after ten days in time, another after forty late."""
    quick, slow = Story(tree["river"]), Story(tree["hill"])
    late = [slow.breached(30 * DAY), slow.answered(40 * DAY, in_time=False)]
    office.clock.advance(days=30)
    await office.hear([quick.opened(), quick.acknowledged(), quick.answered(10 * DAY), quick.confirmed(11 * DAY)])
    await office.hear([slow.opened(), slow.acknowledged(2 * DAY), *late, slow.confirmed(41 * DAY)])
    before = await _everything(office)

    found = await simulate(office, **within(7))
    assert (found["label"], found["cases"], found["cases_not_known"]) == ("towns.v1", 2, 0)
    assert clocks(found) == {
        "acknowledgement": {"cases": 2},
        "first_answer": {"cases": 2, "breached_then": 1, "would_breach": 2, "newly_breached": 1},
        "resolution": {"cases": 2, "would_breach": 2, "newly_breached": 2},
    }
    assert [(level["level"], clocks(level)) for level in found["levels"]] == [("township", clocks(found))]
    assert {unit["code"]: clocks(unit)["first_answer"] for unit in found["units"]} == {
        "river": {"cases": 1, "would_breach": 1, "newly_breached": 1},
        "hill": {"cases": 1, "breached_then": 1, "would_breach": 1},
    }
    kept = await simulate(office, **within(50))
    assert clocks(kept)["first_answer"] == {"cases": 2, "breached_then": 1, "newly_kept": 1}
    assert [unit["code"] for unit in kept["units"]] == ["hill", "river"], "those with most differences first"
    same = await simulate(office, **within(30))
    assert clocks(same)["first_answer"] == {"cases": 2, "breached_then": 1, "would_breach": 1}
    assert await _everything(office) == before, "nothing is written"
    assert await office.recorded(PolicyRegistered) == []


async def _everything(office: Office) -> Any:
    async with office.service.database.session() as session:
        rows = await session.execute(text("SELECT (SELECT count(*) FROM policies), (SELECT count(*) FROM outbox)"))
        return tuple(rows.one())


async def test_the_order_of_events_and_a_second_telling_change_nothing(office: Office, tree: dict[str, Any]) -> None:
    expected = None
    for number, order in enumerate(permutations(range(4))):
        story = Story(tree["river"])
        told: Sequence[Event] = [
            story.opened(),
            story.acknowledged(8 * DAY, in_time=False),
            story.breached(7 * DAY, kind=ClockKind.acknowledgement),
            story.withdrawn(9 * DAY),
        ]
        await office.hear([told[place] for place in (*order, *order)])
        found = clocks(await simulate(office, **within(3)))
        expected = expected or found
        assert found == {clock: {name: n * (number + 1) for name, n in counts.items()} for clock, counts in expected.items()}
    assert expected == {
        "acknowledgement": {"cases": 1, "breached_then": 1, "would_breach": 1},
        "first_answer": {"cases": 1, "would_breach": 1, "newly_breached": 1},
        "resolution": {"cases": 1, "would_breach": 1, "newly_breached": 1},
    }


async def test_what_ended_owes_nothing_more(office: Office, tree: dict[str, Any]) -> None:
    for story in (Story(tree["river"]), Story(tree["hill"])):
        await office.hear([story.opened(), story.acknowledged(), story.rejected(5 * DAY)])
    assert clocks(await simulate(office, **within(9)))["first_answer"] == {"cases": 2}
    assert clocks(await simulate(office, **within(4)))["first_answer"]["newly_breached"] == 2


async def test_clocks_that_stood_still_or_ran_again_are_counted_apart(office: Office, tree: dict[str, Any]) -> None:
    paused, reopened = Story(tree["river"]), Story(tree["hill"])
    await office.hear([paused.opened(), asks(paused, 5), paused.answered(20 * DAY)])
    await office.hear([reopened.opened(), reopened.answered(2 * DAY), reopened.confirmed(3 * DAY), reopened.reopened(4 * DAY)])
    assert clocks(await simulate(office, **within(7))) == {
        "acknowledgement": {"cases": 2},
        "first_answer": {"cases": 1, "paused": 1},
        "resolution": {"paused": 1, "reopened": 1},
    }


async def test_a_narrower_policy_of_then_is_not_overruled(office: Office, tree: dict[str, Any]) -> None:
    office.clock.advance(days=-30)
    await register(office, "said", level="township", channel="public_opinion", **rules(9))
    office.clock.advance(days=30)
    story = Story(tree["river"])
    await office.hear([story.opened()])
    assert (await simulate(office))["cases"] == 0
    narrow = policy("said", channel="public_opinion")
    assert (await simulate(office, policy=narrow))["cases"] == 1
    assert (await simulate(office, policy=policy("counties", level="county")))["cases"] == 0
    assert (await simulate(office, policy=policy("default", level=None)))["cases"] == 0


async def test_supplements_of_then_stay_in_force(office: Office, tree: dict[str, Any]) -> None:
    office.clock.advance(days=-30)
    supplement = {"unit_id": tree["river"]["id"], "reason": "The river rises.", "deadlines": {"first_answer": span(4)}}
    await office.post("/v1/policy-supplements", supplement)
    office.clock.advance(days=30)
    for town in ("river", "hill"):
        story = Story(tree[town])
        await office.hear([story.opened(1), story.answered(10 * DAY)])
    found = await simulate(office, **within(20))
    assert {unit["code"]: clocks(unit)["first_answer"].get("would_breach", 0) for unit in found["units"]} == {
        "river": 1,
        "hill": 0,
    }


async def test_working_days_count_by_the_newest_calendar(office: Office, tree: dict[str, Any]) -> None:
    """Opened on a Monday morning: two Mondays of work end a week later."""
    mondays = {"code": "mondays", "name": "Mondays", "time_zone": "UTC", "weekly": {"monday": [["09:00", "17:00"]]}}
    await office.post("/v1/working-calendars", mondays)
    working = {**rules()["deadlines"], "first_answer": span(2, "working_days")}
    for hours, town in ((6 * DAY, "river"), (8 * DAY, "hill")):
        story = Story(tree[town])
        await office.hear([story.opened(), story.answered(hours)])
    found = await simulate(office, policy=policy(deadlines=working, calendar_code="mondays"))
    late = {unit["code"]: clocks(unit)["first_answer"].get("would_breach", 0) for unit in found["units"]}
    assert late == {"river": 0, "hill": 0}
    office.clock.advance(days=1)
    working["first_answer"] = span(1, "working_days")
    found = await simulate(office, policy=policy(deadlines=working, calendar_code="mondays"))
    late = {unit["code"]: clocks(unit)["first_answer"].get("would_breach", 0) for unit in found["units"]}
    assert late == {"river": 0, "hill": 1}


async def test_cases_whose_channel_was_not_kept_are_said_to_be_unknown(office: Office, tree: dict[str, Any]) -> None:
    story = Story(tree["river"])
    await office.hear([story.opened(), story.answered(10 * DAY)])
    async with office.service.database.session() as session:
        await session.execute(text("UPDATE clock_evidence SET channel = NULL"))
        await session.commit()
    found = await simulate(office)
    assert (found["cases"], found["cases_not_known"], clocks(found)) == (0, 1, {})


async def test_a_lead_sees_the_own_subtree_and_an_inspector_what_they_oversee(office: Office, tree: dict[str, Any]) -> None:
    for town in ("river", "hill"):
        story = Story(tree[town])
        await office.hear([story.opened()])
    lead, above = (principal(Role.lead, unit_id=tree[unit]["id"]) for unit in ("river", "county"))
    assert (await simulate(office, lead))["cases"] == 1
    assert (await simulate(office, lead))["unit_id"] == tree["river"]["id"]
    assert (await simulate(office, above))["cases"] == 2
    assert (await simulate(office, above, unit_id=tree["hill"]["id"]))["cases"] == 1
    assert (await simulate(office, principal(Role.inspector)))["cases"] == 2
    assert (await simulate(office, principal(Role.inspector, unit_id=tree["hill"]["id"])))["cases"] == 1
    for body, status, slug in (
        (asked(unit_id=tree["hill"]["id"]), 403, "unit-not-overseen"),
        (asked(unit_id=tree["county"]["id"]), 403, "unit-not-overseen"),
        (asked(unit_id=str(new_id())), 404, "unit-not-found"),
    ):
        assert_problem(await office.client.post(PATH, caller=lead, json=body), status, slug)
    assert_problem(await office.client.post(PATH, caller=principal(Role.lead), json=asked()), 403, "unit-not-overseen")
    for role in (Role.resident, Role.official):
        assert_problem(await office.client.post(PATH, caller=principal(role), json=asked()), 403, "role-not-allowed")
    assert_problem(await office.client.post(PATH, caller=ANONYMOUS, json=asked()), 401, "authentication-required")


BAD: list[tuple[int, str, dict[str, Any]]] = [
    (422, "simulation-span", {"since": "2026-03-04"}),
    (422, "simulation-span", {"until": "2026-04-02"}),
    (422, "simulation-span", {"since": "2025-01-01"}),
    (422, "invalid-request", {"since": "yesterday"}),
    (422, "invalid-request", {"since": "2026-03-01T00:00:00Z"}),
    (422, "invalid-request", {"more": 1}),
    (422, "invalid-request", {"policy": {}}),
    (422, "invalid-request", {"policy": policy(deadlines={})}),
    (422, "policy-code-reserved", {"policy": policy("effective")}),
    (409, "policy-scope-taken", {"policy": policy("other", level=None)}),
    (409, "policy-scope-fixed", {"policy": policy("default")}),
    (404, "working-calendar-not-found", {"policy": policy(calendar_code="nowhere")}),
]


@pytest.mark.parametrize(("status", "slug", "changed"), BAD, ids=range(len(BAD)))
async def test_what_cannot_be_replayed_is_refused(
    office: Office, tree: dict[str, Any], status: int, slug: str, changed: dict[str, Any]
) -> None:
    assert_problem(await office.client.post(PATH, caller=ADMIN, json=asked(**changed)), status, slug)


async def test_too_many_cases_are_refused_before_any_is_replayed(office: Office, tree: dict[str, Any]) -> None:
    async with office.service.database.session() as session:
        opened = "SELECT gen_random_uuid() AS id FROM generate_series(1, 50001)"
        cases = "INSERT INTO case_evidence (case_id, unit_id, owner) SELECT id, :unit, 0 FROM many RETURNING case_id"
        clocks = "INSERT INTO clock_evidence (case_id, opened_at) SELECT case_id, '2026-03-02' FROM cases"
        await session.execute(text(f"WITH many AS ({opened}), cases AS ({cases}) {clocks}"), {"unit": UUID(tree["river"]["id"])})
        await session.commit()
    assert_problem(await office.client.post(PATH, caller=ADMIN, json=asked()), 422, "simulation-too-large")
    assert (await simulate(office, unit_id=tree["hill"]["id"]))["cases"] == 0
