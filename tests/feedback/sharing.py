"""Cases that others may read, and where they are."""

from typing import Any
from uuid import UUID

from tests.feedback.house import House

LAMP = {"latitude": 30.572, "longitude": 104.066}
SHARE = """
UPDATE cases SET shared = $2, latitude = $3, longitude = $4, place = $5, opened_at = opened_at - make_interval(days => $6)
WHERE id = $1
"""


async def shared_case(
    house: House,
    *,
    shared: bool = True,
    location: dict[str, float] | None = None,
    place: str | None = None,
    days_ago: int = 0,
    **said: Any,
) -> str:
    """The id of the case of a new opinion that its speaker lets others read."""
    case_id = await house.case(**said)
    spot = location or {}
    await house.rows(SHARE, UUID(case_id), shared, spot.get("latitude"), spot.get("longitude"), place, days_ago)
    return case_id
