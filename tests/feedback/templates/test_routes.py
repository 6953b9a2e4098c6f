"""Templates: written above, used below, filled for a case."""

from typing import Any
from uuid import uuid4

import httpx
import pytest

from services.feedback.cases.sealing import WITHHELD
from shared.auth import Principal
from tests.feedback.house import House, admin, inspector, lead, official, resident, unit

CLERK = official("village")
TEXT = "{unit_name} on “{case_title}” ({category}, {opened_on}): we answer by {due_date}."


def template(code: str = "township", **said: Any) -> dict[str, Any]:
    plain = {"code": "first", "unit_id": str(unit(code)), "language": "en", "kind": "answer", "title": "First", "text": TEXT}
    return {**plain, **said}


async def add(house: House, caller: Principal | None = None, code: str = "township", **said: Any) -> httpx.Response:
    return await house.client.post("/v1/templates", caller=caller or lead("township"), json=template(code, **said))


async def added(house: House, **said: Any) -> str:
    answer = await add(house, **said)
    assert answer.status_code == 201, answer.text
    id: str = answer.json()["id"]
    return id


async def put(house: House, id: str, tag: str | None, *, caller: Principal | None = None, **said: Any) -> httpx.Response:
    body = {"title": "Second", "text": "Better.", "kind": "message", **said}
    headers = {} if tag is None else {"If-Match": tag}
    return await house.client.call("PUT", f"/v1/templates/{id}", caller=caller or lead("township"), json=body, headers=headers)


async def codes(house: House, caller: Principal, **params: Any) -> list[str]:
    return [item["code"] for item in (await house.get("/v1/templates", caller=caller, **params))["items"]]


async def test_a_template_is_filled_for_a_case_and_sent_with_the_usual_verb(house: House) -> None:
    case_id, id = await house.case(category="light"), await added(house)
    answer = await house.try_do(case_id, f"templates/{id}/fill", caller=CLERK)
    text = "The village on “The lamp is broken” (light, 2026-03-02): we answer by 2026-03-09."
    assert (answer.status_code, answer.json()) == (200, {"text": text})
    assert (await house.get(f"/v1/cases/{case_id}/messages", caller=CLERK))["items"] == []
    case = await house.do(case_id, "answer", {"text": answer.json()["text"]}, caller=CLERK)
    assert case["state"] == "answered"


@pytest.mark.parametrize("protection", ["confidential", "anonymous"])
async def test_a_template_is_filled_with_the_words_of_a_protected_case_but_not_for_administrators(
    house: House, protection: str
) -> None:
    case_id, id = await house.case(protection=protection), await added(house, text="On “{case_title}”.")
    for caller, title in ((CLERK, "The lamp is broken"), (admin(), WITHHELD)):
        assert (await house.do(case_id, f"templates/{id}/fill", caller=caller))["text"] == f"On “{title}”."


async def test_the_due_date_is_that_of_the_next_deadline_and_none_once_all_are_past(house: House) -> None:
    case_id, id = await house.case(), await added(house, text="{due_date}/{category}")
    await house.do(case_id, "acknowledge", caller=CLERK)
    assert (await house.do(case_id, f"templates/{id}/fill", caller=CLERK))["text"] == "2026-04-01/—"
    await house.do(case_id, "withdraw", caller=house.speaker)
    assert (await house.do(case_id, f"templates/{id}/fill", caller=CLERK))["text"] == "—/—"


async def test_a_registered_category_is_named_in_the_language_of_the_template(house: House) -> None:
    category = {"code": "light", "name": {"en": "Street light", "zh": "路灯"}, "channels": ["public_opinion"]}
    answer = await house.client.post("/v1/categories", caller=admin(), json=category)
    assert answer.status_code == 201, answer.text
    case_id = await house.case(category="light")
    for language, name in (("en", "Street light"), ("zh", "路灯")):
        id = await added(house, language=language, text="{category}")
        assert (await house.do(case_id, f"templates/{id}/fill", caller=CLERK))["text"] == name


async def test_a_template_is_used_by_its_unit_and_those_below(house: House) -> None:
    id = await added(house)
    for caller in (CLERK, official("township"), inspector("neighbour"), lead("county"), admin()):
        assert await codes(house, caller) == ["first"], caller
        assert (await house.client.get(f"/v1/templates/{id}", caller=caller)).status_code == 200
    for caller in (official("elsewhere"), lead("elsewhere")):
        assert await codes(house, caller) == []
        answers = [await house.client.get(f"/v1/templates/{each}", caller=caller) for each in (id, uuid4())]
        assert [answer.status_code for answer in answers] == [404, 404]
        assert answers[0].json()["detail"] == answers[1].json()["detail"]
    assert (await house.client.get("/v1/templates", caller=resident())).status_code == 403


async def test_the_lead_of_the_unit_or_above_and_administrators_write(house: House) -> None:
    refused = [lead("village"), lead("elsewhere"), official("township"), inspector("township"), resident()]
    for caller in refused:
        assert (await add(house, caller)).status_code == 403, caller
    id = await added(house)
    for caller in (lead("village"), official("township"), inspector("township"), resident()):
        assert (await put(house, id, '"1"', caller=caller)).status_code == 403, caller
        assert (await house.client.call("DELETE", f"/v1/templates/{id}", caller=caller)).status_code == 403
    for number, caller in enumerate((lead("township"), lead("province"), admin()), 1):
        assert (await add(house, caller, code="village", language="zh", title="x")).status_code in (201, 409)
        answer = await put(house, id, f'"{number}"', caller=caller)
        assert (answer.status_code, answer.json()["version"], answer.headers["etag"]) == (200, number + 1, f'"{number + 1}"')


async def test_a_code_is_one_template_of_a_unit_and_language(house: House) -> None:
    await added(house)
    answer = await add(house)
    assert (answer.status_code, answer.json()["type"]) == (409, "urn:massline:problem:template-code-taken")
    await added(house, language="zh")
    await added(house, caller=lead("village"), code="village")


async def test_a_change_of_what_was_changed_meanwhile_is_refused(house: House) -> None:
    id = await added(house)
    tag = (await house.client.get(f"/v1/templates/{id}", caller=CLERK)).headers["etag"]
    assert (await put(house, id, tag)).status_code == 200
    answer = await put(house, id, tag, text="Lost.")
    assert (answer.status_code, answer.json()["type"]) == (412, "urn:massline:problem:changed-meanwhile")
    assert (await house.get(f"/v1/templates/{id}", caller=CLERK))["text"] == "Better."
    for malformed in (None, "*", "1", '"x"', '""', 'W/"2"', '"' + "9" * 19 + '"'):
        assert (await put(house, id, malformed)).status_code == 422, malformed
    assert (await put(house, id, '"999999999999999999"')).status_code == 412


@pytest.mark.parametrize("text", ["{name}", "{case_title.owner_id}", "{", " ", "x" * 20_001])
async def test_a_text_that_cannot_be_filled_is_refused(house: House, text: str) -> None:
    assert (await add(house, text=text)).status_code == 422
    id = await added(house)
    assert (await put(house, id, '"1"', text=text)).status_code == 422


async def test_a_removed_template_is_gone(house: House) -> None:
    id = await added(house)
    answer = await house.client.call("DELETE", f"/v1/templates/{id}", caller=lead("township"))
    assert (answer.status_code, answer.content) == (204, b"")
    assert (await house.client.call("DELETE", f"/v1/templates/{id}", caller=lead("township"))).status_code == 404
    await added(house)


async def test_templates_are_found_by_unit_kind_and_language_in_pages(house: House) -> None:
    await added(house, code="township")
    await added(house, code="village", caller=lead("village"), language="zh", kind="question")
    await added(house, code="neighbour", caller=lead("neighbour"), kind="rejection")

    async def found(**params: Any) -> list[str]:
        items = (await house.get("/v1/templates", caller=lead("township"), **params))["items"]
        return [
            next(code for code in ("township", "village", "neighbour") if item["unit_id"] == str(unit(code))) for item in items
        ]

    assert await found() == ["township", "village", "neighbour"]
    assert await found(unit_id=unit("village")) == ["township", "village"]
    assert await found(unit_id=unit("township")) == ["township"]
    assert await found(kind="question") == ["village"]
    assert await found(language="en") == ["township", "neighbour"]
    page = await house.get("/v1/templates", caller=lead("township"), limit=2)
    assert len(page["items"]) == 2
    assert await found(limit=2, cursor=page["next_cursor"]) == ["neighbour"]


async def test_who_may_not_see_the_case_or_the_template_fills_nothing(house: House) -> None:
    case_id, id = await house.case(), await added(house)
    foreign = await added(house, caller=lead("elsewhere"), code="elsewhere")
    for caller, case, which, status in (
        (official("neighbour"), case_id, id, 404),
        (CLERK, uuid4(), id, 404),
        (CLERK, case_id, uuid4(), 404),
        (CLERK, case_id, foreign, 404),
        (house.speaker, case_id, id, 403),
    ):
        answer = await house.client.post(f"/v1/cases/{case}/templates/{which}/fill", caller=caller, json={})
        assert answer.status_code == status, answer.text
