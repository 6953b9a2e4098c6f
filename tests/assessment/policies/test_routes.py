"""Policies through REST: versions, their scopes and times, and which one a case gets."""

import asyncio
from collections.abc import Mapping
from datetime import datetime, timedelta
from itertools import product
from typing import Any

import pytest

from services.assessment.app import create_service
from services.assessment.settings import AssessmentSettings
from shared.auth import ANONYMOUS, Role
from shared.events.assessment import PolicyRegistered
from shared.events.envelope import Event
from shared.policies import SHIPPED, Channel
from shared.types import Level
from tests.assessment.office import ADMIN, HOSTILE_QUERIES, Office, assert_problem
from tests.support.callers import principal

KINDS = ("acknowledgement", "first_answer", "next_answer", "resolution", "appeal")
WINDOWS = ("confirm_within", "reopen_within", "appeal_within")
SHIPPED_LABELS = [policy.label for policy in SHIPPED]


def span(amount: int = 7, unit: str = "days") -> dict[str, Any]:
    return {"amount": amount, "unit": unit}


def rules(days: int = 7) -> dict[str, Any]:
    return {
        "deadlines": dict.fromkeys(KINDS, span(days)),
        "escalation": [span(0), span(days)],
        "escalate_after_reopenings": None,
        **dict.fromkeys(WINDOWS, span(days)),
        "calendar_code": None,
    }


def policy(code: str = "towns", **changed: Any) -> dict[str, Any]:
    """For townships when nothing else is said."""
    return {"code": code, "name": "Rules", "level": "township", "channel": None, **rules(), **changed}


async def register(office: Office, code: str = "towns", **changed: Any) -> Any:
    return await office.post("/v1/policies", policy(code, **changed))


async def refuse(office: Office, status: int, slug: str, code: str = "towns", **changed: Any) -> None:
    assert_problem(await office.client.post("/v1/policies", caller=ADMIN, json=policy(code, **changed)), status, slug)


async def effective(office: Office, **params: Any) -> Any:
    return (await office.get("/v1/policies/effective", **params))["policy"]


def later(office: Office, **duration: float) -> str:
    return (office.clock() + timedelta(**duration)).isoformat()


def same_time(one: str, other: datetime) -> bool:
    return datetime.fromisoformat(one) == other


async def labels(office: Office, path: str = "/v1/policies", **params: Any) -> list[str]:
    """Of every page, two at a time."""
    found: list[str] = []
    cursor: Mapping[str, Any] = {}
    while True:
        page = await office.get(path, limit=2, **params, **cursor)
        found += [policy["label"] for policy in page["items"]]
        assert len(page["items"]) == 2 or page["next_cursor"] is None
        if page["next_cursor"] is None:
            return found
        cursor = {"cursor": page["next_cursor"]}


async def told(office: Office) -> list[Event]:
    return await office.recorded(PolicyRegistered)


async def test_register_policy_shows_what_was_asked_for(office: Office) -> None:
    made = await register(office)
    assert made == {
        **policy(),
        "id": made["id"],
        "label": "towns.v1",
        "version": 1,
        "effective_from": made["effective_from"],
        "registered_at": made["registered_at"],
        "shipped": False,
    }
    assert same_time(made["effective_from"], office.clock())
    assert same_time(made["registered_at"], office.clock())
    assert (await office.get("/v1/policies/towns"))["items"] == [made]


async def test_register_policy_tells_all_but_its_name(office: Office) -> None:
    await office.post("/v1/working-calendars", MONDAYS)
    working: dict[str, Any] = {
        "deadlines": {**rules()["deadlines"], "resolution": span(40, "working_days")},
        "calendar_code": "mondays",
    }
    made = await register(office, channel="thought", effective_from=later(office, days=3), **working)
    (event,) = await told(office)
    assert isinstance(event, PolicyRegistered)
    assert event.model_dump(mode="json") == {
        "policy_id": made["id"],
        "policy_code": "towns",
        "version": 1,
        "level": "township",
        "channel": "thought",
        "effective_from": made["effective_from"],
        "rules": {**rules(), **working},
        "registered_at": made["registered_at"],
    }
    assert (event.key, event.topic) == (event.policy_id, "massline.assessment.policies")


async def test_register_policy_keeps_every_version_as_it_was(office: Office) -> None:
    first = await register(office)
    office.clock.advance(days=1)
    second = await register(office, **rules(9), name="Rules, mended")
    assert (second["version"], second["label"], second["deadlines"]) == (2, "towns.v2", rules(9)["deadlines"])
    assert (await office.get("/v1/policies/towns"))["items"] == [first, second]
    assert [event.model_dump()["version"] for event in await told(office)] == [1, 2]


MONDAYS = {"code": "mondays", "name": "Mondays", "time_zone": "Asia/Shanghai", "weekly": {"monday": [["09:00", "17:00"]]}}
REFUSALS: list[tuple[int, str, dict[str, Any]]] = [
    (409, "policy-scope-fixed", {"level": "county"}),
    (409, "policy-scope-fixed", {"channel": "thought"}),
    (409, "policy-scope-fixed", {"level": None}),
    (409, "policy-scope-taken", {"code": "other"}),
    (409, "policy-scope-taken", {"code": "other", "level": None}),
    (409, "policy-scope-taken", {"code": "other", "level": None, "channel": "emotional"}),
    (409, "policy-scope-fixed", {"code": "default"}),
    (422, "policy-code-reserved", {"code": "effective"}),
    (422, "policy-in-the-past", {"effective_from": "2026-03-02T09:30:14Z"}),
    (404, "working-calendar-not-found", {"calendar_code": "nowhere"}),
    (422, "invalid-request", {"deadlines": {**rules()["deadlines"], "resolution": span(9, "working_days")}}),
    (422, "invalid-request", {"escalation": []}),
    (422, "invalid-request", {"escalation": [span(1)] * 11}),
    (422, "invalid-request", {"confirm_within": span(0)}),
    (422, "invalid-request", {"confirm_within": span(87_601, "hours")}),
    (422, "invalid-request", {"confirm_within": span(3_651)}),
    (422, "invalid-request", {"confirm_within": span(7, "weeks")}),
    (422, "invalid-request", {"confirm_within": {"amount": 2**63, "unit": "days"}}),
    (422, "invalid-request", {"confirm_within": {"amount": "7", "unit": "days"}}),
    (422, "invalid-request", {"deadlines": {"acknowledgement": span()}}),
    (422, "invalid-request", {"deadlines": {**rules()["deadlines"], "patience": span()}}),
    (422, "invalid-request", {"escalate_after_reopenings": 0}),
    (422, "invalid-request", {"level": "galaxy"}),
    (422, "invalid-request", {"channel": "telepathy"}),
    (422, "invalid-request", {"code": "with space"}),
    (422, "invalid-request", {"code": "x" * 64}),
    (422, "invalid-request", {"name": " "}),
    (422, "invalid-request", {"name": "a\x00b"}),
    (422, "invalid-request", {"effective_from": "2026-03-02T09:30:15"}),
    (422, "invalid-request", {"effective_from": "9999-12-31T23:59:59-12:00"}),
    (422, "invalid-request", {"version": 7}),
]


@pytest.mark.parametrize(("status", "slug", "changed"), REFUSALS, ids=range(len(REFUSALS)))
async def test_register_policy_refusals_leave_nothing_behind(
    office: Office, status: int, slug: str, changed: dict[str, Any]
) -> None:
    await register(office)
    await refuse(office, status, slug, **changed)
    assert await labels(office) == [*SHIPPED_LABELS, "towns.v1"]
    assert len(await told(office)) == 1


async def test_register_policy_is_the_administrators(office: Office) -> None:
    for role in set(Role) - {Role.admin, Role.anonymous}:
        answer = await office.client.post("/v1/policies", caller=principal(role), json=policy())
        assert_problem(answer, 403, "role-not-allowed")
    assert_problem(await office.client.post("/v1/policies", caller=ANONYMOUS, json=policy()), 401, "authentication-required")
    for path in ("/v1/policies", "/v1/policies/effective", "/v1/policies/default"):
        assert_problem(await office.client.get(path, caller=ANONYMOUS), 401, "authentication-required")
        await office.get(path, principal(Role.resident))


async def test_register_policy_eight_versions_at_once(office: Office, settings: AssessmentSettings) -> None:
    """In two processes: 1 to 8, none twice and none left out, told as they are kept."""
    other = create_service(settings, clock=office.clock)
    async with other.open():
        offices = [office, Office(other, office.clock)] * 4
        made = await asyncio.gather(*(register(each, **rules(day)) for day, each in enumerate(offices, 1)))
    assert sorted(each["version"] for each in made) == [*range(1, 9)]
    kept = (await office.get("/v1/policies/towns"))["items"]
    assert sorted(kept, key=lambda each: each["version"]) == sorted(made, key=lambda each: each["version"])
    events = {event.policy_id: event for event in await told(office) if isinstance(event, PolicyRegistered)}
    assert {str(id): (event.version, event.rules.model_dump(mode="json")["deadlines"]) for id, event in events.items()} == {
        each["id"]: (each["version"], each["deadlines"]) for each in made
    }


async def test_register_policy_two_codes_at_once_for_one_scope(office: Office) -> None:
    asked = (office.client.post("/v1/policies", caller=ADMIN, json=policy(f"code-{number}")) for number in range(6))
    answers = await asyncio.gather(*asked)
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409, 409, 409]
    assert len(await told(office)) == 1


# What is shipped.


async def test_what_is_shipped_is_shown_as_such(office: Office) -> None:
    items = (await office.get("/v1/policies"))["items"]
    assert [(item["label"], item["shipped"], item["effective_from"]) for item in items] == [
        ("default.v1", True, "1970-01-01T00:00:00Z"),
        ("default-emotional.v1", True, "1970-01-01T00:00:00Z"),
    ]
    assert (await office.get("/v1/policies/default"))["items"] == items[:1]
    assert await told(office) == []


async def test_the_next_version_of_a_shipped_policy(office: Office) -> None:
    made = await register(office, "default", level=None)
    assert (made["label"], made["shipped"]) == ("default.v2", False)
    assert await labels(office, "/v1/policies/default") == ["default.v1", "default.v2"]
    assert await effective(office, level="county", channel="thought") == made
    shipped = await effective(office, level="county", channel="thought", at="2026-03-02T09:30:15Z")
    assert (shipped["label"], shipped["shipped"]) == ("default.v1", True)
    await refuse(office, 409, "policy-scope-fixed", "default-emotional", level=None)
    other = await register(office, "default-emotional", level=None, channel="emotional")
    assert other["label"] == "default-emotional.v2"


# Which one applies.


async def test_get_effective_policy_for_every_level_and_channel(office: Office) -> None:
    await register(office, "both", channel="thought")
    await register(office, "towns")
    await register(office, "questions", level=None, channel="thought")
    for level, channel in product((None, *Level), (None, *Channel)):
        match level, channel:
            case Level.township, Channel.thought:
                expected, narrowest = "both.v1", True
            case Level.township, _:
                expected, narrowest = "towns.v1", False
            case _, Channel.thought:
                expected, narrowest = "questions.v1", False
            case _, Channel.emotional:
                expected, narrowest = "default-emotional.v1", False
            case _:
                expected, narrowest = "default.v1", False
        asked = {name: value.value for name, value in (("level", level), ("channel", channel)) if value}
        found = await office.get("/v1/policies/effective", **asked)
        assert found["policy"]["label"] == expected, asked
        assert found["reason"].startswith(f"{expected} is the version in effect for ")
        assert ("anything narrower" in found["reason"]) is not narrowest


async def test_a_policy_is_in_effect_from_its_time_on(office: Office) -> None:
    first = await register(office)
    future = await register(office, effective_from=later(office, days=9))
    soon = {"level": "township", "channel": "thought"}
    assert await effective(office, **soon) == first
    assert await effective(office, **soon, at=later(office, days=9, microseconds=-1)) == first
    assert await effective(office, **soon, at=later(office, days=9)) == future
    office.clock.advance(days=9)
    assert await effective(office, **soon) == future
    office.clock.advance(days=-9)
    overtaking = await register(office, effective_from=later(office, days=4))
    for days, expected in ((3, first), (4, overtaking), (9, overtaking), (999, overtaking)):
        assert await effective(office, **soon, at=later(office, days=days)) == expected


async def test_before_anything_was_in_effect_there_is_no_policy(office: Office) -> None:
    at = "1969-12-31T23:59:59Z"
    answer = await office.client.get("/v1/policies/effective", caller=ADMIN, params={"at": at})
    assert_problem(answer, 404, "policy-not-found")
    assert (await office.get("/v1/policies", at=at))["items"] == []


async def test_list_policies_pages_filters_and_moments(office: Office) -> None:
    await register(office, effective_from=later(office, days=1))
    await register(office, effective_from=later(office, days=2))
    await register(office, "questions", level=None, channel="thought")
    await register(office, "both", channel="thought")
    await register(office, "default", level=None, effective_from=later(office, days=3))
    every = [*SHIPPED_LABELS, "towns.v1", "towns.v2", "questions.v1", "both.v1", "default.v2"]
    assert await labels(office) == every
    assert await labels(office, level="township") == ["towns.v1", "towns.v2", "both.v1"]
    assert await labels(office, channel="thought") == ["questions.v1", "both.v1"]
    assert await labels(office, channel="emotional") == ["default-emotional.v1"]
    assert await labels(office, level="township", channel="thought") == ["both.v1"]
    assert await labels(office, level="county") == []
    assert await labels(office, at=later(office)) == [*SHIPPED_LABELS, "questions.v1", "both.v1"]
    assert await labels(office, at=later(office, days=1)) == [*SHIPPED_LABELS, "towns.v1", "questions.v1", "both.v1"]
    assert await labels(office, at=later(office, days=2), level="township") == ["towns.v2", "both.v1"]
    assert await labels(office, at=later(office, days=3)) == [every[1], "towns.v2", "questions.v1", "both.v1", "default.v2"]


async def test_policies_of_an_unknown_code(office: Office) -> None:
    for code in ("nothing", "towns.v1", "default.v1"):
        assert_problem(await office.client.get(f"/v1/policies/{code}", caller=ADMIN), 404, "policy-not-found")
    await register(office, "a.v1")
    assert await labels(office, "/v1/policies/a.v1") == ["a.v1.v1"]


@pytest.mark.parametrize("path", ["/v1/policies", "/v1/policies/default"])
async def test_lists_of_policies_hostile_input(office: Office, path: str) -> None:
    for query in HOSTILE_QUERIES:
        assert_problem(await office.client.get(path, caller=ADMIN, params=query), 422)


@pytest.mark.parametrize(
    "query", [{"level": "galaxy"}, {"channel": "\x00"}, {"at": "yesterday"}, {"at": "2026-03-02T09:30:15"}, {"at": "1e999"}]
)
async def test_filters_of_policies_hostile_input(office: Office, query: dict[str, str]) -> None:
    for path in ("/v1/policies", "/v1/policies/effective"):
        assert_problem(await office.client.get(path, caller=ADMIN, params=query), 422)
