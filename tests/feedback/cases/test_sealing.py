"""Of a protected case, a copy of the database tells nothing that was said, nor by whom; and those who may read it still do."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from pydantic import SecretStr

from services.feedback.app import create_service
from services.feedback.cases.sealing import LOST, WITHHELD
from services.feedback.settings import FeedbackSettings
from tests.feedback.files import pdf
from tests.feedback.house import House, admin, inspector, lead, official, resident, unit
from tests.support.callers import ServiceClient
from tests.support.clock import ManualClock

CLERK, ABOVE = official("village"), lead("township")
PROTECTED = ("confidential", "anonymous")
SAID: dict[str, Any] = {
    "title": "xqtitle of it",
    "body": "xqbody and more of it",
    "place": "xqplace behind the well",
}
EVERY_WORD = (
    "xqtitle",
    "xqbody",
    "xqplace",
    "xqasked",
    "xqreply",
    "xqnote",
    "xqreason",
    "xqtask",
    "xqleft",
    "xqwithdrawn",
)


async def tell(house: House, protection: str) -> tuple[str, str | None]:
    """A case in which everybody has written everywhere; (its id, its receipt)."""
    filed = await house.submit(protection=protection, **SAID)
    case_id, receipt = filed["case_id"], filed["receipt"]
    await house.do(case_id, "notes", {"text": "xqnote"}, caller=CLERK)
    await house.do(case_id, "joint-units", {"unit_id": str(unit("neighbour")), "task": "xqtask"}, caller=CLERK)
    await house.do(case_id, f"joint-units/{unit('neighbour')}/leave", {"reason": "xqleft"}, caller=CLERK)
    await house.do(case_id, "ask", {"text": "xqasked"}, caller=CLERK)
    await say(house, case_id, receipt, "messages", {"text": "xqreply"})
    await house.do(case_id, "hand-over", {"unit_id": str(unit("neighbour")), "reason": "xqreason"}, caller=ABOVE)
    await house.do(case_id, "answer", {"text": "xqreply", "outcome": "xqreason"}, caller=official("neighbour"))
    await say(house, case_id, receipt, "confirm", {"resolved": False})
    await house.do(case_id, "reject", {"reason": "xqreason"}, caller=official("neighbour"))
    await say(house, case_id, receipt, "appeal", {"reason": "xqreason"})
    await house.do(case_id, "appeal/decide", {"decision": "overturn", "reason": "xqreason"}, caller=ABOVE)
    await say(house, case_id, receipt, "withdraw", {"reason": "xqwithdrawn"})
    return case_id, receipt


async def say(house: House, case_id: str, receipt: str | None, verb: str, body: dict[str, Any]) -> Any:
    if receipt is None:
        return await house.do(case_id, verb, body, caller=house.speaker)
    answer = await house.receipt(verb, {"receipt": receipt, **body})
    assert answer.status_code in (200, 201), answer.text
    return answer.json()


@asynccontextmanager
async def with_keys(database_url: str, clock: ManualClock, keys: str) -> AsyncIterator[House]:
    service = create_service(FeedbackSettings(database_url=database_url, vault_keys=SecretStr(keys)), clock=clock)
    async with service.open():
        yield House(service, ServiceClient(service), clock)


@pytest.mark.parametrize("protection", PROTECTED)
async def test_a_copy_of_the_database_holds_no_word_and_no_speaker(house: House, protection: str) -> None:
    await tell(house, protection)
    account = house.speaker.account
    for place, value in await house.everything():
        told = [word for word in (*EVERY_WORD, str(account), account.hex) if word in value.lower()]
        assert not told, place


async def test_a_named_case_is_kept_in_plain_words(house: House) -> None:
    """So that this test would notice if the one above looked at nothing."""
    await tell(house, "named")
    kept = " ".join(value for _, value in await house.everything())
    assert not [word for word in EVERY_WORD if word not in kept]


@pytest.mark.parametrize("protection", PROTECTED)
async def test_those_who_may_read_it_read_it_as_it_was_written(house: House, protection: str) -> None:
    case_id, receipt = await tell(house, protection)
    reader = official("neighbour")
    case = await house.get(f"/v1/cases/{case_id}", caller=reader)
    assert {name: case[name] for name in SAID} == SAID
    assert (case["outcome"], case["owners"][-1]["reason"]) == ("xqreason", "xqreason")
    assert (case["appeal"]["reason"], case["appeal"]["decision_reason"]) == ("xqreason", "xqreason")
    (listed,) = (await house.get("/v1/cases", caller=reader))["items"]
    (searched,) = (await house.get("/v1/cases", caller=reader, channel="public_opinion", sort="updated"))["items"]
    assert {(each["title"], each["place"]) for each in (listed, searched)} == {(SAID["title"], SAID["place"])}
    export = await house.client.get("/v1/cases/export", caller=reader)
    assert SAID["title"] in export.text
    texts = [message["text"] for message in (await house.get(f"/v1/cases/{case_id}/messages", caller=reader))["items"]]
    assert texts == ["xqasked", "xqreply", "xqreply", "xqreason"]
    notes = (await house.get(f"/v1/cases/{case_id}/notes", caller=reader))["items"]
    (joint,) = await house.get(f"/v1/cases/{case_id}/joint-units", caller=reader)
    assert ([note["text"] for note in notes], joint["task"], joint["left_reason"]) == (["xqnote"], "xqtask", "xqleft")
    reasons = [act["reason"] for act in await house.get(f"/v1/cases/{case_id}/timeline", caller=reader)]
    assert set(reasons) == {None, "xqtask", "xqleft", "xqreason", "xqwithdrawn"}
    speakers = await say(house, case_id, receipt, "open", {}) if receipt else await house.get("/v1/cases", caller=house.speaker)
    assert SAID["title"] in str(speakers)


@pytest.mark.parametrize("protection", PROTECTED)
async def test_words_of_a_protected_case_are_not_searched_but_its_facets_are(house: House, protection: str) -> None:
    case_id = await house.case(protection=protection, **SAID)
    named_id = await house.case(**SAID)

    async def found(**asked: Any) -> set[str]:
        return {each["id"] for each in (await house.get("/v1/cases", caller=CLERK, **asked))["items"]}

    assert await found(q="xqbody") == {named_id}
    assert await found(channel="public_opinion", kind="report") == {case_id, named_id}
    similar = await house.get(f"/v1/cases/{case_id}/similar", caller=CLERK)
    assert [each["case_id"] for each in similar["items"]] == [named_id]
    similar = await house.get(f"/v1/cases/{named_id}/similar", caller=CLERK)
    assert [(each["case_id"], each["title"]) for each in similar["items"]] == [(case_id, SAID["title"])]


@pytest.mark.parametrize("protection", PROTECTED)
async def test_an_administrator_knows_of_it_and_reads_nothing_in_it(house: House, protection: str) -> None:
    case_id, receipt = await tell(house, protection)
    file = {"file": ("a.pdf", pdf())}
    await house.do(case_id, "reopen", {"reason": "xqreason"}, caller=house.speaker) if receipt is None else await say(
        house, case_id, receipt, "reopen", {"reason": "xqreason"}
    )
    path = f"/v1/cases/{case_id}/attachments"
    if receipt is None:
        sent = await house.client.post(path, caller=house.speaker, files=file)
    else:
        sent = await house.client.post("/v1/receipts/attachments", files=file, data={"receipt": receipt})
    assert sent.status_code == 201, sent.text
    case = await house.get(f"/v1/cases/{case_id}", caller=admin())
    assert (case["title"], case["body"], case["attributes"], case["state"]) == (WITHHELD, WITHHELD, None, "in_progress")
    parts = ("", "/messages", "/notes", "/timeline", "/joint-units", "/similar", "/attachments")
    answers = [await house.client.get(f"/v1/cases/{case_id}{part}", caller=admin()) for part in parts]
    answers += [
        await house.client.get(path, caller=admin()) for path in ("/v1/cases", "/v1/cases?sort=oldest", "/v1/cases/export")
    ]
    for answer in answers:
        assert answer.status_code == 200
        assert not [word for word in EVERY_WORD if word in answer.text], answer.request.url
    refused = await house.client.get(f"{path}/{sent.json()['id']}", caller=admin())
    assert (refused.status_code, refused.json()["type"]) == (403, "urn:massline:problem:words-withheld")
    assert (await house.client.get(f"{path}/{sent.json()['id']}", caller=official("neighbour"))).content.startswith(b"%PDF")


async def test_a_confidential_speaker_finds_their_own_cases_as_ever(house: House) -> None:
    named, confidential = await house.case(), await house.case(protection="confidential")
    await house.case(caller=resident(), protection="confidential")
    for asked in ({}, {"sort": "oldest"}, {"state": "received"}, {"unread": "false", "sort": "updated"}):
        page = await house.get("/v1/cases", caller=house.speaker, **asked)
        assert {each["id"] for each in page["items"]} == {named, confidential}, asked
    assert (await house.get("/v1/cases/counts", caller=house.speaker))["total"] == 2
    await house.do(confidential, "messages", {"text": "More."}, caller=house.speaker)
    assert (await house.get(f"/v1/cases/{confidential}", caller=CLERK))["last_said_by"] == "resident"


async def test_without_their_key_words_are_lost_and_nothing_else(house: House, database_url: str) -> None:
    case_id, receipt = await tell(house, "anonymous")
    async with with_keys(database_url, house.clock, "2:" + "another key " * 4) as other:
        case = await other.get(f"/v1/cases/{case_id}", caller=official("neighbour"))
        assert (case["title"], case["body"], case["state"]) == (LOST, LOST, "withdrawn")
        assert (await other.get("/v1/cases", caller=official("neighbour")))["items"][0]["title"] == LOST
        shown = await say(other, case_id, receipt, "open", {})
        assert {message["text"] for message in shown["messages"]} == {LOST}
        await say(other, case_id, receipt, "reopen", {"reason": "Again."})
        await other.do(case_id, "answer", {"text": "A new word."}, caller=official("neighbour"))
        texts = [message["text"] for message in (await say(other, case_id, receipt, "open", {}))["messages"]]
        assert texts[-1] == "A new word."


async def test_both_keys_open_while_they_are_changed(house: House, database_url: str) -> None:
    case_id = await house.case(protection="confidential", **SAID)
    old = FeedbackSettings(database_url=database_url).vault_keys.get_secret_value()
    async with with_keys(database_url, house.clock, f"2:{'a newer key ' * 4},1:{old}") as other:
        assert (await other.get(f"/v1/cases/{case_id}", caller=CLERK))["body"] == SAID["body"]
        await other.do(case_id, "answer", {"text": "Sealed with the newer one."}, caller=CLERK)
        (row,) = await other.rows("SELECT text FROM messages")
        assert row["text"].startswith("\x02sealed:2:")


async def test_whoever_holds_a_post_that_it_is_about_never_reads_it(house: House) -> None:
    """The lead of the village is accused: the township gets it, where the inspector is accused too."""
    posts = [{"unit_id": str(unit("village")), "post": "lead"}, {"unit_id": str(unit("township")), "post": "inspector"}]
    posts.append({"unit_id": str(unit("province")), "post": "inspector"})
    filed = await house.submit(protection="confidential", about_posts=posts)
    assert [reader["code"] for reader in filed["readers"]] == ["county", "prefecture", "province"]
    assert [reader["without"] for reader in filed["readers"]] == [[], [], ["inspector"]]
    case_id = filed["case_id"]
    (row,) = await house.rows("SELECT unit_id FROM cases")
    assert row["unit_id"] == unit("county")
    for caller in (lead("county"), inspector("county"), lead("province")):
        assert (await house.get("/v1/cases", caller=caller))["items"]
    kept_out = (official("village"), lead("village"), official("township"), inspector("township"), inspector("province"))
    for caller in kept_out:
        assert (await house.client.get(f"/v1/cases/{case_id}", caller=caller)).status_code == 404
        assert (await house.get("/v1/cases", caller=caller))["items"] == []
        assert (await house.get("/v1/cases", caller=caller, sort="oldest"))["items"] == []
        assert (await house.get("/v1/cases/counts", caller=caller))["total"] == 0


async def test_a_post_of_the_unit_that_gets_it_is_kept_out_of_a_case_handed_over(house: House) -> None:
    post = {"unit_id": str(unit("neighbour")), "post": "official"}
    case_id = await house.case(protection="confidential", about_posts=[post])
    await house.do(case_id, "hand-over", {"unit_id": str(unit("neighbour")), "reason": "Theirs."}, caller=ABOVE)
    assert (await house.client.get(f"/v1/cases/{case_id}", caller=official("neighbour"))).status_code == 404
    assert (await house.client.get(f"/v1/cases/{case_id}", caller=lead("neighbour"))).status_code == 200


async def test_no_post_of_every_unit_may_be_named_and_none_that_is_no_post(house: House) -> None:
    everywhere = [
        {"unit_id": str(unit(code)), "post": "lead"} for code in ("village", "township", "county", "prefecture", "province")
    ]
    refused = await house.try_submit(about_posts=everywhere)
    assert (refused.status_code, refused.json()["type"]) == (422, "urn:massline:problem:no-reader-left")
    refused = await house.try_submit(about_posts=[{"unit_id": str(unit("village")), "post": "admin"}])
    assert refused.status_code == 422
    refused = await house.try_submit(shared=True, about_posts=everywhere[:1])
    assert (refused.status_code, refused.json()["type"]) == (422, "urn:massline:problem:sharing-unprotected")


async def test_no_unit_with_a_post_that_it_is_about_decides_an_appeal(house: House) -> None:
    post = {"unit_id": str(unit("township")), "post": "lead"}
    case_id = await house.case(protection="confidential", about_posts=[post])
    await house.do(case_id, "reject", {"reason": "No."}, caller=CLERK)
    appealed = await house.do(case_id, "appeal", {"reason": "Yes."}, caller=house.speaker)
    assert appealed["appeal_unit_id"] == str(unit("county"))


async def test_cases_about_different_posts_are_not_answered_together(house: House) -> None:
    post = {"unit_id": str(unit("province")), "post": "inspector"}
    one, other = await house.case(), await house.case(about_posts=[post])
    for main, follower in ((one, other), (other, one)):
        refused = await house.try_do(follower, "merge", {"into_case_id": main, "reason": "Same."}, caller=CLERK)
        assert (refused.status_code, refused.json()["type"]) == (409, "urn:massline:problem:merge-other-readers")
