"""Supplements through REST: who asks more of a unit, what is refused, and what comes of it for a case."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from shared.auth import ANONYMOUS, Role
from shared.events.assessment import PolicySupplementRegistered
from tests.assessment.office import ADMIN, HOSTILE_QUERIES, Office, assert_problem
from tests.assessment.policies.test_routes import MONDAYS, later, register, rules, same_time, span
from tests.support.callers import principal

PATH = "/v1/policy-supplements"
HASTE = {"deadlines": {"first_answer": span(5)}}
NONE_NAMED = dict.fromkeys(("acknowledgement", "first_answer", "next_answer", "resolution", "appeal"))


@pytest.fixture
async def tree(office: Office) -> dict[str, Any]:
    """A county with two towns."""
    county = await office.register_unit("county")
    towns = {code: await office.register_unit(code, "township", county) for code in ("river", "hill")}
    return {"county": county, **towns}


def asked(unit: Any, **changed: Any) -> dict[str, Any]:
    return {"unit_id": unit["id"], "reason": "The river rises.", **HASTE, **changed}


async def supplement(office: Office, unit: Any, caller: Any = ADMIN, **changed: Any) -> Any:
    return await office.post(PATH, asked(unit, **changed), caller)


async def refuse(office: Office, unit: Any, status: int, slug: str, **changed: Any) -> str:
    answer = await office.client.post(PATH, caller=ADMIN, json=asked(unit, **changed))
    assert_problem(answer, status, slug)
    return str(answer.json()["detail"])


async def effective(office: Office, unit: Any, **params: Any) -> Any:
    return await office.get("/v1/policies/effective", unit_id=unit["id"], **params)


def term(found: Any, name: str) -> tuple[Any, str]:
    [one] = [each for each in found["terms"] if each["term"] == name]
    return one["reopenings"] if one["span"] is None else one["span"], one["label"]


async def test_register_supplement_shows_and_tells_what_was_asked_for(office: Office, tree: dict[str, Any]) -> None:
    lead = principal(Role.lead, unit_id=tree["river"]["id"])
    made = await supplement(office, tree["river"], lead, channel="thought", confirm_within=span(40))
    assert made == {
        "deadlines": {**NONE_NAMED, **HASTE["deadlines"]},
        "escalation": [],
        "escalate_after_reopenings": None,
        "confirm_within": span(40),
        "reopen_within": None,
        "appeal_within": None,
        "id": made["id"],
        "label": "river:thought.v1",
        "version": 1,
        "unit_id": tree["river"]["id"],
        "channel": "thought",
        "effective_from": made["effective_from"],
        "ends": False,
        "reason": "The river rises.",
        "by_role": "lead",
        "by_unit_id": tree["river"]["id"],
        "registered_at": made["registered_at"],
    }
    assert same_time(made["effective_from"], office.clock())
    assert await office.get(f"{PATH}/{made['id']}", principal(Role.resident)) == made
    (event,) = await office.recorded(PolicySupplementRegistered)
    assert event.model_dump(mode="json") == {
        "supplement_id": made["id"],
        "supplement_code": "river:thought",
        **{name: made[name] for name in ("version", "unit_id", "channel", "effective_from", "ends", "registered_at")},
        "rules": {name: made[name] for name in ("deadlines", "escalation", "escalate_after_reopenings")}
        | {name: made[name] for name in ("confirm_within", "reopen_within", "appeal_within")},
    }
    assert (str(event.key), event.topic) == (made["id"], "massline.assessment.policies")


async def test_only_a_lead_of_the_unit_or_of_one_above_registers(office: Office, tree: dict[str, Any]) -> None:
    for unit in ("river", "county"):
        await supplement(office, tree["river"], principal(Role.lead, unit_id=tree[unit]["id"]))
    for caller in (principal(Role.lead, unit_id=tree["hill"]["id"]), principal(Role.lead)):
        answer = await office.client.post(PATH, caller=caller, json=asked(tree["river"]))
        assert_problem(answer, 403, "unit-not-led")
    below = principal(Role.lead, unit_id=tree["river"]["id"])
    assert_problem(await office.client.post(PATH, caller=below, json=asked(tree["county"])), 403, "unit-not-led")
    for role in (Role.resident, Role.official, Role.inspector):
        caller = principal(role, unit_id=tree["river"]["id"])
        assert_problem(await office.client.post(PATH, caller=caller, json=asked(tree["river"])), 403, "role-not-allowed")
    for path in (PATH, f"{PATH}/{tree['river']['id']}"):
        assert_problem(await office.client.get(path, caller=ANONYMOUS), 401, "authentication-required")
    assert_problem(await office.client.get(f"{PATH}/{tree['river']['id']}", caller=ADMIN), 404, "supplement-not-found")


async def test_what_a_unit_above_or_an_administrator_asked_is_not_taken_back_below(office: Office, tree: dict[str, Any]) -> None:
    lead, above = (principal(Role.lead, unit_id=tree[unit]["id"]) for unit in ("river", "county"))
    ending = {"unit_id": tree["river"]["id"], "reason": "Too hard.", "ends": True}
    for upper in (above, ADMIN):
        await supplement(office, tree["river"], upper)
        for body in (ending, asked(tree["river"], deadlines={"first_answer": span(9)})):
            assert_problem(await office.client.post(PATH, caller=lead, json=body), 403, "supplement-from-above")
    assert_problem(await office.client.post(PATH, caller=above, json=ending), 403, "supplement-from-above")
    await office.post(PATH, ending)
    await supplement(office, tree["river"], lead)
    await supplement(office, tree["river"], above)


TOO_LAX: list[tuple[dict[str, Any], list[str]]] = [
    (
        {"deadlines": {"first_answer": span(31)}},
        ["deadlines.first_answer is 31 days, default.v1 has 30 days", "emotional.v1"],
    ),
    ({"deadlines": {"first_answer": span(20)}}, ["default-emotional.v1 has 14 days"]),
    ({"deadlines": {"acknowledgement": span(3, "working_days")}, "channel": "thought"}, []),
    (
        {"deadlines": {"acknowledgement": span(8, "working_days")}, "channel": "thought"},
        ["8 working days, default.v1"],
    ),
    ({"deadlines": {"acknowledgement": span(168, "hours")}, "channel": "thought"}, ["168 hours, default.v1 has 7 days"]),
    ({"deadlines": {"acknowledgement": span(166, "hours")}, "channel": "thought"}, []),
    ({"escalation": [span(1, "hours")]}, ["escalation.1 is 1 hours, default.v1 has 0 days"]),
    ({"escalation": [span(0), span(1), span(1), span(1), span(99)]}, []),
    ({"escalate_after_reopenings": 3}, ["escalate_after_reopenings is 3, default.v1 has 2"]),
    ({"escalate_after_reopenings": 1}, []),
    ({"confirm_within": span(29)}, ["confirm_within is 29 days, default.v1 has 30 days"]),
    ({"reopen_within": span(31), "appeal_within": span(30)}, []),
    ({"appeal_within": span(720, "hours")}, ["appeal_within"]),
]


@pytest.mark.parametrize(("said", "named"), TOO_LAX, ids=range(len(TOO_LAX)))
async def test_what_is_laxer_than_any_policy_that_it_would_meet_is_refused_by_name(
    office: Office, tree: dict[str, Any], said: dict[str, Any], named: list[str]
) -> None:
    changed = {"deadlines": {}, **said}
    if not named:
        await supplement(office, tree["river"], **changed)
        return
    detail = await refuse(office, tree["river"], 422, "supplement-too-lax", **changed)
    assert all(part in detail for part in named), detail


async def test_policies_of_the_levels_below_and_of_later_versions_are_met_too(office: Office, tree: dict[str, Any]) -> None:
    await register(office, "grass", level="grassroots", **rules(4))
    assert "grass.v1 has 4 days" in await refuse(office, tree["county"], 422, "supplement-too-lax")
    await register(office, "counties", level="county", **rules(3), effective_from=later(office, days=2))
    soon = {"first_answer": span(4)}
    assert "counties.v1" in await refuse(office, tree["county"], 422, "supplement-too-lax", deadlines=soon)
    await supplement(office, tree["river"], deadlines=soon)


async def test_a_supplement_below_one_may_only_be_stricter_than_it(office: Office, tree: dict[str, Any]) -> None:
    above = await supplement(office, tree["county"])
    slow = {"deadlines": {"first_answer": span(6)}}
    assert above["label"] in await refuse(office, tree["river"], 422, "supplement-too-lax", **slow)
    await office.post(PATH, {"unit_id": tree["county"]["id"], "reason": "It has sunk.", "ends": True})
    await supplement(office, tree["river"], **slow)


async def test_working_days_are_compared_with_those_of_the_same_calendar(office: Office, tree: dict[str, Any]) -> None:
    await office.post("/v1/working-calendars", MONDAYS)
    working = {**rules()["deadlines"], "first_answer": span(4, "working_days")}
    await register(office, "towns", deadlines=working, calendar_code="mondays")
    await refuse(office, tree["river"], 422, "supplement-too-lax", deadlines={"first_answer": span(5, "working_days")})
    await refuse(office, tree["river"], 422, "supplement-too-lax", deadlines={"first_answer": span(3)})
    await supplement(office, tree["river"], deadlines={"first_answer": span(3, "working_days")})
    found = await effective(office, tree["river"], channel="thought")
    assert term(found, "deadlines.first_answer") == (span(3, "working_days"), "river.v1")


BAD: list[tuple[int, str, dict[str, Any]]] = [
    (422, "supplement-says-nothing", {"deadlines": {}}),
    (422, "supplement-ends", {"ends": True}),
    (409, "supplement-ended", {"ends": True, "deadlines": {}}),
    (422, "policy-in-the-past", {"effective_from": "2026-03-02T09:30:14Z"}),
    (404, "unit-not-found", {"unit_id": "018f0000-0000-7000-8000-000000000000"}),
    (422, "invalid-request", {"deadlines": {"first_answer": span(0)}}),
    (422, "invalid-request", {"deadlines": {"whenever": span(1)}}),
    (422, "invalid-request", {"reason": " "}),
    (422, "invalid-request", {"reason": "\x00"}),
    (422, "invalid-request", {"escalation": [span(0)] * 11}),
    (422, "invalid-request", {"escalate_after_reopenings": 0}),
    (422, "invalid-request", {"channel": "gossip"}),
    (422, "invalid-request", {"calendar_code": "mondays"}),
]


@pytest.mark.parametrize(("status", "slug", "changed"), BAD, ids=range(len(BAD)))
async def test_bad_supplements_are_refused_and_nothing_is_kept(
    office: Office, tree: dict[str, Any], status: int, slug: str, changed: dict[str, Any]
) -> None:
    await refuse(office, tree["river"], status, slug, **changed)
    assert await office.recorded(PolicySupplementRegistered) == []
    assert (await office.get(PATH))["items"] == []


async def test_versions_follow_one_another_and_are_never_changed(office: Office, tree: dict[str, Any]) -> None:
    first = await supplement(office, tree["river"])
    second = await supplement(office, tree["river"], deadlines={"first_answer": span(9)}, effective_from=later(office, days=5))
    ended = await office.post(
        PATH, {"unit_id": tree["river"]["id"], "reason": "Enough.", "ends": True, "effective_from": later(office, days=9)}
    )
    assert [made["label"] for made in (first, second, ended)] == ["river.v1", "river.v2", "river.v3"]
    assert (await office.get(PATH, unit_id=tree["river"]["id"]))["items"] == [first, second, ended]
    for days, expected in ((0, "default.v1+river.v1"), (5, "default.v1+river.v2"), (9, "default.v1")):
        found = await effective(office, tree["river"], channel="thought", at=later(office, days=days))
        assert found["label"] == expected
    again = {"unit_id": tree["river"]["id"], "reason": "Enough.", "ends": True}
    assert_problem(await office.client.post(PATH, caller=ADMIN, json=again), 409, "supplement-ended")


async def test_registered_at_once_versions_are_given_out_one_by_one(office: Office, tree: dict[str, Any]) -> None:
    made = await asyncio.gather(*(supplement(office, tree["river"]) for _ in range(5)))
    assert sorted(each["version"] for each in made) == [1, 2, 3, 4, 5]


async def test_effective_for_a_unit_says_of_each_term_where_it_comes_from(office: Office, tree: dict[str, Any]) -> None:
    await supplement(office, tree["county"], deadlines={"acknowledgement": span(2)}, confirm_within=span(60))
    await supplement(office, tree["river"], escalate_after_reopenings=1)
    await supplement(office, tree["river"], channel="thought", deadlines={"first_answer": span(36, "hours")})
    found = await effective(office, tree["river"], channel="thought")
    assert found["label"] == "default.v1+county.v1+river.v1+river:thought.v1"
    assert [each["label"] for each in found["supplements"]] == ["county.v1", "river.v1", "river:thought.v1"]
    assert found["policy"]["label"] == "default.v1"
    assert found["reason"].startswith("default.v1 is the version in effect for ")
    expected = {
        "deadlines.acknowledgement": (span(2), "county.v1"),
        "deadlines.first_answer": (span(36, "hours"), "river:thought.v1"),
        "deadlines.resolution": (span(90), "default.v1"),
        "escalation.4": (span(30), "default.v1"),
        "confirm_within": (span(60), "county.v1"),
        "reopen_within": (span(30), "default.v1"),
        "escalate_after_reopenings": (1, "river.v1"),
    }
    assert {name: term(found, name) for name in expected} == expected
    other = await effective(office, tree["hill"], channel="thought")
    assert other["label"] == "default.v1+county.v1"
    assert term(other, "escalate_after_reopenings") == (2, "default.v1")
    before = (office.clock() - timedelta(seconds=1)).isoformat()
    assert (await effective(office, tree["river"], channel="thought", at=before))["label"] == "default.v1"


async def test_effective_is_asked_for_a_unit_or_for_a_level(office: Office, tree: dict[str, Any]) -> None:
    both = {"unit_id": tree["river"]["id"], "level": "township"}
    answer = await office.client.get("/v1/policies/effective", caller=ADMIN, params=both)
    assert_problem(answer, 422, "level-of-unit")
    stranger = {"unit_id": "018f0000-0000-7000-8000-000000000000"}
    assert_problem(await office.client.get("/v1/policies/effective", caller=ADMIN, params=stranger), 404, "unit-not-found")
    found = await office.get("/v1/policies/effective", level="township")
    assert (found["label"], found["supplements"]) == ("default.v1", [])


async def test_lists_of_supplements_come_in_pages_and_refuse_hostile_input(office: Office, tree: dict[str, Any]) -> None:
    made = [await supplement(office, tree[code]) for code in ("county", "river", "hill")]
    first = await office.get(PATH, limit=2)
    rest = await office.get(PATH, limit=2, cursor=first["next_cursor"])
    assert ([*first["items"], *rest["items"]], rest["next_cursor"]) == (made, None)
    for query in [*HOSTILE_QUERIES, {"unit_id": "x"}]:
        assert_problem(await office.client.get(PATH, caller=ADMIN, params=query), 422)
