"""What tests do about closing in bulk: a unit does it, somebody above looks."""

from typing import Any

from services.assessment.jobs import find_alarms
from tests.assessment.cases import Story
from tests.assessment.office import ADMIN, Office


async def closed_in_bulk(office: Office, unit: Any) -> Any:
    """The alarm about thirty cases that the unit rejected on the first day, once that is over."""
    await office.hear([Story(unit).rejected() for _ in range(30)])
    office.clock.advance(days=2)
    while await find_alarms(office.service.works):
        pass
    [alarm] = (await office.get("/v1/alarms", unit_id=unit["id"]))["items"]
    return alarm


async def decide_alarm(office: Office, alarm: Any, verb: str) -> None:
    path = f"/v1/alarms/{alarm['id']}/{verb}"
    assert (await office.client.post(path, caller=ADMIN, json={"reason": "I looked."})).status_code == 200
