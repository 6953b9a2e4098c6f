"""What tests of grades do over and over: a tree, a campaign that has ended, persons inside and outside the chain, signing."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx

from services.assessment.jobs import end_grades, propose_grades
from shared.auth import Principal, Role
from tests.assessment.cases import judged_cases
from tests.assessment.office import Office
from tests.support.callers import principal

GOOD = {"due": 10, "in_time": 9, "judged": 8, "resolved": 6, "rated": 5, "satisfied": 3}
"""Qualified: 0.6975."""
POOR = {"due": 10, "in_time": 2, "judged": 8, "resolved": 2, "rated": 5, "satisfied": 1}
"""Unqualified: 0.2225."""


@dataclass
class Board:
    """`mid` is graded; `other` and `far` stand beside it, below the same `north`; `low` below `mid`."""

    office: Office
    north: Any
    mid: Any
    low: Any
    other: Any
    far: Any
    campaign: Any
    first: Principal
    second: Principal

    @property
    def standard(self) -> Any:
        return {"id": self.campaign["standard_id"]}

    async def grade(self, unit: Any = None) -> Any:
        """The newest grade of a unit."""
        page = await self.office.get("/v1/grades", unit_id=(unit or self.mid)["id"], limit=100)
        return page["items"][-1]

    async def act(
        self, grade: Any, verb: str, caller: Principal, body: Any = None, *, version: int | None = None
    ) -> httpx.Response:
        headers = {"If-Match": f'"{version or grade["version"]}"'}
        path = f"/v1/grades/{grade['id']}/{verb}"
        return await self.office.client.post(path, caller=caller, json=body or {}, headers=headers)

    async def sign(self, grade: Any, *callers: Principal) -> Any:
        """By both, or by those that are named."""
        for caller in callers or (self.first, self.second):
            answer = await self.act(grade, "sign", caller)
            assert answer.status_code == 200, answer.text
        return answer.json()

    async def published(self, unit: Any = None) -> Any:
        return await self.sign(await self.grade(unit))

    async def public(self, unit: Any = None) -> Any:
        return await self.office.get(f"/v1/public/units/{(unit or self.mid)['id']}/grade")

    async def propose(self) -> None:
        """All that timed work proposes."""
        while await propose_grades(self.office.service.works):
            pass

    async def pass_time(self, **duration: float) -> None:
        self.office.clock.advance(**duration)
        await end_grades(self.office.service.works)

    def whoever(self, role: Role, unit: Any) -> Principal:
        return principal(role, UUID(unit["id"]))


async def open_board(office: Office, told: dict[str, int] | None = None, **standard: Any) -> Board:
    """With a campaign that has ended, and all its grades proposed."""
    north = await office.register_unit("north", "province")
    mid = await office.register_unit("mid", "county", north)
    low = await office.register_unit("low", "township", mid)
    other = await office.register_unit("other", "county", north)
    far = await office.register_unit("far", "county", north)
    campaign = await office.schedule_campaign(north, await office.adopt_standard(**standard), days=30)
    await office.hear(judged_cases(mid, **(told or GOOD)))
    office.clock.advance(days=31)
    first, second = principal(Role.inspector), principal(Role.inspector, UUID(far["id"]))
    board = Board(office, north, mid, low, other, far, campaign, first, second)
    await board.propose()
    return board


def later(board: Board, **duration: float) -> str:
    return (board.office.clock() + timedelta(**duration)).isoformat()
