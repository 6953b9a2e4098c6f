"""A standard on its way from a draft to what campaigns may use: it takes a comment window and a dry run."""

from datetime import timedelta
from typing import Any

from tests.support.clock import ManualClock
from tests.support.eventually import eventually
from tests.support.world import Person

SHIPPED = "00000000-0000-7000-8000-000000000001"
"""The three rates, which every installation has."""


async def adopt_standard(admin: Person, clock: ManualClock, code: str, criteria: list[dict[str, Any]], **terms: Any) -> Any:
    """Active at the end, when the clock stands a fortnight later."""
    said = [{"owner": "The office", "name": each["code"], **each} for each in criteria]
    draft = await admin.post("/v1/standards", {"code": code, "name": code, "criteria": said, **terms}, expect=201)
    path = f"/v1/standards/{draft['id']}"
    past = {"since": (clock() - timedelta(days=30)).isoformat(), "until": clock().isoformat()}
    run = await admin.post(f"{path}/dry-runs", past, expect=201)

    async def finished() -> Any:
        return (await admin.get(f"{path}/dry-runs/{run['id']}"))["finished_at"]

    await eventually(finished, within=30)
    clock.advance(days=14)
    return await admin.post(f"{path}/activate", {"reason": "Nobody asked for another one."})
