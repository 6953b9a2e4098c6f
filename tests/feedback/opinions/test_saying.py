"""What an opinion may say beside its words: what it is, where it is, whether others may read it, whether somebody should come."""

import json
from datetime import datetime
from typing import Any
from uuid import UUID

import pytest

from services.feedback.cases.rules import Channel
from services.feedback.opinions.rules import KINDS
from shared.auth import ANONYMOUS
from shared.ids import new_id_at
from tests.feedback.house import House, admin, official, unit

HOUR = "2026-03-02T09:00:00Z"
LOCATION = {"latitude": 31.230416, "longitude": 121.473701}


async def shown(house: House, **said: Any) -> Any:
    """The case of a new opinion, as its unit sees it."""
    case_id = (await house.submit(**said))["case_id"]
    return await house.get(f"/v1/cases/{case_id}", caller=official("village"))


async def refused(house: House, **said: Any) -> tuple[int, str]:
    answer = await house.try_submit(**said)
    assert await house.rows("SELECT FROM cases") == []
    return answer.status_code, answer.json()["type"].removeprefix("urn:massline:problem:")


@pytest.mark.parametrize("channel", KINDS)
async def test_every_channel_takes_its_kinds(house: House, channel: Channel) -> None:
    assert (await shown(house, channel=channel))["kind"] == KINDS[channel][0]
    for kind in KINDS[channel]:
        assert (await shown(house, channel=channel, kind=kind))["kind"] == kind


async def test_a_wrong_kind_is_told_which_fit(house: House) -> None:
    assert await refused(house, channel="thought", kind="complaint") == (422, "kind-unfit")
    answer = await house.try_submit(channel="thought", kind="complaint")
    assert answer.json()["detail"] == "The channel thought takes no complaint. It takes: question, proposal."


async def test_a_body_without_anything_new_makes_a_case_without_anything_new(house: House) -> None:
    case = await shown(house)
    for name in ("attributes", "latitude", "longitude", "place", "assistance", "assisted_by_unit_id"):
        assert case[name] is None
    assert (case["wants_visit"], case["shared"]) == (False, False)


@pytest.mark.parametrize(
    ("protection", "kept"),
    [("named", (31.23, 121.474)), ("confidential", (31.23, 121.474)), ("anonymous", (31.23, 121.47))],
)
async def test_a_place_is_kept_coarse_and_comes_back(house: House, protection: str, kept: tuple[float, float]) -> None:
    case = await shown(house, protection=protection, location=LOCATION, place="  By the well ")
    assert (case["latitude"], case["longitude"]) == kept
    assert case["place"] == "By the well"
    (item,) = (await house.get("/v1/cases", caller=official("village")))["items"]
    assert (item["latitude"], item["longitude"], item["place"]) == (*kept, "By the well")
    for _, data in await house.events():
        assert "31.2" not in data
        assert "well" not in data


async def test_what_is_shared_is_named_and_about_nobody(house: House) -> None:
    assert await refused(house, shared=True, protection="confidential") == (422, "sharing-unprotected")
    assert await refused(house, shared=True, protection="anonymous") == (422, "sharing-unprotected")
    assert await refused(house, shared=True, about=[str(unit("village"))]) == (422, "sharing-unprotected")
    assert (await shown(house, shared=True))["shared"] is True


async def test_a_visit_is_asked_for_and_told(house: House) -> None:
    filed = await house.submit(channel="emotional", wants_visit=True)
    case = await house.get(f"/v1/cases/{filed['case_id']}", caller=official("village"))
    assert (case["wants_visit"], case["kind"]) == (True, "help")
    events = dict(await house.events(filed["case_id"]))
    assert list(events) == ["opinion.submitted", "case.opened", "visit.requested"]
    now = house.clock().isoformat().replace("+00:00", "Z")
    requested = {"case_id": case["id"], "unit_id": str(unit("village")), "requested_at": now}
    assert json.loads(events["visit.requested"]) == requested


async def test_a_visit_belongs_to_one_channel(house: House) -> None:
    assert await refused(house, wants_visit=True) == (422, "visit-unfit")


async def test_who_is_anonymous_asks_for_a_visit_by_the_hour(house: House) -> None:
    filed = await house.submit(caller=ANONYMOUS, protection="anonymous", channel="emotional", wants_visit=True)
    events = dict(await house.events(filed["case_id"]))
    assert json.loads(events["visit.requested"])["requested_at"] == HOUR
    rows = await house.rows("SELECT id, time, traceparent FROM outbox")
    assert {(row["time"].isoformat(), row["traceparent"]) for row in rows} == {("2026-03-02T09:00:00+00:00", "")}
    of_the_hour = new_id_at(datetime.fromisoformat(HOUR)).bytes[:6]
    assert {UUID(str(row["id"])).bytes[:6] for row in rows} == {of_the_hour}
    opened = (await house.receipt("open", {"receipt": filed["receipt"]})).json()
    assert opened["case"]["wants_visit"] is True


async def test_another_systems_record_keeps_its_place_and_nothing_of_a_speaker(house: House) -> None:
    origin = {"system": "nyc311", "reference": "1"}
    boss = admin()
    for unfit in ({"shared": True}, {"assistance": "phone"}, {"attributes": {"pole": "1"}}):
        assert await refused(house, caller=boss, origin=origin, **unfit) == (422, "import-unfit")
    case = await shown(house, caller=boss, origin=origin, location=LOCATION, place="By the well", kind="report")
    assert (case["latitude"], case["place"], case["kind"]) == (31.23, "By the well", "report")
