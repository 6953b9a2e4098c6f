"""Filters, searches and orders agree with a plain reading of the same cases, for every role and page by page."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from services.feedback.cases.queries import searching
from services.feedback.cases.queries.searching import Box, Filters, Sort
from services.feedback.cases.rules import Assistance, Channel, Kind, State
from services.feedback.cases.words import case_terms
from shared.auth import Principal
from shared.events.feedback import CaseSource
from shared.uow import UnitOfWork
from tests.feedback.cases.test_queries import Place, Planted, callers, plant_place
from tests.feedback.house import House

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
TITLES = ("The lamp is broken", "Lamps and a bridge", "村口路灯坏了", "桥坏了", "The bridge 大桥 is closed", "Nothing else")
CHANGE = """
UPDATE cases SET title = $2, channel = $3, kind = $4, category = $5, source = $6, assistance = $7, opened_at = $8,
    updated_at = $9, latitude = $10, longitude = $11,
    message_count = $12, read_by_unit = $13, read_by_resident = $14, endorsement_count = $15
WHERE id = $1
"""
TEXT = "INSERT INTO case_texts (case_id, terms) VALUES ($1, CAST($2 AS tsvector))"
CLOCK = """
INSERT INTO case_clocks (case_id, kind, round, started_at, due_at, counted_in, met_at, breached_at, stopped_at, paused_at)
VALUES ($1, $2, $3, $4, $5, 'days', $6, $7, $8, $9)
"""


@dataclass
class Known:
    """What was planted of one case, beside what `Place` knows."""

    case: Planted
    title: str
    channel: Channel
    kind: Kind | None
    category: str | None
    source: CaseSource
    assistance: Assistance | None
    opened_at: datetime
    updated_at: datetime
    latitude: float | None
    longitude: float | None
    said: int
    read_by_unit: int
    read_by_resident: int
    endorsements: int
    overdue: bool
    due_at: datetime | None


async def enrich(house: House, place: Place, dice: random.Random) -> list[Known]:
    found = []
    for case in place.cases:
        somewhere = dice.random() < 0.6
        clocks = [_clock(dice) for _ in range(dice.choice([0, 1, 2, 3]))]
        owed = [due for due, end in clocks if end in (None, "breached")]
        known = Known(
            case,
            dice.choice(TITLES),
            dice.choice(list(Channel)),
            dice.choice([None, *Kind]),
            dice.choice([None, "light", "road-works"]),
            dice.choice(list(CaseSource)),
            dice.choice([None, None, *Assistance]),
            NOON + timedelta(hours=dice.randrange(48)),
            NOON + timedelta(days=dice.randrange(5)),
            dice.choice([10.0, 20.0, 30.0]) if somewhere else None,
            dice.choice([-5.0, 5.0]) if somewhere else None,
            dice.choice([0, 2]),
            dice.choice([0, 2]),
            dice.choice([0, 2]),
            dice.choice([0, 0, 1, 7]),
            any(end == "breached" for _, end in clocks),
            min(owed, default=None),
        )
        found.append(known)
        await house.rows(CHANGE, case.id, *list(vars(known).values())[1:-2])
        await house.rows(TEXT, case.id, case_terms({**vars(known), "body": None}))
        for round, (due, end) in enumerate(clocks):
            ends = [NOON if end == name else None for name in ("met", "breached", "stopped", "paused")]
            await house.rows(CLOCK, case.id, dice.choice(["resolution", "first_answer"]), round, NOON, due, *ends)
    return found


def _clock(dice: random.Random) -> tuple[datetime, str | None]:
    return NOON + timedelta(days=dice.randrange(6)), dice.choice([None, None, "met", "breached", "stopped", "paused"])


def unread(known: Known, caller: Principal) -> bool:
    own = known.case.owner_id is not None and known.case.owner_id == caller.account_id
    return known.said > (known.read_by_resident if own else known.read_by_unit)


def passes(known: Known, filters: Filters, place: Place, caller: Principal) -> bool:
    facets = ("channel", "kind", "category", "source", "assistance")
    box = filters.box
    tests = [
        filters.unit_id is None or filters.unit_id in place.chain(known.case.unit_id),
        not filters.states or known.case.state in filters.states,
        all(getattr(filters, name) in (None, getattr(known, name)) for name in facets),
        filters.opened_from is None or known.opened_at >= filters.opened_from,
        filters.opened_to is None or known.opened_at < filters.opened_to,
        not filters.overdue or known.overdue,
        not filters.unread or unread(known, caller),
        filters.merged is not True,
        box is None or (known.latitude is not None and box.south <= known.latitude <= box.north),
        box is None or (known.longitude is not None and box.west <= known.longitude <= box.east),
        filters.words is None or HAS[filters.words](known.title),
    ]
    return all(tests)


HAS: dict[str, Callable[[str], bool]] = {
    "lamp": lambda title: "lamp" in title.lower(),
    "BRIDGES": lambda title: "bridge" in title.lower(),
    "坏了": lambda title: "坏了" in title,
    "路灯坏": lambda title: "路灯坏" in title,
    "桥": lambda title: "桥" in title,
    "bridge 大桥": lambda title: "大桥" in title,
    "路坏": lambda title: False,
}
KEYS: dict[Sort, Callable[[Known], Any]] = {
    Sort.newest: lambda known: known.case.id,
    Sort.oldest: lambda known: known.case.id,
    Sort.updated: lambda known: (known.updated_at, known.case.id),
    Sort.due: lambda known: (known.due_at, known.case.id),
    Sort.endorsed: lambda known: (known.endorsements, known.case.id),
}


def expected(every: Sequence[Known], place: Place, caller: Principal, filters: Filters, sort: Sort) -> list[UUID]:
    seen = [known for known in every if place.sees(caller, known.case) and passes(known, filters, place, caller)]
    if sort is Sort.due:
        seen = [known for known in seen if known.due_at is not None]
    if sort is Sort.endorsed:
        seen = [known for known in seen if known.endorsements]
    ordered = sorted(seen, key=KEYS[sort], reverse=sort in (Sort.newest, Sort.updated, Sort.endorsed))
    return [known.case.id for known in ordered]


async def listed(uow: UnitOfWork, caller: Principal, filters: Filters, sort: Sort) -> list[UUID]:
    found: list[UUID] = []
    cursor: str | None = None
    while True:
        page = await searching.find_cases(uow, caller, filters, sort=sort, limit=7, cursor=cursor)
        found += [case.id for case in page.items]
        cursor = page.next_cursor
        if cursor is None:
            return found


def some_filters(place: Place, dice: random.Random) -> list[Filters]:
    """Each by itself, and some together."""
    alone: list[dict[str, Any]] = [
        {"unit_id": dice.choice(list(place.parents))},
        {"states": tuple(dice.sample(list(State), 3))},
        {"states": (dice.choice(list(State)),)},
        {"channel": dice.choice(list(Channel))},
        {"kind": dice.choice(list(Kind))},
        {"category": "road-works"},
        {"source": dice.choice(list(CaseSource))},
        {"assistance": Assistance.phone},
        {"opened_from": NOON + timedelta(hours=20)},
        {"opened_to": NOON + timedelta(hours=30)},
        {"overdue": True},
        {"unread": True},
        {"merged": False},
        {"merged": True},
        {"box": Box(-10.0, 5.0, 0.0, 25.0)},
        *({"words": words} for words in HAS),
    ]
    pairs = [{**one, **other} for one, other in (dice.sample(alone, 2) for _ in range(8))]
    return [Filters(**said) for said in ({}, *alone, *pairs)]


WAYS: list[Any] = [
    pytest.param({}, id="the-window-suffices"),
    pytest.param({"WINDOW": 9, "TEXT_WINDOW": 9}, id="the-window-is-short"),
    pytest.param({"WINDOW": 0, "TEXT_WINDOW": 0}, id="there-is-no-window"),
]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.slow
async def test_every_list_follows_the_plain_reading(house: House, monkeypatch: pytest.MonkeyPatch, way: dict[str, int]) -> None:
    for name, value in way.items():
        monkeypatch.setattr(searching, name, value)
    dice = random.Random(7)
    place = await plant_place(house, dice)
    every = await enrich(house, place, dice)
    seen = 0
    async with house.service.works.begin() as uow:
        for caller in callers(place, dice)[::2]:
            for filters in some_filters(place, dice):
                for sort in dice.sample(list(Sort), 2):
                    wanted = expected(every, place, caller, filters, sort)
                    assert await listed(uow, caller, filters, sort) == wanted, (filters, sort)
                    seen += len(wanted)
    assert seen > 2_000


async def test_a_cursor_belongs_to_its_order(house: House) -> None:
    for _ in range(3):
        await house.case()
    page = await house.get("/v1/cases", caller=house.speaker, sort="updated", limit=1)
    again = await house.get("/v1/cases", caller=house.speaker, sort="updated", limit=1, cursor=page["next_cursor"])
    assert again["items"][0]["id"] != page["items"][0]["id"]
    for sort, cursor, slug in (
        ("due", page["next_cursor"], "cursor-of-another-order"),
        ("updated", "nonsense", "malformed-cursor"),
        ("oldest", str(uuid4()), "malformed-cursor"),
    ):
        answer = await house.client.get("/v1/cases", caller=house.speaker, params={"sort": sort, "cursor": cursor})
        assert (answer.status_code, answer.json()["type"]) == (422, f"urn:massline:problem:{slug}")


@pytest.mark.parametrize(
    ("asked", "slug"),
    [
        ({"q": "，。!"}, "nothing-to-search"),
        ({"bbox": "1,2,3"}, "bad-box"),
        ({"bbox": "10,0,5,1"}, "bad-box"),
        ({"bbox": "0,0,181,1"}, "bad-box"),
        ({"bbox": "nan,0,1,1"}, "bad-box"),
        ({"q": "x" * 201}, "invalid-request"),
        ({"sort": "loudest"}, "invalid-request"),
        ({"state": "lost"}, "invalid-request"),
        ({"opened_from": "yesterday"}, "invalid-request"),
    ],
)
async def test_a_list_that_cannot_be_says_why(house: House, asked: dict[str, str], slug: str) -> None:
    answer = await house.client.get("/v1/cases", caller=house.speaker, params=asked)
    assert (answer.status_code, answer.json()["type"]) == (422, f"urn:massline:problem:{slug}")


async def test_what_was_just_said_is_found_at_once(house: House) -> None:
    case_id = await house.case(title="村口路灯坏了", body="The lamps at the well have been dark.")
    await house.case(title="Something else", body="The office is closed.")
    for words in ("路灯", "路灯坏了", "灯", "lamp", "WELL dark", "lamp 路灯"):
        page = await house.get("/v1/cases", caller=house.speaker, q=words)
        assert [case["id"] for case in page["items"]] == [case_id], words
    for words in ("路坏", "坏灯", "lamp office"):
        assert (await house.get("/v1/cases", caller=house.speaker, q=words))["items"] == [], words
