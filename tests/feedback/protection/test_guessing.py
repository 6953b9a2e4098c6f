"""Guessing receipts opens nothing, and no answer tells a near miss from a wild guess."""

import random
from collections.abc import Iterator
from dataclasses import replace

import pytest
from pwdlib.hashers.argon2 import Argon2Hasher

from services.feedback.protection.desk import ReceiptDesk
from shared.codes import ALPHABET, BITS, read_code, write_code
from shared.errors import NotFound
from tests.feedback.house import House

PASSING = {"date", "x-request-id"}
HALF = BITS // 2
CHEAP = Argon2Hasher(time_cost=1, memory_cost=8, parallelism=1)


def number_of(receipt: str) -> int:
    number = 0
    for digit in receipt.replace("-", "")[:-1]:
        number = number << 5 | ALPHABET.index(digit)
    return number


def guesses(receipts: list[str], chance: random.Random) -> Iterator[str]:
    """Without end, in turn: never issued, one bit beside, the right first half, the right second half, two halves of two
    receipts. All have the right check character."""
    issued = [number_of(receipt) for receipt in receipts]
    low = (1 << HALF) - 1
    while True:
        one, other = chance.sample(issued, 2)
        yield write_code(chance.getrandbits(BITS))
        yield write_code(one ^ 1 << chance.randrange(BITS))
        yield write_code(one & ~low | chance.getrandbits(HALF))
        yield write_code(chance.getrandbits(HALF) << HALF | one & low)
        yield write_code(one & ~low | other & low)


async def test_guesses_against_open_receipts_are_answered_alike_to_the_byte(house: House) -> None:
    """The whole way, with the real Argon2."""
    receipts = [(await house.submit(protection="anonymous"))["receipt"] for _ in range(5)]
    answers = set()
    for _, guess in zip(range(250), guesses(receipts, random.Random(7)), strict=False):
        assert guess not in receipts
        answer = await house.client.post("/v1/receipts/open", caller=house.speaker, json={"receipt": guess})
        body = {**answer.json(), "request_id": ""}
        headers = sorted((name, value) for name, value in answer.headers.items() if name not in PASSING)
        answers.add((answer.status_code, str(body), str(headers)))
    assert [answer[0] for answer in answers] == [404], answers
    for receipt in receipts:
        assert (await house.receipt("open", {"receipt": receipt})).status_code == 200


@pytest.mark.slow
async def test_ten_thousand_guesses_open_nothing_at_a_desk_whose_hash_is_made_cheap(house: House) -> None:
    """The desk, its table and its rules are the product's; only Argon2's cost is not, or this would take minutes."""
    desk = ReceiptDesk(house.service.database, "pepper", most_waiting=1000, hasher=CHEAP)
    house.service.api.state.counter = replace(house.service.api.state.counter, desk=desk)
    receipts = [(await house.submit(protection="anonymous"))["receipt"] for _ in range(50)]
    refused = set()
    for _, guess in zip(range(10_000), guesses(receipts, random.Random(11)), strict=False):
        assert read_code(guess) is not None, "the check character would have refused it"
        with pytest.raises(NotFound) as error:
            await desk.show(guess)
        refused.add((error.value.slug, error.value.detail))
    assert len(refused) == 1
    assert len({await desk.show(receipt) for receipt in receipts}) == len(receipts)
