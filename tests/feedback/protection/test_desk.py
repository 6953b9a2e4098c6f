"""The queue before the desk ends somewhere, and says so."""

import asyncio
from dataclasses import replace
from threading import Event
from uuid import uuid4

import pytest
from pwdlib.hashers.argon2 import Argon2Hasher

from services.feedback.protection.desk import AT_ONCE, ReceiptDesk
from shared.errors import Unavailable
from shared.service import Service
from tests.feedback.house import House
from tests.shared.problems import assert_problem

WAITING = 3


class Slow(Argon2Hasher):
    """Hashes when it is let go."""

    def __init__(self) -> None:
        super().__init__(time_cost=1, memory_cost=8, parallelism=1)
        self.go = Event()
        self.go.set()

    def hash(self, password: str | bytes, *, salt: bytes | None = None) -> str:
        self.go.wait()
        return super().hash(password, salt=salt)


async def test_who_finds_the_queue_full_is_told_to_come_again_and_the_others_are_served(service: Service) -> None:
    hasher = Slow()
    desk = ReceiptDesk(service.database, "pepper", most_waiting=WAITING, hasher=hasher)
    hasher.go.clear()
    served = [asyncio.create_task(desk.issue(uuid4())) for _ in range(AT_ONCE + WAITING)]
    await asyncio.sleep(0)
    assert desk.crowding() == 1
    with pytest.raises(Unavailable, match="receipts-busy") as refused:
        await desk.issue(uuid4())
    assert refused.value.retry_after == 2
    served[-1].cancel()
    await asyncio.gather(served[-1], return_exceptions=True)
    assert desk.crowding() == (WAITING - 1) / WAITING, "who goes away leaves the queue"
    hasher.go.set()
    codes = {(await each).code for each in served[:-1]}
    assert len(codes) == AT_ONCE + WAITING - 1
    assert desk.crowding() == 0
    await desk.issue(uuid4())


async def test_a_busy_desk_is_an_answer_like_every_refusal(house: House) -> None:
    hasher = Slow()
    desk = ReceiptDesk(house.service.database, "pepper", most_waiting=WAITING, hasher=hasher)
    house.service.api.state.counter = replace(house.service.api.state.counter, desk=desk)
    hasher.go.clear()
    answers = [asyncio.create_task(house.try_submit(protection="anonymous")) for _ in range(AT_ONCE + WAITING + 1)]
    done, _ = await asyncio.wait(answers, return_when=asyncio.FIRST_COMPLETED)
    hasher.go.set()
    (refused,) = done
    assert_problem(await refused, 503, "receipts-busy")
    assert (await refused).headers["retry-after"] == "2"
    assert sorted(answer.status_code for answer in await asyncio.gather(*answers)) == [201] * (AT_ONCE + WAITING) + [503]
