"""Conversations: who wrote what, in order, until the case is closed."""

import asyncio
import json
from typing import Any

from tests.feedback.house import House, admin, official, resident, unit


async def texts(house: House, case_id: str, **params: Any) -> list[tuple[str, str]]:
    page = await house.get(f"/v1/cases/{case_id}/messages", caller=house.speaker, **params)
    return [(message["by"], message["text"]) for message in page["items"]]


async def test_both_sides_write_and_the_answer_is_among_it(house: House) -> None:
    case_id, clerk = await house.case(), official("village")
    written = await house.do(case_id, "messages", {"text": "It is the lamp at the well."}, caller=house.speaker)
    assert set(written) == {"id", "number", "by", "unit_id", "kind", "text", "added_at"}
    await house.do(case_id, "messages", {"text": "Which well?"}, caller=clerk)
    await house.do(case_id, "answer", {"text": "Mended."}, caller=clerk)
    await house.do(case_id, "messages", {"text": "So noted."}, caller=admin())
    assert await texts(house, case_id) == [
        ("resident", "It is the lamp at the well."),
        ("unit", "Which well?"),
        ("unit", "Mended."),
        ("unit", "So noted."),
    ]


async def test_the_official_answer_is_told_from_chatter_and_each_word_from_its_unit(house: House) -> None:
    case_id, clerk = await house.case(), official("village")
    await house.do(case_id, "messages", {"text": "It is the lamp at the well."}, caller=house.speaker)
    await house.do(case_id, "ask", {"text": "Which well?"}, caller=clerk)
    await house.do(case_id, "messages", {"text": "The upper one."}, caller=house.speaker)
    await house.do(case_id, "answer", {"text": "Mended."}, caller=clerk)
    await house.do(case_id, "messages", {"text": "So noted."}, caller=admin())
    page = await house.get(f"/v1/cases/{case_id}/messages", caller=house.speaker)
    village = str(unit("village"))
    assert [(message["number"], message["kind"], message["unit_id"]) for message in page["items"]] == [
        (1, "message", None),
        (2, "question", village),
        (3, "message", None),
        (4, "answer", village),
        (5, "message", village),
    ]


async def test_a_rejection_is_told_from_an_answer(house: House) -> None:
    case_id = await house.case()
    await house.do(case_id, "reject", {"reason": "Not ours."}, caller=official("village"))
    page = await house.get(f"/v1/cases/{case_id}/messages", caller=house.speaker)
    assert [(message["kind"], message["text"]) for message in page["items"]] == [("rejection", "Not ours.")]


async def test_a_message_tells_the_others_who_spoke_but_not_what(house: House) -> None:
    case_id = await house.case()
    written = await house.do(case_id, "messages", {"text": "It is the lamp at the well."}, caller=house.speaker)
    type, data = (await house.events(case_id))[-1]
    assert type == "case-message.added"
    assert json.loads(data)["message_id"] == written["id"]
    assert json.loads(data)["by_unit"] is False
    assert "well" not in data


async def test_messages_are_paged_oldest_first(house: House) -> None:
    case_id = await house.case()
    for number in range(5):
        await house.do(case_id, "messages", {"text": f"{number}"}, caller=house.speaker)
    found: list[str] = []
    params: dict[str, Any] = {"limit": 2}
    while True:
        page = await house.get(f"/v1/cases/{case_id}/messages", caller=house.speaker, **params)
        found += [message["text"] for message in page["items"]]
        if page["next_cursor"] is None:
            break
        params["cursor"] = page["next_cursor"]
    assert found == ["0", "1", "2", "3", "4"]


async def test_a_cursor_of_another_case_finds_nothing(house: House) -> None:
    one, other = await house.case(), await house.case()
    for case_id in (one, other):
        for text in ("first", "second"):
            await house.do(case_id, "messages", {"text": text}, caller=house.speaker)
    page = await house.get(f"/v1/cases/{one}/messages", caller=house.speaker, limit=1)
    assert await texts(house, other, cursor=page["next_cursor"]) == []


async def test_messages_that_come_at_once_are_all_kept_in_one_order(house: House) -> None:
    case_id = await house.case()
    writing = (house.do(case_id, "messages", {"text": f"{number}"}, caller=house.speaker) for number in range(8))
    await asyncio.gather(*writing)
    assert sorted(text for _, text in await texts(house, case_id)) == [f"{number}" for number in range(8)]


async def test_a_closed_case_takes_no_message(house: House) -> None:
    case_id = await house.answered()
    await house.do(case_id, "confirm", {"resolved": True}, caller=house.speaker)
    for caller in (house.speaker, official("village")):
        answer = await house.try_do(case_id, "messages", {"text": "One more thing."}, caller=caller)
        assert (answer.status_code, answer.json()["type"]) == (409, "urn:massline:problem:case-state")


async def test_a_stranger_neither_reads_nor_writes(house: House) -> None:
    case_id = await house.case()
    for caller in (resident(), official("neighbour"), official("township")):
        assert (await house.client.get(f"/v1/cases/{case_id}/messages", caller=caller)).status_code == 404
        assert (await house.try_do(case_id, "messages", {"text": "Hello."}, caller=caller)).status_code == 404
