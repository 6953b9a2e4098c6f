"""What others tell: units, and the findings of visits."""

import json
from collections.abc import Sequence
from uuid import UUID, uuid4

from shared.clock import system_clock
from shared.events.assessment import UnitRegistered
from shared.events.envelope import Event, Record
from shared.events.visits import FindingReported
from shared.ids import new_id
from shared.types import Level
from tests.feedback.house import House, admin, lead, official, unit


def record(event: Event) -> Record:
    return Record(
        id=new_id(), type=event.type, key=event.key, time=system_clock(), topic=event.topic, data=event.model_dump_json().encode()
    )


async def deliver(house: House, records: Sequence[Record]) -> None:
    await house.service.consumer.deliver(records)


def finding(house: House, *, unit_id: UUID | None = None) -> FindingReported:
    return FindingReported(
        finding_id=uuid4(),
        visit_id=uuid4(),
        unit_id=unit_id or unit("village"),
        category="drinking-water",
        sponsor_id=uuid4(),
        reported_at=house.clock(),
    )


async def test_on_finding_reported_opens_a_case_of_its_unit(house: House) -> None:
    told = finding(house)
    await deliver(house, [record(told)])
    (item,) = (await house.get("/v1/cases", caller=official("village")))["items"]
    case = await house.get(f"/v1/cases/{item['id']}", caller=official("village"))
    assert (case["source"], case["title"], case["body"]) == ("finding", "Finding from a visit", None)
    assert (case["finding_id"], case["visit_id"]) == (str(told.finding_id), str(told.visit_id))
    assert (case["category"], case["opinion_id"], case["state"]) == ("drinking-water", None, "received")
    assert [clock["kind"] for clock in case["clocks"]] == ["acknowledgement", "first_answer", "resolution"]
    (row,) = await house.rows("SELECT owner_id, sponsor_id FROM cases")
    assert (row["owner_id"], row["sponsor_id"]) == (None, told.sponsor_id)
    ((type, data),) = await house.events(case["id"])
    assert (type, json.loads(data)["finding_id"]) == ("case.opened", str(told.finding_id))


async def test_a_finding_told_twice_makes_one_case(house: House) -> None:
    told = finding(house)
    same = record(told)
    await deliver(house, [same])
    await deliver(house, [same, same])
    await deliver(house, [record(told)])
    assert len(await house.rows("SELECT 1 FROM cases")) == 1
    assert len(await house.events()) == 1


async def test_a_finding_may_come_before_its_unit(house: House) -> None:
    newcomer = uuid4()
    registered = UnitRegistered(
        unit_id=newcomer,
        parent_id=unit("township"),
        code="newcomer",
        name="The newcomer",
        level=Level.grassroots,
        path="newcomer",
        version=1,
    )
    await deliver(house, [record(registered), record(finding(house, unit_id=newcomer))])
    assert (await house.get("/v1/cases/counts", caller=lead("township")))["total"] == 1


async def test_a_finding_of_a_unit_that_never_comes_is_parked(house: House) -> None:
    await deliver(house, [record(finding(house, unit_id=uuid4()))])
    (parked,) = await house.get("/v1/operations/feedback/parked-events", caller=admin())
    assert parked["cause"] == "not-found: unit-not-found"
    assert await house.rows("SELECT 1 FROM cases") == []


async def test_the_unit_answers_a_finding_that_nobody_owns(house: House) -> None:
    await deliver(house, [record(finding(house))])
    (item,) = (await house.get("/v1/cases", caller=official("village")))["items"]
    case = await house.do(item["id"], "answer", {"text": "A new pump."}, caller=official("village"))
    assert (case["state"], case["allowed"]) == ("answered", ["answer", "message", "invite"])
