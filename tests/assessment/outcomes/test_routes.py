import asyncio
from datetime import date, timedelta
from fractions import Fraction
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select

from services.assessment.indicators.rules import ALL_TIME, Period
from services.assessment.outcomes.models import OutcomeVoice
from services.assessment.outcomes.queries import outcome_progress
from services.assessment.outcomes.rules import Reach
from shared.auth import ANONYMOUS, Principal, Role
from shared.events.assessment import OutcomeMeasured, OutcomeReached, OutcomeRecorded
from tests.assessment.office import ADMIN, HOSTILE_QUERIES, Office, assert_problem
from tests.support.callers import principal

PAGE = {"kind": "dataset", "url": "https://data.example.org/wells.csv"}
CASE = {"kind": "case", "id": str(UUID(int=7))}
NEED = {"kind": "case", "id_or_code": str(UUID(int=7))}


def day(office: Office, days: int = 0) -> str:
    return (office.clock().date() + timedelta(days=days)).isoformat()


def outcome(office: Office, unit: Any, **changed: Any) -> dict[str, Any]:
    return {
        "unit_id": unit["id"],
        "title": "Water in the upper houses",
        "indicator": {"name": "Hours with water", "unit_of_measure": "hours a day", "better": "higher"},
        "baseline": {"value": 2, "on": day(office, -10), "evidence": [CASE]},
        "target": {"value": 8, "on": day(office, 90)},
        "beneficiaries": "Households on the upper line",
        "needs": [NEED],
        **changed,
    }


async def record(office: Office, unit: Any, caller: Principal = ADMIN, **changed: Any) -> Any:
    return await office.post("/v1/outcomes", outcome(office, unit, **changed), caller)


async def measure(office: Office, made: Any, value: float, *, days: int = 0, evidence: Any = (PAGE,)) -> Any:
    body = {"value": value, "measured_on": day(office, days), "evidence": list(evidence)}
    return await office.post(f"/v1/outcomes/{made['id']}/measurements", body)


async def call(office: Office, verb: str, made: Any, caller: Principal = ADMIN, **body: Any) -> Any:
    answer = await office.client.post(f"/v1/outcomes/{made['id']}/{verb}", caller=caller, json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def hear_residents(office: Office, made: Any, yes: int, no: int = 0) -> None:
    for noticed in ["yes"] * yes + ["no"] * no:
        await call(office, "confirm", made, principal(Role.resident), noticed=noticed)


async def published(office: Office, **params: Any) -> Any:
    return (await office.get("/v1/public/outcomes", ANONYMOUS, **params))["items"]


async def test_an_outcome_goes_from_baseline_to_what_residents_notice(office: Office) -> None:
    unit = await office.register_unit("north")
    made = await record(office, unit)
    assert (made["progress"], made["counted_progress"], made["latest"]) == (None, None, None)
    measured = await measure(office, made, 6.5)
    assert (measured["progress"], measured["counted_progress"]) == (0.75, None)

    await call(office, "publish", made)
    await hear_residents(office, made, yes=4)
    nothing = {"share": None, "low": None, "high": None, "n": None}
    [shown] = await published(office)
    assert (shown["confirmation"], shown["counted_progress"]) == (nothing, None), "four are too few, and not zero"
    await hear_residents(office, made, yes=0, no=1)
    [shown] = await published(office)
    assert (shown["confirmation"]["share"], shown["confirmation"]["n"]) == (0.8, 5)
    assert shown["confirmation"]["low"] < 0.8 < shown["confirmation"]["high"]
    assert shown["counted_progress"] == 0.6
    assert shown["before"] == {"value": 2, "on": day(office, -10), "evidence": [{"kind": "case", "url": None}]}
    assert shown["after"] == {"value": 6.5, "on": day(office), "evidence": [PAGE]}
    assert str(UUID(int=7)) not in str(shown), "what is in this system may be somebody's"


async def test_what_is_wanted_is_less(office: Office) -> None:
    unit = await office.register_unit("north")
    indicator = {"name": "Days to a repair", "unit_of_measure": "days", "better": "lower"}
    made = await record(office, unit, indicator=indicator, target={"value": 1, "on": day(office, 90)})
    assert (await measure(office, made, 1.25))["progress"] == 0.75
    wrong = outcome(office, unit, indicator=indicator)
    assert_problem(await office.client.post("/v1/outcomes", caller=ADMIN, json=wrong), 422, "target-not-better")


async def test_a_newer_measurement_corrects_and_all_of_them_stay(office: Office) -> None:
    made = await record(office, await office.register_unit("north"))
    await measure(office, made, 7, days=-1)
    await measure(office, made, 3, days=-5)
    assert (await office.get(f"/v1/outcomes/{made['id']}"))["latest"]["value"] == 7, "the day counts, not when it was entered"
    corrected = await measure(office, made, 5, days=-1)
    assert corrected["latest"]["value"] == 5
    assert [each["value"] for each in corrected["measurements"]] == [3, 7, 5]
    [listed] = (await office.get("/v1/outcomes"))["items"]
    assert (listed["latest"]["value"], listed["progress"]) == (5, 0.5)


async def test_each_resident_counts_once_and_may_think_again(office: Office) -> None:
    made = await record(office, await office.register_unit("north"))
    await measure(office, made, 8)
    await call(office, "publish", made)
    resident = principal(Role.resident)
    for noticed in ("no", "yes", "yes"):
        assert await call(office, "confirm", made, resident, noticed=noticed) == {"outcome_id": made["id"], "noticed": noticed}
    await hear_residents(office, made, yes=4)
    [shown] = await published(office)
    assert (shown["confirmation"]["share"], shown["confirmation"]["n"], shown["counted_progress"]) == (1.0, 5, 1.0)


async def test_a_single_voice_does_not_move_what_is_shown(office: Office) -> None:
    made = await record(office, await office.register_unit("north"))
    await call(office, "publish", made)
    await hear_residents(office, made, yes=5)
    [before] = await published(office)
    for _ in range(4):
        await hear_residents(office, made, yes=0, no=1)
        assert await published(office) == [before]
        assert (await office.get(f"/v1/outcomes/{made['id']}"))["confirmation"]["n"] == 5, "nor to the unit"
    await hear_residents(office, made, yes=0, no=1)
    assert (await published(office))[0]["confirmation"]["share"] == 0.5


async def test_of_those_who_speak_at_once_none_is_left_out(office: Office) -> None:
    made = await record(office, await office.register_unit("north"))
    await call(office, "publish", made)
    await asyncio.gather(*(hear_residents(office, made, yes=1) for _ in range(5)))
    assert (await published(office))[0]["confirmation"]["n"] == 5


async def test_nobody_can_tell_from_the_table_who_said_what(office: Office) -> None:
    unit, resident = await office.register_unit("north"), principal(Role.resident)
    for _ in range(2):
        made = await record(office, unit)
        await call(office, "publish", made)
        await call(office, "confirm", made, resident, noticed="no")
    async with office.service.database.session() as session:
        voices = (await session.scalars(select(OutcomeVoice))).all()
    assert len({voice.pseudonym for voice in voices}) == 2
    assert not any(resident.account.bytes in voice.pseudonym for voice in voices)
    assert set(OutcomeVoice.model_fields) == {"outcome_id", "pseudonym", "noticed"}


async def test_what_is_not_published_is_not_there_for_residents(office: Office) -> None:
    made = await record(office, await office.register_unit("north"))
    assert await published(office) == []
    path, resident = f"/v1/outcomes/{made['id']}/confirm", principal(Role.resident)
    assert_problem(await office.client.post(path, caller=resident, json={"noticed": "yes"}), 404, "outcome-not-found")
    await call(office, "publish", made)
    again = await office.client.post(f"/v1/outcomes/{made['id']}/publish", caller=ADMIN, json={})
    assert_problem(again, 409, "outcome-published")


async def test_it_is_told_once_that_the_target_was_reached(office: Office) -> None:
    made = await record(office, await office.register_unit("north"))
    for value in (7, 8, 6, 9):
        office.clock.advance(minutes=1)
        await measure(office, made, value)
    assert len(await office.recorded(OutcomeRecorded)) == 1
    assert [event.value for event in await office.recorded(OutcomeMeasured)] == [7, 8, 6, 9]
    [reached] = await office.recorded(OutcomeReached)
    assert reached.value == 8


async def test_the_indicator_is_the_mean_of_what_counts_of_the_outcomes_due(office: Office) -> None:
    north, south = await office.register_unit("north"), await office.register_unit("south")
    for value, voices in ((8, (5, 0)), (5, (4, 1)), (8, (4, 0))):
        made = await record(office, north)
        await measure(office, made, value)
        await call(office, "publish", made)
        await hear_residents(office, made, *voices)
    await record(office, north, target={"value": 8, "on": day(office, 140)})
    now = office.clock()
    spring = Period(now, now + timedelta(days=100))
    north_id, south_id = UUID(north["id"]), UUID(south["id"])

    async def reached(period: Period) -> dict[UUID, Reach]:
        async with office.service.works.begin() as uow:
            return await outcome_progress(uow, [north_id, south_id], period)

    office.clock.advance(days=90)
    nothing = {south_id: Reach(None, 0, 0)}
    assert await reached(spring) == {north_id: Reach(None, 0, 0), **nothing}, "the day is not over"
    office.clock.advance(days=1)
    assert await reached(spring) == {north_id: Reach(Fraction(7, 10), 2, 3), **nothing}
    office.clock.advance(days=79)
    assert await reached(ALL_TIME) == {north_id: Reach(Fraction(7, 10), 2, 4), **nothing}, "it may still be shown"
    office.clock.advance(days=1)
    assert await reached(ALL_TIME) == {north_id: Reach(Fraction(14, 30), 3, 4), **nothing}
    assert await reached(spring) == {north_id: Reach(Fraction(7, 10), 2, 3), **nothing}


async def test_units_see_their_own_and_those_above_all_below(office: Office) -> None:
    north = await office.register_unit("north", "province")
    mid, other = [await office.register_unit(code, "county", north) for code in ("mid", "other")]
    made = await record(office, mid, principal(Role.official, UUID(mid["id"])))
    for role, unit, sees in (
        (Role.official, mid, True), (Role.lead, north, True), (Role.inspector, north, True), (Role.inspector, None, True),
        (Role.official, north, False), (Role.lead, other, False), (Role.official, other, False),
    ):  # fmt: skip
        caller = principal(role, UUID(unit["id"]) if unit else None)
        listed = (await office.get("/v1/outcomes", caller))["items"]
        assert [each["id"] for each in listed] == ([made["id"]] if sees else []), (role, unit)
        answer = await office.client.get(f"/v1/outcomes/{made['id']}", caller=caller)
        assert answer.status_code == (200 if sees else 404)
    foreign = await office.client.post("/v1/outcomes", caller=principal(Role.lead, UUID(other["id"])), json=outcome(office, mid))
    assert_problem(foreign, 404, "unit-not-found")


async def test_lists_are_pages_and_can_be_of_one_unit_or_campaign(office: Office) -> None:
    north, south = await office.register_unit("north"), await office.register_unit("south")
    campaign = await office.schedule_campaign(north, await office.adopt_standard())
    first = await record(office, north, campaign_id=campaign["id"])
    second = await record(office, south)
    for made in (first, second):
        await call(office, "publish", made)
    for path, caller in (("/v1/outcomes", ADMIN), ("/v1/public/outcomes", ANONYMOUS)):
        page = await office.get(path, caller, limit=1)
        rest = await office.get(path, caller, limit=1, cursor=page["next_cursor"])
        assert [each["id"] for each in page["items"] + rest["items"]] == [first["id"], second["id"]]
        for params in ({"unit_id": north["id"]}, {"campaign_id": campaign["id"]}):
            assert [each["id"] for each in (await office.get(path, caller, **params))["items"]] == [first["id"]]


@pytest.mark.parametrize(
    "changed",
    [
        {"needs": []},
        {"needs": [{"kind": "case", "id_or_code": "x"}]},
        {"needs": [{"kind": "topic", "id_or_code": "not a code"}]},
        {"needs": [NEED] * 21},
        {"baseline": {"value": 2, "on": "2026-03-01", "evidence": []}},
        {"baseline": {"value": 2, "on": "2026-03-01", "evidence": [{"kind": "case"}]}},
        {"baseline": {"value": 2, "on": "2026-03-01", "evidence": [{**CASE, "url": PAGE["url"]}]}},
        {"baseline": {"value": 2, "on": "2026-03-01", "evidence": [{"kind": "dataset", "url": "http://example.org/"}]}},
        {"baseline": {"value": 2, "on": "yesterday", "evidence": [CASE]}},
        {"target": {"value": "1e999", "on": "2026-06-01"}},
        {"title": "\x00"},
        {"title": ""},
        {"beneficiaries": "\u202e"},
        {"indicator": {"name": "Hours", "unit_of_measure": "h", "better": "more"}},
        {"unit_id": "x"},
        {"more": 1},
    ],
)
async def test_hostile_outcomes_are_refused(office: Office, changed: dict[str, Any]) -> None:
    unit = await office.register_unit("north")
    assert_problem(await office.client.post("/v1/outcomes", caller=ADMIN, json=outcome(office, unit, **changed)), 422)


async def test_an_outcome_may_belong_to_a_campaign_over_every_unit(office: Office) -> None:
    unit, standard = await office.register_unit("anywhere"), await office.adopt_standard()
    campaign = await office.schedule_campaign({"id": None}, standard)
    assert (await record(office, unit, campaign_id=campaign["id"]))["campaign_id"] == campaign["id"]


async def test_an_outcome_of_a_campaign_that_is_none_or_elsewhere_is_refused(office: Office) -> None:
    north, south = await office.register_unit("north"), await office.register_unit("south")
    campaign = await office.schedule_campaign(south, await office.adopt_standard())
    for id, status, slug in ((str(uuid4()), 404, "campaign-not-found"), (campaign["id"], 422, "campaign-elsewhere")):
        said = outcome(office, north, campaign_id=id)
        assert_problem(await office.client.post("/v1/outcomes", caller=ADMIN, json=said), status, slug)


@pytest.mark.parametrize(
    ("changed", "slug"),
    [
        ({"evidence": []}, "invalid-request"),
        ({"value": "NaN"}, "invalid-request"),
        ({"measured_on": date(1999, 1, 1).isoformat()}, "measured-before-baseline"),
        ({"measured_on": date(2126, 1, 1).isoformat()}, "measured-in-the-future"),
    ],
)
async def test_hostile_measurements_are_refused(office: Office, changed: dict[str, Any], slug: str) -> None:
    made = await record(office, await office.register_unit("north"))
    body = {"value": 3, "measured_on": day(office), "evidence": [PAGE], **changed}
    path = f"/v1/outcomes/{made['id']}/measurements"
    assert_problem(await office.client.post(path, caller=ADMIN, json=body), 422, slug)


@pytest.mark.parametrize("query", HOSTILE_QUERIES)
async def test_hostile_pages_are_refused(office: Office, query: dict[str, str]) -> None:
    for path in ("/v1/outcomes", "/v1/public/outcomes"):
        assert_problem(await office.client.get(path, caller=ADMIN, params=query), 422)
