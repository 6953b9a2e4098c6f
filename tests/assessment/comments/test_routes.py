from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select

from services.assessment.comments.models import Comment
from services.assessment.comments.rules import MOST
from shared.auth import ANONYMOUS, Principal, Role
from tests.assessment.office import ADMIN, Office, assert_problem
from tests.support.callers import principal

SAID = {"stance": "change", "text": "Let answers in time weigh more."}


def resident() -> Principal:
    return principal(Role.resident)


async def comment(office: Office, standard: Any, caller: Principal, **fields: Any) -> Any:
    return await office.post(f"/v1/standards/{standard['id']}/comments", {**SAID, **fields}, caller)


async def answer(office: Office, standard: Any, made: Any, **fields: Any) -> Any:
    path = f"/v1/standards/{standard['id']}/comments/{made['id']}/answer"
    found = await office.client.post(path, caller=ADMIN, json={"decision": "adopted", "reason": "Version 2 does.", **fields})
    assert found.status_code == 200, found.text
    return found.json()


async def test_a_comment_is_shown_to_everybody_without_its_author(office: Office) -> None:
    standard, speaker = await office.draft_standard(), resident()
    made = await comment(office, standard, speaker, criterion="response")
    assert made == {
        "id": made["id"], "standard_id": standard["id"], "criterion": "response", **SAID, "said_at": "2026-03-02T09:00:00Z",
        "mine": True, "decision": None, "reason": None, "answered_at": None,
    }  # fmt: skip
    path = f"/v1/standards/{standard['id']}/comments"
    assert (await office.get(path, speaker))["items"] == [made]
    assert (await office.get(path, resident()))["items"] == [{**made, "mine": False}]


async def test_a_comment_is_kept_under_a_pseudonym_of_this_draft_and_tells_no_minute(office: Office) -> None:
    speaker = resident()
    for code in ("one", "two"):
        await comment(office, await office.draft_standard(code), speaker)
    async with office.service.database.session() as session:
        kept = (await session.scalars(select(Comment))).all()
    assert len({row.pseudonym for row in kept}) == 2
    assert all(speaker.account.bytes not in row.pseudonym for row in kept)
    assert all(UUID(int=row.id.int).int >> 80 == int(row.said_at.timestamp() * 1000) for row in kept)


async def test_every_comment_is_answered_and_the_answer_is_public(office: Office) -> None:
    standard, speaker = await office.draft_standard(), resident()
    first, second = [await comment(office, standard, speaker) for _ in range(2)]
    await answer(office, standard, first, decision="declined", reason="Ten of a hundred is what other programmes use.")
    final = await answer(office, standard, first)
    path = f"/v1/standards/{standard['id']}/comments"
    shown = {each["id"]: each for each in (await office.get(path, resident()))["items"]}[first["id"]]
    assert shown == {**final, "mine": False}
    assert (shown["decision"], shown["reason"]) == ("adopted", "Version 2 does.")
    assert [each["id"] for each in (await office.get(path, unanswered="true"))["items"]] == [second["id"]]


async def test_a_comment_can_be_taken_back_by_its_author_until_it_is_answered(office: Office) -> None:
    standard, speaker = await office.draft_standard(), resident()
    first, second = [await comment(office, standard, speaker) for _ in range(2)]
    path = f"/v1/standards/{standard['id']}/comments"
    foreign = await office.client.post(f"{path}/{first['id']}/withdraw", caller=resident())
    assert_problem(foreign, 404, "comment-not-found")
    assert (await office.client.post(f"{path}/{first['id']}/withdraw", caller=speaker)).status_code == 204
    await answer(office, standard, second)
    assert_problem(await office.client.post(f"{path}/{second['id']}/withdraw", caller=speaker), 409, "comment-answered")
    assert [each["id"] for each in (await office.get(path))["items"]] == [second["id"]]


async def test_comments_end_when_their_time_does(office: Office) -> None:
    standard = await office.draft_standard(comment_days=20)
    office.clock.advance(days=20)
    path = f"/v1/standards/{standard['id']}/comments"
    assert_problem(await office.client.post(path, caller=resident(), json=SAID), 409, "comments-closed")
    active = await office.adopt_standard("other")
    path = f"/v1/standards/{active['id']}/comments"
    assert_problem(await office.client.post(path, caller=resident(), json=SAID), 409, "comments-closed")


async def test_one_resident_cannot_fill_a_draft(office: Office) -> None:
    standard, speaker = await office.draft_standard(), resident()
    for _ in range(MOST):
        await comment(office, standard, speaker)
    path = f"/v1/standards/{standard['id']}/comments"
    assert_problem(await office.client.post(path, caller=speaker, json=SAID), 429, "comments-exhausted")
    await comment(office, standard, resident())


@pytest.mark.parametrize(
    ("fields", "slug"),
    [
        ({"criterion": "unheard-of"}, "no-such-criterion"),
        ({"stance": "angry"}, "invalid-request"),
        ({"text": ""}, "invalid-request"),
        ({"text": "x" * 4001}, "invalid-request"),
        ({"text": "\x00"}, "invalid-request"),
        ({"name": "me"}, "invalid-request"),
    ],
)
async def test_comment_refusals(office: Office, fields: dict[str, Any], slug: str) -> None:
    standard = await office.draft_standard()
    path = f"/v1/standards/{standard['id']}/comments"
    assert_problem(await office.client.post(path, caller=resident(), json={**SAID, **fields}), 422, slug)


async def test_who_comments_and_who_answers(office: Office) -> None:
    standard = await office.draft_standard()
    path = f"/v1/standards/{standard['id']}/comments"
    for caller, status in ((ANONYMOUS, 401), (principal(Role.official), 403), (ADMIN, 403)):
        assert_problem(await office.client.post(path, caller=caller, json=SAID), status)
    made = await comment(office, standard, resident())
    said = {"decision": "adopted", "reason": "Yes."}
    for role in (Role.resident, Role.lead, Role.inspector):
        assert_problem(await office.client.post(f"{path}/{made['id']}/answer", caller=principal(role), json=said), 403)
    assert_problem(await office.client.post(f"{path}/{uuid4()}/answer", caller=ADMIN, json=said), 404, "comment-not-found")
    elsewhere = f"/v1/standards/{uuid4()}/comments"
    assert_problem(await office.client.post(elsewhere, caller=resident(), json=SAID), 404, "standard-not-found")
    assert_problem(await office.client.get(elsewhere, caller=ADMIN), 404, "standard-not-found")
