import asyncio

from services.assessment.jobs import start_campaigns
from shared.events.assessment import CampaignStarted
from tests.assessment.office import Office


async def test_start_campaigns_tells_each_once_when_its_time_has_come(office: Office) -> None:
    unit, standard = await office.register_unit("north"), await office.adopt_standard()
    soon = await office.schedule_campaign(unit, standard, code="soon", start=1)
    await office.schedule_campaign(unit, standard, code="later", start=5)
    works = office.service.works
    assert await start_campaigns(works) is False
    assert await office.recorded(CampaignStarted) == []
    office.clock.advance(days=2)
    await asyncio.gather(*(start_campaigns(works) for _ in range(3)))
    assert [str(event.key) for event in await office.recorded(CampaignStarted)] == [soon["id"]]
