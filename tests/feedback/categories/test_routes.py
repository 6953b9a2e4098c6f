"""/v1/categories: registered, changed and retired by administrators, read and suggested to everybody."""

from typing import Any
from uuid import uuid4

import pytest

from services.feedback.app import create_service
from services.feedback.settings import FeedbackSettings
from shared.auth import ANONYMOUS
from tests.feedback.categories.catalogue import ATTRIBUTES, category, change, register, retire, try_register
from tests.feedback.house import House, admin, inspector, key, lead, official, resident, unit
from tests.support.callers import ServiceClient
from tests.support.clock import ManualClock
from tests.support.eventually import eventually


async def listed(house: House, **params: Any) -> list[str]:
    return [item["code"] for item in (await house.get("/v1/categories", caller=ANONYMOUS, **params))["items"]]


async def suggested(house: House, text: str, *, language: str = "en", **said: Any) -> list[tuple[str, int]]:
    headers = {"Accept-Language": language}
    answer = await house.client.post("/v1/categories/suggest", caller=ANONYMOUS, json={"text": text, **said}, headers=headers)
    assert answer.status_code == 200, answer.text
    return [(item["title"], item["score"]) for item in answer.json()["items"]]


async def test_a_category_is_registered_and_read_by_everybody(house: House) -> None:
    made = await register(house, attributes=ATTRIBUTES, default_unit_id=unit("county"), level="township")
    assert (made["code"], made["title"], made["version"], made["retired_at"]) == ("light", "Street light", 1, None)
    assert (made["default_unit_id"], made["level"]) == (str(unit("county")), "township")
    assert [each["code"] for each in made["attributes"]] == ["height", "since", "story", "sizes", "size", "pole"]
    for caller in (ANONYMOUS, house.speaker, official("village")):
        assert await house.get("/v1/categories/light", caller=caller) == made
    answer = await house.client.get("/v1/categories/light", headers={"Accept-Language": "zh-CN,en;q=0.5"})
    assert (answer.json()["title"], answer.headers["etag"]) == ("路灯", '"1"')


async def test_only_an_administrator_changes_anything(house: House) -> None:
    await register(house)
    for caller in (house.speaker, official("village"), lead("province"), inspector("province")):
        answers = [
            await try_register(house, caller=caller, code="other"),
            await change(house, "light", '"1"', caller=caller),
            await retire(house, "light", caller=caller),
        ]
        assert [answer.status_code for answer in answers] == [403] * 3
    assert await listed(house) == ["light"]


async def test_a_code_is_given_once(house: House) -> None:
    await register(house)
    for _ in range(2):
        answer = await try_register(house, name={"en": "Other", "zh": "其他"})
        assert (answer.status_code, answer.json()["type"]) == (409, "urn:massline:problem:category-code-taken")
        await retire(house, "light")


async def test_what_cannot_be_is_refused(house: House) -> None:
    answer = await try_register(house, default_unit_id=uuid4())
    assert (answer.status_code, answer.json()["type"]) == (404, "urn:massline:problem:unit-not-found")
    answer = await try_register(house, channels=["thought", "thought"])
    assert (answer.status_code, answer.json()["type"]) == (422, "urn:massline:problem:channel-twice")
    answer = await try_register(house, attributes=[{"code": "a", "datatype": "singlevaluelist", "description": "A"}])
    assert (answer.status_code, answer.json()["type"]) == (422, "urn:massline:problem:attribute-values")
    assert await listed(house) == []


async def test_a_change_replaces_all_but_the_code_and_needs_the_newest_version(house: House) -> None:
    await register(house, keywords=["lamp"], attributes=ATTRIBUTES)
    assert (await change(house, "light", None)).status_code == 422
    answer = await change(house, "light", '"1"', channels=["thought"], keywords=["pole"], level="county")
    made = answer.json()
    assert (answer.status_code, answer.headers["etag"], made["channels"], made["level"]) == (200, '"2"', ["thought"], "county")
    assert (made["keywords"], made["attributes"]) == (["pole"], [])
    assert (await change(house, "light", '"1"')).status_code == 412
    assert (await change(house, "unheard-of", '"1"')).status_code == 404
    assert await suggested(house, "The lamp") == []
    assert await suggested(house, "The pole") == [("Street light", 1)]


async def test_a_retired_category_is_listed_no_more_and_stays_as_it_was(house: House) -> None:
    await register(house)
    await register(house, code="water")
    first = (await retire(house, "light")).json()
    assert (first["version"], first["retired_at"]) == (2, house.clock().isoformat().replace("+00:00", "Z"))
    house.clock.advance(days=1)
    assert (await retire(house, "light")).json() == first
    assert await listed(house) == ["water"]
    assert (await house.get("/v1/categories/light", caller=ANONYMOUS)) == first
    answer = await change(house, "light", '"2"')
    assert (answer.status_code, answer.json()["type"]) == (409, "urn:massline:problem:category-retired")
    assert await suggested(house, "The lamp", language="zh") == [("路灯", 1)]
    assert (await retire(house, "unheard-of")).status_code == 404


async def test_lists_by_channel_in_pages(house: House) -> None:
    for number in range(5):
        await register(house, code=f"code-{number}", channels=["thought" if number % 2 else "emotional"])
    assert await listed(house, channel="thought") == ["code-1", "code-3"]
    page = await house.get("/v1/categories", caller=resident(), limit=3)
    assert [item["code"] for item in page["items"]] == ["code-0", "code-1", "code-2"]
    assert await listed(house, limit=3, cursor=page["next_cursor"]) == ["code-3", "code-4"]


async def test_the_same_registration_again_has_one_effect(house: House) -> None:
    headers, boss = key(), admin()
    sent = [await house.client.post("/v1/categories", caller=boss, json=category(), headers=headers) for _ in range(2)]
    assert [answer.status_code for answer in sent] == [201, 201]
    assert sent[0].content == sent[1].content
    assert await listed(house) == ["light"]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("The lamps by the well have been dark", [("Street light", 2), ("Water", 1)]),
        ("No water since Monday", [("Water", 1)]),
        ("村口路灯不亮，晚上没有照明", [("Street light", 2)]),
        ("小区停水两天", [("Water", 1)]),
        ("A parade", []),
    ],
)
async def test_a_text_in_english_or_chinese_gets_suggestions(house: House, text: str, found: list[tuple[str, int]]) -> None:
    await register(house)
    await register(house, code="water", name={"en": "Water", "zh": "供水"}, keywords=["well", "停水"])
    assert await suggested(house, text) == found


async def test_suggestions_are_for_a_channel_and_in_ones_language(house: House) -> None:
    await register(house)
    await register(house, code="company", channels=["emotional"], name={"en": "Company", "zh": "陪伴"}, keywords=["dark"])
    assert await suggested(house, "It is dark", channel="emotional", language="zh") == [("陪伴", 1)]
    assert await suggested(house, "It is dark", channel="thought") == []
    assert len(await suggested(house, "It is dark")) == 2


async def test_ten_suggestions_at_most(house: House) -> None:
    for number in range(12):
        await register(house, code=f"code-{number}")
    assert len(await suggested(house, "lamp")) == 10


async def test_other_processes_hear_of_a_change(house: House, database_url: str, clock: ManualClock) -> None:
    await register(house)
    other = create_service(FeedbackSettings(database_url=database_url), clock=clock)
    async with other.open():
        neighbour = House(other, ServiceClient(other), clock)
        assert await suggested(neighbour, "lamp") == [("Street light", 1)]
        await retire(house, "light")

        async def heard() -> bool:
            return await suggested(neighbour, "lamp") == []

        await eventually(heard)
