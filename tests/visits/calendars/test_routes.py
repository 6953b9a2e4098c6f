from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import icalendar
import pytest
from structlog.testing import capture_logs

from services.visits.jobs import follow_windows
from shared.auth import ANONYMOUS, Principal
from tests.support.databases import everything_in
from tests.visits.house import ADMIN, COLLEAGUE, INSPECTOR, LEAD, OFFICIAL, RESIDENT, VILLAGE_OFFICIAL, House, moment

UNKNOWN = "/v1/calendars/" + "A" * 43 + ".ics"


async def opened(house: House, by: Principal = OFFICIAL) -> dict[str, Any]:
    answer = await house.client.post("/v1/calendars", caller=by, json={})
    assert answer.status_code == 201, answer.text
    calendar: dict[str, Any] = answer.json()
    return calendar


async def read(house: House, path: str) -> dict[str, tuple[str, datetime, datetime]]:
    """Id -> purpose and window of each visit that a calendar program finds there, without an account."""
    answer = await house.client.get(path)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "text/calendar; charset=utf-8"
    events = icalendar.Calendar.from_ical(answer.content).walk("VEVENT")
    return {str(e["UID"]): (str(e["SUMMARY"]), e.decoded("DTSTART"), e.decoded("DTEND")) for e in events}


async def listed(house: House, by: Principal = OFFICIAL) -> dict[str, tuple[str, datetime, datetime]]:
    """The same from GET /v1/visits, of what is still to be made."""
    found, cursor = [], None
    while True:
        params = {"assignee": "me", "limit": 100, **({"cursor": cursor} if cursor else {})}
        page = (await house.client.get("/v1/visits", caller=by, params=params)).json()
        found += page["items"]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    unmade = [visit for visit in found if visit["state"] in ("planned", "ready", "missed")]
    return {visit["id"]: (visit["purpose"], *_window(visit)) for visit in unmade}


def _window(visit: dict[str, str]) -> tuple[datetime, datetime]:
    """A calendar knows seconds."""
    starts_at, ends_at = (moment(visit[name]).replace(microsecond=0) for name in ("window_starts_at", "window_ends_at"))
    return starts_at, ends_at


async def test_the_feed_has_the_visits_that_the_list_has(house: House) -> None:
    calendar = await opened(house)
    await house.planned(rrule="FREQ=WEEKLY;COUNT=20", window_days=3, time_zone="Europe/Berlin")
    await house.planned(purpose="水，电; gas, and \\ more: 看看", starts_at="2026-03-05T09:00:00+08:00")
    done = await house.visit()
    await house.record(done)
    await house.visit(assignee_id=str(COLLEAGUE.account_id))
    house.clock.advance(days=12)
    await follow_windows(house.service.works)
    feed = await read(house, calendar["path"])
    assert feed == await listed(house)
    assert len(feed) == 21
    assert done not in feed


async def test_what_is_long_past_or_far_ahead_is_not_in_the_feed(house: House) -> None:
    calendar = await opened(house)
    first = await house.visit(window_days=1)
    later = await house.visit(starts_at=(house.clock() + timedelta(days=190)).isoformat())
    assert set(await read(house, calendar["path"])) == {first}
    house.clock.advance(days=31)
    assert set(await read(house, calendar["path"])) == {first, later}
    house.clock.advance(seconds=1)
    assert set(await read(house, calendar["path"])) == {later}


async def test_a_reassigned_visit_moves_to_the_others_calendar(house: House) -> None:
    mine, theirs = await opened(house), await opened(house, COLLEAGUE)
    visit_id = await house.visit()
    pool = house.service.database.pool
    await pool.execute("UPDATE visits SET assignee_id = $2 WHERE id = $1", UUID(visit_id), COLLEAGUE.account)
    assert await read(house, mine["path"]) == {}
    assert set(await read(house, theirs["path"])) == {visit_id}


async def test_neither_place_nor_people_leave_the_house(house: House) -> None:
    calendar = await opened(house)
    await house.visit(place="The lower lane", population="The upper houses")
    feed = (await house.client.get(calendar["path"])).text
    assert "See how the water runs" in feed
    for word in ("lane", "houses", str(OFFICIAL.account_id)):
        assert word not in feed


async def test_what_has_not_changed_is_not_sent_again(house: House) -> None:
    calendar = await opened(house)
    visit_id = await house.visit()
    first = await house.client.get(calendar["path"])
    tag = first.headers["etag"]
    for known in (tag, f'"other", W/{tag}'):
        again = await house.client.get(calendar["path"], headers={"If-None-Match": known})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    await house.record(visit_id)
    changed = await house.client.get(calendar["path"], headers={"If-None-Match": tag})
    assert changed.status_code == 200
    assert changed.headers["etag"] != tag
    assert changed.headers["cache-control"] == "private, no-cache"


async def test_a_revoked_calendar_is_answered_as_one_that_never_was(house: House) -> None:
    calendar, other = await opened(house), await opened(house)
    revoked = await house.client.post(f"/v1/calendars/{calendar['id']}/revoke", caller=OFFICIAL)
    assert moment(revoked.json()["revoked_at"]) == house.clock()
    house.clock.advance(days=1)
    again = await house.client.post(f"/v1/calendars/{calendar['id']}/revoke", caller=OFFICIAL)
    assert again.json() == revoked.json()
    answers = [await house.client.get(path) for path in (calendar["path"], UNKNOWN, "/v1/calendars/%F0%9F%8F%94.ics")]
    assert [answer.status_code for answer in answers] == [404] * 3
    assert len({answer.text.replace(answer.json()["request_id"], "") for answer in answers}) == 1
    assert await read(house, other["path"]) == {}


async def test_the_path_is_shown_once_and_kept_nowhere(house: House) -> None:
    with capture_logs() as logged:
        calendar = await opened(house)
        await house.client.get(calendar["path"])
        metrics = (await house.client.get("/metrics")).text
        listing = (await house.client.get("/v1/calendars", caller=OFFICIAL)).json()
    token = calendar["path"].removeprefix("/v1/calendars/").removesuffix(".ics")
    assert len(token) == 43, "256 bits"
    assert listing["items"] == [{name: calendar[name] for name in ("id", "created_at", "revoked_at")}]
    kept = await everything_in(house.service.database.pool)
    for written in (str(logged), metrics, str(kept), str(listing)):
        assert token not in written
    assert "/v1/calendars/{token}.ics" in metrics


async def test_calendars_are_ones_own(house: House) -> None:
    mine = await opened(house)
    for who in (COLLEAGUE, LEAD, ADMIN):
        assert (await house.client.get("/v1/calendars", caller=who)).json()["items"] == []
        foreign = await house.client.post(f"/v1/calendars/{mine['id']}/revoke", caller=who)
        missing = await house.client.post(f"/v1/calendars/{uuid4()}/revoke", caller=who)
        assert foreign.status_code == missing.status_code == 404
        assert {**foreign.json(), "request_id": ""} == {**missing.json(), "request_id": ""}
    assert await read(house, mine["path"]) == {}


async def test_the_list_is_paged(house: House) -> None:
    ids = [(await opened(house))["id"] for _ in range(3)]
    first = (await house.client.get("/v1/calendars", caller=OFFICIAL, params={"limit": 2})).json()
    params = {"limit": 2, "cursor": first["next_cursor"]}
    second = (await house.client.get("/v1/calendars", caller=OFFICIAL, params=params)).json()
    assert [item["id"] for page in (first, second) for item in page["items"]] == ids
    assert second["next_cursor"] is None


@pytest.mark.parametrize(
    ("who", "status"), [(VILLAGE_OFFICIAL, 201), (LEAD, 201), (ADMIN, 201), (INSPECTOR, 403), (RESIDENT, 403), (ANONYMOUS, 401)]
)
async def test_calendars_are_for_those_who_visit(house: House, who: Principal, status: int) -> None:
    assert (await house.client.post("/v1/calendars", caller=who, json={})).status_code == status
    listing = await house.client.get("/v1/calendars", caller=who)
    assert listing.status_code == (200 if status == 201 else status)


async def test_hostile_input_is_answered_with_a_problem(house: House) -> None:
    bodies: list[Any] = [[], {"account_id": str(uuid4())}, 1]
    for body in bodies:
        assert (await house.client.post("/v1/calendars", caller=OFFICIAL, json=body)).status_code == 422
    for wrong in ("x", "%00", str(2**63)):
        assert (await house.client.post(f"/v1/calendars/{wrong}/revoke", caller=OFFICIAL)).status_code == 422
    for path in ("%00", "..", "x" * 3_000, "%FF"):
        answer = await house.client.get(f"/v1/calendars/{path}.ics")
        assert answer.status_code == 404
        assert answer.headers["content-type"] == "application/problem+json"
