"""Grades as journeys read and sign them."""

from collections.abc import Sequence
from typing import Any

from tests.support.eventually import eventually
from tests.support.world import Person


async def newest_grade(reader: Person, unit_id: str, **given: str) -> Any:
    """None while there is none."""
    found = (await reader.get("/v1/grades", unit_id=unit_id, **given))["items"]
    return found[-1] if found else None


async def sign(signer: Person, grade: Any, *, expect: int = 200) -> Any:
    """As it was read."""
    headers = {"If-Match": f'"{grade["version"]}"'}
    return await signer.post(f"/v1/grades/{grade['id']}/sign", expect=expect, headers=headers)


async def publish(signers: Sequence[Person], reader: Person, unit_id: str) -> None:
    """By all of these, once it is proposed."""
    grade = await eventually(lambda: newest_grade(reader, unit_id), within=30)
    for signer in signers:
        await sign(signer, grade)


async def has_verdicts(reader: Person, unit_id: str, count: int) -> bool:
    """Whether so many cases of the unit have been answered, and rated."""
    card = await reader.get(f"/v1/units/{unit_id}/scorecard")
    return (card["satisfaction_rate"]["n"], card["response_rate"]["n"]) == (count, count)
