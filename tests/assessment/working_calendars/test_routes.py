"""Working calendars through REST: versions, and what a calendar may say."""

import asyncio
import json
from datetime import date, timedelta
from typing import Any

import pytest

from services.assessment.app import create_service
from services.assessment.settings import AssessmentSettings
from shared.auth import ANONYMOUS, Role
from shared.events.assessment import WorkingCalendarRegistered
from tests.assessment.office import ADMIN, HOSTILE_QUERIES, Office, assert_problem
from tests.support.callers import principal

HOURS = [["09:00", "12:00"], ["13:30", "17:30"]]
WEEK = {**dict.fromkeys(("monday", "tuesday", "wednesday", "thursday", "friday"), HOURS), "saturday": [], "sunday": []}
OFFICE = {
    "code": "office",
    "name": "Office hours",
    "time_zone": "Asia/Shanghai",
    "weekly": WEEK,
    "holidays": [{"date": "2026-05-01", "name": "五一 May Day"}],
    "working_dates": [{"date": "2026-05-09", "periods": [["09:00", "12:00"]]}],
}
MANY = [{"date": (date(2026, 6, 1) + timedelta(days=day)).isoformat(), "name": "-"} for day in range(1_001)]


async def register(office: Office, code: str = "office", **changed: Any) -> Any:
    return await office.post("/v1/working-calendars", {**OFFICE, "code": code, **changed})


async def told(office: Office) -> list[Any]:
    return [event.model_dump(mode="json") for event in await office.recorded(WorkingCalendarRegistered)]


async def test_register_working_calendar_shows_what_was_asked_for(office: Office) -> None:
    made = await register(office)
    assert made == {**OFFICE, "id": made["id"], "version": 1, "registered_at": made["registered_at"]}
    for query in ({}, {"version": 1}):
        assert await office.get("/v1/working-calendars/office", principal(Role.resident), **query) == made


async def test_register_working_calendar_tells_all_but_words(office: Office) -> None:
    made = await register(office)
    assert await told(office) == [
        {
            "working_calendar_id": made["id"],
            "calendar_code": "office",
            "version": 1,
            "time_zone_code": "Asia/Shanghai",
            "weekly": WEEK,
            "holidays": ["2026-05-01"],
            "working_dates": OFFICE["working_dates"],
            "registered_at": made["registered_at"],
        }
    ]


async def test_register_working_calendar_keeps_every_version_as_it_was(office: Office) -> None:
    first = await register(office)
    second = await register(office, holidays=[], time_zone="Europe/Berlin")
    assert (second["version"], second["holidays"], second["time_zone"]) == (2, [], "Europe/Berlin")
    assert await office.get("/v1/working-calendars/office") == second
    assert await office.get("/v1/working-calendars/office", version=1) == first
    assert (await office.get("/v1/working-calendars"))["items"] == [first, second]


async def test_a_calendar_that_names_only_its_week(office: Office) -> None:
    plain = {"code": "plain", "name": "Plain", "time_zone": "UTC", "weekly": {"sunday": [["23:00", "24:00"]]}}
    made = await office.post("/v1/working-calendars", plain)
    assert (made["holidays"], made["working_dates"]) == ([], [])
    assert made["weekly"] == {day: [["23:00", "24:00"]] if day == "sunday" else [] for day in WEEK}


async def test_register_working_calendar_eight_versions_at_once(office: Office, settings: AssessmentSettings) -> None:
    other = create_service(settings, clock=office.clock)
    async with other.open():
        offices = [office, Office(other, office.clock)] * 4
        made = await asyncio.gather(*(register(each, name=f"Number {number}") for number, each in enumerate(offices)))
    assert sorted(each["version"] for each in made) == [*range(1, 9)]
    assert sorted(event["version"] for event in await told(office)) == [*range(1, 9)]
    for each in made:
        assert await office.get("/v1/working-calendars/office", version=each["version"]) == each


REFUSED: list[dict[str, Any]] = [
    {"weekly": {}},
    {"weekly": {"monday": [["09:00", "09:59"]]}},
    {"weekly": {"monday": [["17:00", "09:00"]]}},
    {"weekly": {"monday": [["09:00", "12:00"], ["11:00", "13:00"]]}},
    {"weekly": {"monday": [["9:00", "17:00"]]}},
    {"weekly": {"monday": [["09:00", "25:00"]]}},
    {"weekly": {"monday": [["09:00"]]}},
    {"weekly": {"monday": [[9, 17]]}},
    {"weekly": {"monday": "09:00-17:00"}},
    {"weekly": {**WEEK, "someday": HOURS}},
    {"weekly": {**WEEK, "monday": [[f"{hour:02}:00", f"{hour:02}:30"] for hour in range(24)] + [["23:45", "24:00"]]}},
    {"time_zone": "Europe/Atlantis"},
    {"time_zone": "localtime"},
    {"time_zone": "../../etc/passwd"},
    {"time_zone": "Asia/Shanghai\x00"},
    {"time_zone": "\ud800"},
    {"holidays": [{"date": "2026-05-01"}]},
    {"holidays": ["2026-05-01"]},
    {"holidays": [{"date": "2026-02-30", "name": "-"}]},
    {"holidays": [{"date": "2026-05-03", "name": "-"}] * 2},
    {"holidays": [{"date": "2026-05-09", "name": "-"}]},
    {"holidays": MANY},
    {"working_dates": [{"date": "2026-05-09", "periods": []}]},
    {"working_dates": [{"date": "2026-05-10", "periods": HOURS}] * 2},
    {"working_dates": [{"date": "2026-05-10", "periods": HOURS, "name": "-"}]},
    {"name": "x" * 201},
    {"code": "a/b"},
    {"version": 7},
]


@pytest.mark.parametrize("changed", REFUSED, ids=range(len(REFUSED)))
async def test_register_working_calendar_refusals_leave_nothing_behind(office: Office, changed: dict[str, Any]) -> None:
    sent = {"content": json.dumps({**OFFICE, **changed}), "headers": {"content-type": "application/json"}}
    assert_problem(await office.client.post("/v1/working-calendars", caller=ADMIN, **sent), 422, "invalid-request")
    assert (await office.get("/v1/working-calendars"))["items"] == []
    assert await told(office) == []


async def test_as_many_holidays_as_may_be(office: Office) -> None:
    made = await register(office, holidays=MANY[:1_000], working_dates=[])
    assert len(made["holidays"]) == 1_000


async def test_working_calendars_are_the_administrators_to_register(office: Office) -> None:
    for role in set(Role) - {Role.admin, Role.anonymous}:
        answer = await office.client.post("/v1/working-calendars", caller=principal(role), json=OFFICE)
        assert_problem(answer, 403, "role-not-allowed")
    for path in ("/v1/working-calendars", "/v1/working-calendars/office"):
        assert_problem(await office.client.get(path, caller=ANONYMOUS), 401, "authentication-required")


async def test_list_working_calendars_in_pages(office: Office) -> None:
    made = [await register(office, code) for code in ("a", "b", "a", "c", "a")]
    seen: list[Any] = []
    cursor: dict[str, Any] = {}
    for _ in range(3):
        page = await office.get("/v1/working-calendars", limit=2, **cursor)
        seen += page["items"]
        cursor = {"cursor": page["next_cursor"]}
    assert (seen, cursor) == (made, {"cursor": None})


async def test_working_calendars_unknown_and_hostile(office: Office) -> None:
    await register(office)
    for path in ("nowhere", "office?version=2"):
        answer = await office.client.get(f"/v1/working-calendars/{path}", caller=ADMIN)
        assert_problem(answer, 404, "working-calendar-not-found")
    for version in ("0", "-1", "x", str(2**31), "9" * 5000):
        answer = await office.client.get("/v1/working-calendars/office", caller=ADMIN, params={"version": version})
        assert_problem(answer, 422, "invalid-request")
    for query in HOSTILE_QUERIES:
        assert_problem(await office.client.get("/v1/working-calendars", caller=ADMIN, params=query), 422)
