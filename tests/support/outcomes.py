"""An outcome on its way: said, measured, published, and confirmed by residents or not."""

from collections.abc import Sequence
from datetime import timedelta

from tests.support.clock import ManualClock
from tests.support.world import Person

PAGE = {"kind": "dataset", "url": "https://data.example.org/water.csv"}
NEED = {"kind": "case", "id_or_code": "00000000-0000-0000-0000-000000000007"}


async def reach(head: Person, residents: Sequence[Person], unit_id: str, clock: ManualClock, *, days: int, noticed: int) -> None:
    """What was wanted within so many days is measured at once; so many of the residents notice it."""
    today = clock().date()
    said = {
        "unit_id": unit_id,
        "title": "Water in the upper houses",
        "indicator": {"name": "Hours with water", "unit_of_measure": "hours a day", "better": "higher"},
        "baseline": {"value": 2, "on": today.isoformat(), "evidence": [PAGE]},
        "target": {"value": 8, "on": (today + timedelta(days=days)).isoformat()},
        "beneficiaries": "Households on the upper line",
        "needs": [NEED],
    }
    path = f"/v1/outcomes/{(await head.post('/v1/outcomes', said, expect=201))['id']}"
    await head.post(f"{path}/measurements", {"value": 8, "measured_on": today.isoformat(), "evidence": [PAGE]}, expect=201)
    await head.post(f"{path}/publish")
    for number, resident in enumerate(residents):
        await resident.post(f"{path}/confirm", {"noticed": "yes" if number < noticed else "no"})
