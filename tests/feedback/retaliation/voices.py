"""Speakers of every protection, with their way back: an account, or a receipt."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import httpx
import pytest

from shared.auth import Principal
from tests.feedback.house import House, lead, unit

TEXT = "They cut my water off the day after."
every_protection = pytest.mark.parametrize("protection", ["named", "confidential", "anonymous"])


@dataclass
class Voice:
    house: House
    case_id: str
    receipt: str | None
    speaker: Principal

    async def try_say(self, verb: str, body: dict[str, Any]) -> httpx.Response:
        if self.receipt is not None:
            return await self.house.receipt(verb, {"receipt": self.receipt, **body})
        return await self.house.try_do(self.case_id, verb, body, caller=self.speaker)

    async def say(self, verb: str, body: dict[str, Any]) -> Any:
        answer = await self.try_say(verb, body)
        assert answer.status_code in (200, 201), answer.text
        return answer.json()

    async def try_report(self, *by: str, text: str = TEXT) -> httpx.Response:
        return await self.try_say("retaliation", {"text": text, "by": [str(unit(code)) for code in by]})

    async def report(self, *by: str) -> Any:
        answer = await self.try_report(*by)
        assert answer.status_code == 201, answer.text
        return answer.json()

    async def check_in(self, *, safe: bool) -> Any:
        return await self.say("check-in", {"safe": safe})

    async def watch(self) -> Any:
        if self.receipt is not None:
            return (await self.say("open", {}))["watch"]
        return await self.house.get(f"/v1/cases/{self.case_id}/watch", caller=self.speaker)


async def speak(house: House, protection: str = "named", **said: Any) -> Voice:
    filed = await house.submit(protection=protection, **said)
    return Voice(house, filed["case_id"], filed["receipt"], house.speaker)


async def hand_over(house: House, case_id: str, *codes: str) -> None:
    """By whoever has it, to one after the other."""
    from_code = "village"
    for code in codes:
        body = {"unit_id": str(unit(code)), "reason": "Yours."}
        await house.do(case_id, "hand-over", body, caller=lead(from_code))
        from_code = code


def codes(readers: Any) -> list[str]:
    return [reader["code"] for reader in readers]


def ids(*names: str) -> list[UUID]:
    return [unit(name) for name in names]
