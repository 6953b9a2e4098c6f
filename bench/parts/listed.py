"""Many cases with words, and the feedback service that lists them: what its rows ask for, they ask of the same databases."""

import random
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from uuid import uuid4

import asyncpg

from bench.filling import Texts, fill_texts
from bench.parts.feedback import plant_tree
from bench.parts.product import INTERNAL_SECRET, migrated
from bench.processes import Server, serving_product
from bench.stage import Stage
from shared.auth import CREDENTIAL_HEADER, Credentials, Principal, Role

TEXTS = 20_000
RARE, MIDDLING, COMMON = 10, 200, 20_000
"""Of so many texts so many have the word: one in two thousand, one in a hundred, all. There are more words in a
language: these are only those that are asked for."""
ENGLISH = [
    "street",
    "water",
    "school",
    "market",
    "bridge",
    "garden",
    "noise",
    "river",
    "window",
    "corner",
    "winter",
    "summer",
    "doctor",
    "teacher",
    "driver",
    "station",
]
CHINESE = [
    "街道",
    "水管",
    "学校",
    "市场",
    "大桥",
    "花园",
    "噪音",
    "河边",
    "窗户",
    "拐角",
    "冬天",
    "夏天",
    "医生",
    "老师",
    "司机",
    "车站",
]


@dataclass(frozen=True)
class Listed:
    """`lead` leads one of the units, which all have as many cases."""

    server: Server
    count: int
    lead: Principal

    def headers(self, caller: Principal) -> dict[str, str]:
        return {CREDENTIAL_HEADER: Credentials(INTERNAL_SECRET).issue(caller)}

    @property
    def admin(self) -> Principal:
        return Principal(Role.admin, account_id=uuid4())


def listed(of: int) -> Callable[[Stage], AbstractAsyncContextManager[Listed]]:
    """A part: a database with so many cases, and its service."""

    @asynccontextmanager
    async def part(stage: Stage) -> AsyncIterator[Listed]:
        count = max(int(of * stage.scale), 1)
        async with migrated(stage, "feedback", f"listed_{of}") as environment:
            url = environment["MASSLINE_FEEDBACK_DATABASE_URL"]
            units = await plant_tree(url)
            connection = await asyncpg.connect(url)
            try:
                await fill_texts(connection, units, texts(), count)
                await connection.execute("VACUUM ANALYZE")
            finally:
                await connection.close()
            async with serving_product("feedback", environment, stage.folder / f"listed_{of}.log") as server:
                yield Listed(server, count, Principal(Role.lead, account_id=uuid4(), unit_id=units[0]))

    return part


def texts() -> Texts:
    """The rare words stand in texts spread over all, so that cases of every age have them."""
    dice = random.Random(3)
    return [(f"Complaint {number} 关于{dice.choice(CHINESE)}", _body(number, dice)) for number in range(TEXTS)]


def _body(number: int, dice: random.Random) -> str:
    marks = "broken 问题"
    if number % (TEXTS // MIDDLING) == 7:
        marks += " flooding 积水"
    if number % (TEXTS // RARE) == 11:
        marks += " sinkholes 天坑"
    return f"{' '.join(dice.sample(ENGLISH, 8))} {'，'.join(dice.sample(CHINESE, 6))} {marks}"


SMALL, LARGE = listed(10_000), listed(1_000_000)
