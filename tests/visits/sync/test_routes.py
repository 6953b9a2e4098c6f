import asyncio
from base64 import urlsafe_b64encode
from typing import Any
from uuid import UUID, uuid4

import httpx
import msgspec
import pytest

from services.visits.jobs import follow_windows
from services.visits.sync import queries
from shared.auth import ANONYMOUS, Principal
from shared.events.visits import FindingReported, PromiseMade, VisitRecorded
from tests.visits.house import (
    ADMIN,
    COLLEAGUE,
    INSPECTOR,
    LEAD,
    OFFICIAL,
    RESIDENT,
    STRANGER,
    VILLAGE_OFFICIAL,
    House,
    finding,
    moment,
    promise,
)

REASSIGN = "UPDATE visits SET assignee_id = $2 WHERE id = $1"


async def ask(house: House, *items: Any, by: Principal = OFFICIAL, cursor: str | None = None) -> httpx.Response:
    return await house.client.post("/v1/visits/sync", caller=by, json={"cursor": cursor, "items": items})


async def sync(house: House, *items: Any, by: Principal = OFFICIAL, cursor: str | None = None) -> Any:
    answer = await ask(house, *items, by=by, cursor=cursor)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def changes(house: House, cursor: str | None, by: Principal = OFFICIAL) -> tuple[set[str], set[str], str]:
    """Ids of what changed and of what is gone, over all pages, and the cursor after them."""
    changed: set[str] = set()
    gone: set[str] = set()
    while True:
        page = await sync(house, by=by, cursor=cursor)
        changed |= {visit["id"] for visit in page["changes"]}
        gone |= set(page["gone"])
        cursor = page["cursor"]
        if not page["more"]:
            return changed, gone, cursor


def item(house: House, visit: Any, **record: Any) -> dict[str, Any]:
    """What a phone that has this visit sends about it."""
    said = house.record_body(**record)
    return {"client_id": str(uuid4()), "visit_id": visit["id"], "base_version": visit["version"], "record": said}


async def on_the_phone(house: House, *, count: int = 1, **changes: Any) -> list[Any]:
    """Visits of the official, as the phone has them before it goes offline."""
    await house.planned(rrule=f"FREQ=DAILY;COUNT={count}", **changes)
    visits: list[Any] = (await sync(house))["changes"]
    return visits


async def reassign(house: House, visit_id: str, to: Principal) -> None:
    await house.service.database.pool.execute(REASSIGN, UUID(visit_id), to.account)


async def test_a_batch_is_recorded_as_each_of_it_would_be_alone(house: House) -> None:
    one, other = await on_the_phone(house, count=2)
    occurred_at = house.clock().isoformat()
    house.clock.advance(hours=5)
    answer = await sync(
        house, item(house, other, occurred_at=occurred_at, findings=[finding()]), item(house, one, outcome="refused_by_resident")
    )
    assert [result["status"] for result in answer["results"]] == ["applied", "applied"]
    assert [result["visit"]["id"] for result in answer["results"]] == [other["id"], one["id"]], "in the order of the items"
    assert [result["visit"]["state"] for result in answer["results"]] == ["done", "refused_by_resident"]
    assert answer["results"][0]["visit"]["occurred_at"] == occurred_at.replace("+00:00", "Z")
    assert len(await house.told(VisitRecorded)) == 2
    assert len(await house.told(FindingReported)) == 1


async def test_the_phone_gets_what_a_visit_needs(house: House) -> None:
    (visit,) = await on_the_phone(house, window_days=3)
    whole = (await house.client.get(f"/v1/visits/{visit['id']}", caller=OFFICIAL)).json()
    for name in ("findings", "promises", "answers"):
        del whole[name]
    assert visit == {**whole, "version": visit["version"]}
    assert visit["version"].isdigit()


async def test_one_bad_item_holds_no_other_up(house: House) -> None:
    visits = await on_the_phone(house, count=4)
    good = [item(house, visit) for visit in visits]
    bad = [
        {**item(house, visits[0]), "visit_id": str(uuid4())},
        item(house, visits[1], outcome="cancelled"),
        item(house, visits[2], occurred_at="2026-02-01T00:00:00Z"),
        item(house, visits[3], findings=[finding(title="a\x00b")]),
        item(house, visits[3], faith="any"),
        {**item(house, visits[3]), "record": {}},
    ]
    answer = await sync(house, *(each for pair in zip(bad, [*good, *good[:2]], strict=True) for each in pair))
    results = answer["results"]
    assert [result["status"] for result in results[0::2]] == ["refused"] * 6
    assert [result["status"] for result in results[1::2]] == ["applied"] * 4 + ["already_applied"] * 2
    assert len(await house.told(VisitRecorded)) == 4


async def test_a_refused_item_is_told_what_the_record_alone_would_be_told(house: House) -> None:
    visits = await on_the_phone(house, count=3)
    foreign = await house.visit(assignee_id=str(COLLEAGUE.account_id))
    wrong: list[tuple[str, dict[str, Any]]] = [
        (str(uuid4()), {}),
        (foreign, {}),
        (visits[0]["id"], {"outcome": "cancelled"}),
        (visits[1]["id"], {"occurred_at": "2036-01-01T00:00:00Z"}),
        (visits[2]["id"], {"findings": [finding(category="Two words")], "state": "done"}),
    ]
    for visit_id, record in wrong:
        alone = (await house.record(visit_id, **record)).json()
        (result,) = (await sync(house, {**item(house, visits[0], **record), "visit_id": visit_id}))["results"]
        assert result["status"] == "refused"
        assert {**result["problem"], "request_id": ""} == {**alone, "request_id": ""}


async def test_an_item_sent_again_has_one_effect(house: House) -> None:
    (visit,) = await on_the_phone(house)
    sent = item(house, visit, findings=[finding()])
    again = {**sent, "base_version": "1"}
    answers = [await sync(house, sent), await sync(house, again), await sync(house, sent, sent)]
    statuses = [result["status"] for answer in answers for result in answer["results"]]
    assert statuses == ["applied", *["already_applied"] * 3]
    assert answers[1]["results"][0]["visit"]["state"] == "done"
    assert len(await house.told(VisitRecorded)) == len(await house.told(FindingReported)) == 1


async def test_an_item_sent_twice_at_once_has_one_effect(house: House) -> None:
    visits = await on_the_phone(house, count=3)
    sent = [item(house, visit, findings=[finding()]) for visit in visits]
    answers = await asyncio.gather(sync(house, *sent), sync(house, *sent[::-1]), sync(house, *sent))
    statuses = sorted(result["status"] for answer in answers for result in answer["results"])
    assert statuses == ["already_applied"] * 6 + ["applied"] * 3
    assert len(await house.told(FindingReported)) == 3


async def test_a_client_id_stands_for_one_record(house: House) -> None:
    one, other = await on_the_phone(house, count=2)
    sent = item(house, one)
    await sync(house, sent)
    for changed in ({"visit_id": other["id"]}, {"record": house.record_body(outcome="refused_by_resident")}):
        (result,) = (await sync(house, {**sent, **changed}))["results"]
        assert result["status"] == "refused"
        assert result["problem"]["type"].endswith("client-id-reused")
    assert await house.state(other["id"]) == "planned"


async def test_a_client_id_is_the_phones_own(house: House) -> None:
    (mine,) = await on_the_phone(house)
    theirs = await house.visit(assignee_id=str(COLLEAGUE.account_id))
    sent = item(house, mine)
    await sync(house, sent)
    (result,) = (await sync(house, {**sent, "visit_id": theirs}, by=COLLEAGUE))["results"]
    assert result["status"] == "applied"


async def test_a_refused_item_may_come_again_when_it_has_been_put_right(house: House) -> None:
    (visit,) = await on_the_phone(house)
    sent = item(house, visit, outcome="cancelled")
    refused = await sync(house, sent)
    sent["record"]["reason"] = "Flood"
    mended = await sync(house, sent)
    assert [answer["results"][0]["status"] for answer in (refused, mended)] == ["refused", "applied"]


async def test_a_visit_recorded_meanwhile_stands_and_the_phones_record_is_kept_beside_it(house: House) -> None:
    (visit,) = await on_the_phone(house)
    await house.record(visit["id"], by=LEAD, findings=[finding(title="Theirs")])
    sent = item(house, visit, findings=[finding(title="Mine")])
    first, again = await sync(house, sent), await sync(house, sent)
    for answer in (first, again):
        (result,) = answer["results"]
        assert result["status"] == "conflict"
        assert [found["title"] for found in result["theirs"]["findings"]] == ["Theirs"]
        assert [found["title"] for found in result["yours"]["findings"]] == ["Mine"]
        assert result["theirs"]["recorded_by"] == str(LEAD.account_id)
        assert result["visit"]["state"] == "done"
    assert len(await house.told(VisitRecorded)) == len(await house.told(FindingReported)) == 1
    for who in (OFFICIAL, COLLEAGUE, LEAD, INSPECTOR, ADMIN):
        (kept,) = (await house.client.get("/v1/visits/sync/conflicts", caller=who)).json()["items"]
        assert (kept["visit_id"], kept["account_id"]) == (visit["id"], str(OFFICIAL.account_id))
        assert kept["base_version"] == visit["version"]
        assert kept["record"]["findings"][0]["title"] == "Mine"
    for who in (STRANGER, VILLAGE_OFFICIAL):
        assert (await house.client.get("/v1/visits/sync/conflicts", caller=who)).json()["items"] == []


async def in_conflict(house: House, **record: Any) -> dict[str, Any]:
    """An item that was told to stand against what the lead recorded before."""
    (visit,) = await on_the_phone(house)
    await house.record(visit["id"], by=LEAD, findings=[finding(title="Theirs")], present="few")
    sent = item(house, visit, **{"findings": [finding(title="Mine")], "promises": [promise()], **record})
    (result,) = (await sync(house, sent))["results"]
    assert result["status"] == "conflict"
    return sent


async def settle(house: House, sent: dict[str, Any], choice: str, *, by: Principal = OFFICIAL) -> Any:
    (result,) = (await sync(house, {**sent, "choice": choice}, by=by))["results"]
    return result


async def kept_conflict(house: House) -> Any:
    (kept,) = (await house.read("/v1/visits/sync/conflicts"))["items"]
    return kept


async def test_a_conflict_is_settled_by_letting_theirs_stand(house: House) -> None:
    sent = await in_conflict(house)
    assert (await kept_conflict(house))["choice"] is None
    for _ in range(2):
        result = await settle(house, sent, "theirs")
        assert result["status"] == "settled"
        assert [found["title"] for found in result["theirs"]["findings"]] == ["Theirs"]
    (result,) = (await sync(house, sent))["results"]
    assert result["status"] == "settled", "also when it comes without a choice again"
    kept = await kept_conflict(house)
    assert (kept["choice"], moment(kept["settled_at"])) == ("theirs", house.clock())
    assert len(await house.told(FindingReported)) == 1


async def test_a_conflict_is_settled_by_adding_what_both_found_and_promised_once(house: House) -> None:
    sent = await in_conflict(house)
    for _ in range(2):
        result = await settle(house, sent, "both")
        assert result["status"] == "settled"
        theirs = result["theirs"]
        assert sorted(found["title"] for found in theirs["findings"]) == ["Mine", "Theirs"]
        assert [made["text"] for made in theirs["promises"]] == [promise()["text"]]
        assert (theirs["recorded_by"], theirs["present"]) == (str(LEAD.account_id), "few"), "the record itself is not replaced"
    assert len(await house.told(FindingReported)) == 2
    assert len(await house.told(PromiseMade)) == len(await house.told(VisitRecorded)) == 1


async def test_a_conflict_that_was_settled_stays_as_it_was_settled(house: House) -> None:
    sent = await in_conflict(house)
    await settle(house, sent, "theirs")
    result = await settle(house, sent, "both")
    assert result["status"] == "refused"
    assert result["problem"]["type"].endswith("conflict-settled")
    assert (await kept_conflict(house))["choice"] == "theirs"


async def test_a_choice_is_not_taken_before_the_conflict_was_told(house: House) -> None:
    (visit,) = await on_the_phone(house)
    await house.record(visit["id"], by=LEAD)
    sent = item(house, visit, findings=[finding()])
    assert [(await settle(house, sent, "both"))["status"] for _ in range(2)] == ["conflict", "settled"]


async def test_nothing_is_added_to_a_visit_that_was_not_made(house: House) -> None:
    (visit,) = await on_the_phone(house)
    await house.record(visit["id"], by=LEAD, outcome="cancelled", reason="Flood")
    sent = item(house, visit, findings=[finding()])
    await sync(house, sent)
    result = await settle(house, sent, "both")
    assert result["status"] == "refused"
    assert result["problem"]["type"].endswith("visit-not-made")
    assert (await kept_conflict(house))["settled_at"] is None
    assert (await settle(house, sent, "theirs"))["status"] == "settled"


async def test_whoever_did_not_send_it_settles_nothing(house: House) -> None:
    sent = await in_conflict(house)
    assert (await settle(house, sent, "theirs", by=LEAD))["status"] == "conflict", "it is a new item, of another phone"
    shown = (await house.read("/v1/visits/sync/conflicts"))["items"]
    assert [each["choice"] for each in shown] == [None, None]


async def test_conflicts_are_paged(house: House) -> None:
    visits = await on_the_phone(house, count=3)
    for visit in visits:
        await house.record(visit["id"], by=LEAD)
    await sync(house, *(item(house, visit) for visit in visits))
    found, cursor = [], None
    while True:
        params = {"limit": 2, **({"cursor": cursor} if cursor else {})}
        page = (await house.client.get("/v1/visits/sync/conflicts", caller=LEAD, params=params)).json()
        found += [kept["visit_id"] for kept in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert sorted(found) == sorted(visit["id"] for visit in visits)


async def test_a_visit_cancelled_meanwhile_stays_cancelled_and_the_record_is_kept(house: House) -> None:
    (visit,) = await on_the_phone(house)
    await house.record(visit["id"], by=LEAD, outcome="cancelled", reason="Flood")
    (result,) = (await sync(house, item(house, visit)))["results"]
    assert (result["status"], result["theirs"]["state"], result["theirs"]["reason"]) == ("conflict", "cancelled", "Flood")


async def test_a_visit_missed_meanwhile_is_done_late(house: House) -> None:
    (visit,) = await on_the_phone(house, window_days=2)
    occurred_at = house.clock().isoformat()
    house.clock.advance(days=3)
    await follow_windows(house.service.works)
    (result,) = (await sync(house, item(house, visit, occurred_at=occurred_at)))["results"]
    assert (result["status"], result["visit"]["state"], result["visit"]["late"]) == ("applied", "done_late", True)


@pytest.mark.parametrize("to", [COLLEAGUE, VILLAGE_OFFICIAL], ids=["colleague", "from the village"])
async def test_a_visit_reassigned_meanwhile_but_made_is_the_makers(house: House, to: Principal) -> None:
    (visit,) = await on_the_phone(house)
    await reassign(house, visit["id"], to)
    _, _, theirs = await changes(house, None, by=to)
    answer = await sync(house, item(house, visit, findings=[finding()]))
    (result,) = answer["results"]
    assert result["status"] == "applied"
    assert (result["visit"]["assignee_id"], result["visit"]["state"]) == (str(OFFICIAL.account_id), "done")
    (reported,) = await house.told(FindingReported)
    assert reported.sponsor_id == OFFICIAL.account_id
    assert (await changes(house, theirs, by=to))[1] == {visit["id"]}, "the other's phone hears that it need not go"


async def test_a_visit_made_by_a_maker_who_may_not_see_it_any_more_is_taken_too(house: House) -> None:
    visit_id = await house.visit(assignee_id=str(VILLAGE_OFFICIAL.account_id))
    ((visit),) = (await sync(house, by=VILLAGE_OFFICIAL))["changes"]
    await reassign(house, visit_id, OFFICIAL)
    (result,) = (await sync(house, item(house, visit), by=VILLAGE_OFFICIAL))["results"]
    assert result["status"] == "applied"
    await reassign(house, visit_id, OFFICIAL)
    (kept,) = (await sync(house, item(house, visit), by=VILLAGE_OFFICIAL))["results"]
    assert (kept["status"], kept["visit"], kept["theirs"]) == ("conflict", None, None), (
        "kept, but what is not theirs is not shown"
    )
    assert kept["yours"]["outcome"] == "done"


async def test_a_visit_is_not_made_by_somebody_whose_phone_heard_that_it_left(house: House) -> None:
    (visit,) = await on_the_phone(house)
    await reassign(house, visit["id"], COLLEAGUE)
    (version,) = [each["version"] for each in (await sync(house, by=COLLEAGUE))["changes"]]
    (result,) = (await sync(house, item(house, {**visit, "version": version})))["results"]
    assert result["status"] == "refused"
    assert result["problem"]["type"].endswith("not-the-visitor")
    assert await house.state(visit["id"]) == "planned"


async def test_changes_are_told_since_the_cursor_and_what_went_to_others_is_gone(house: House) -> None:
    one, other, third = await on_the_phone(house, count=3)
    changed, gone, cursor = await changes(house, None)
    assert changed == {one["id"], other["id"], third["id"]}
    assert gone == set()
    assert (await changes(house, cursor))[:2] == (set(), set())
    await house.record(one["id"], by=LEAD)
    await reassign(house, other["id"], COLLEAGUE)
    changed, gone, cursor = await changes(house, cursor)
    assert (changed, gone) == ({one["id"]}, {other["id"]})
    await reassign(house, other["id"], OFFICIAL)
    changed, gone, cursor = await changes(house, cursor)
    assert (changed, gone) == ({other["id"]}, set()), "it came back"
    await house.service.database.pool.execute("DELETE FROM visits WHERE id = $1", UUID(third["id"]))
    assert (await changes(house, cursor))[1] == {third["id"]}


async def test_a_visit_that_went_through_several_hands_is_gone_for_each(house: House) -> None:
    (visit,) = await on_the_phone(house)
    cursors = {who: (await changes(house, None, by=who))[2] for who in (OFFICIAL, COLLEAGUE, VILLAGE_OFFICIAL)}
    await reassign(house, visit["id"], COLLEAGUE)
    await reassign(house, visit["id"], VILLAGE_OFFICIAL)
    told = {who: (await changes(house, cursor, by=who))[:2] for who, cursor in cursors.items()}
    nothing: set[str] = set()
    assert told[OFFICIAL] == told[COLLEAGUE] == (nothing, {visit["id"]})
    assert told[VILLAGE_OFFICIAL] == ({visit["id"]}, nothing)


async def test_what_was_just_recorded_is_among_the_changes(house: House) -> None:
    (visit,) = await on_the_phone(house)
    cursor = (await sync(house))["cursor"]
    answer = await sync(house, item(house, visit), cursor=cursor)
    (changed,) = answer["changes"]
    assert (changed["id"], changed["state"]) == (visit["id"], "done")
    assert changed["version"] == answer["results"][0]["visit"]["version"] != visit["version"]


async def test_changes_come_in_pages(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queries, "MOST_CHANGES", 3)
    visits = [await house.visit() for _ in range(8)]
    first = await sync(house)
    assert (len(first["changes"]), first["more"]) == (3, True)
    changed, _, cursor = await changes(house, None)
    assert changed == set(visits)
    for visit_id in visits[:4]:
        await reassign(house, visit_id, COLLEAGUE)
    changed, gone, cursor = await changes(house, cursor)
    assert (changed, gone) == (set(), set(visits[:4]))


async def test_what_changes_between_two_pages_is_not_lost(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queries, "MOST_CHANGES", 2)
    pool = house.service.database.pool
    early, *others = [await house.visit() for _ in range(5)]
    cursor = (await changes(house, None))[2]
    async with pool.acquire() as connection:
        slow = connection.transaction()
        await slow.start()
        await connection.execute("UPDATE visits SET reason = 'slow' WHERE id = $1", UUID(early))
        for visit_id in others:
            await pool.execute("UPDATE visits SET reason = 'quick' WHERE id = $1", UUID(visit_id))
        page = await sync(house, cursor=cursor)
        assert page["more"]
        await slow.commit()
    rest, _, cursor = await changes(house, page["cursor"])
    assert {visit["id"] for visit in page["changes"]} | rest == set(others)
    assert early in (await changes(house, cursor))[0], "the next reading begins before the pages of the last one did"


async def test_a_change_that_commits_after_a_later_one_was_read_is_not_lost(house: House) -> None:
    """A cursor of the highest number seen would step over it."""
    pool = house.service.database.pool
    slow_id, quick_id = await house.visit(), await house.visit()
    cursor = (await changes(house, None))[2]
    async with pool.acquire() as connection:
        slow = connection.transaction()
        await slow.start()
        await connection.execute("UPDATE visits SET reason = 'slow' WHERE id = $1", UUID(slow_id))
        await pool.execute("UPDATE visits SET reason = 'quick' WHERE id = $1", UUID(quick_id))
        changed, _, cursor = await changes(house, cursor)
        assert changed == {quick_id}
        await slow.commit()
    assert slow_id in (await changes(house, cursor))[0]


async def test_no_change_of_several_writers_is_lost(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each visit is changed once, by writers that take long and short: a phone that asks all the while has in the end what the
    server has."""
    monkeypatch.setattr(queries, "MOST_CHANGES", 5)
    pool = house.service.database.pool
    visits = [UUID(visit["id"]) for visit in (await house.planned(rrule="FREQ=DAILY;COUNT=60"))["visits"]]
    phone: dict[str, Any] = {}
    _, _, cursor = await changes(house, None)

    async def write(writer: int) -> None:
        for round, visit_id in enumerate(visits[writer::4]):
            async with pool.acquire() as connection, connection.transaction():
                await connection.execute("UPDATE visits SET reason = $2 WHERE id = $1", visit_id, f"{writer}.{round}")
                if round % 3 == 0:
                    await connection.execute(REASSIGN, visit_id, COLLEAGUE.account)
                await asyncio.sleep(0.02 * ((writer + round) % 4))

    async def pull(cursor: str) -> str:
        page = await sync(house, cursor=cursor)
        phone.update({visit["id"]: visit["reason"] for visit in page["changes"]})
        phone.update(dict.fromkeys(page["gone"], "gone"))
        following: str = page["cursor"]
        return await pull(following) if page["more"] else following

    async with asyncio.TaskGroup() as tasks:
        writers = [tasks.create_task(write(writer)) for writer in range(4)]
        while not all(writer.done() for writer in writers):
            cursor = await pull(cursor)
    await pull(cursor)
    rows = await pool.fetch("SELECT id, reason, assignee_id FROM visits")
    assert phone == {str(row["id"]): row["reason"] if row["assignee_id"] == OFFICIAL.account else "gone" for row in rows}


async def test_a_restored_database_notices_a_cursor_from_before_and_starts_anew(house: House) -> None:
    (visit,) = await on_the_phone(house)
    cursor = queries._open((await sync(house))["cursor"])
    ahead = cursor._replace(changed=2**62)
    elsewhere = cursor._replace(source="0.1")
    absurd = cursor._replace(changed=10**40, following=10**40)
    for stale in (ahead, elsewhere, absurd):
        answer = await sync(house, cursor=stale.seal())
        assert answer["reset"] is True
        assert [changed["id"] for changed in answer["changes"]] == [visit["id"]]
        assert queries._open(answer["cursor"]).source == cursor.source
    assert (await sync(house, cursor=cursor.seal()))["reset"] is False


def sealed(text: str) -> str:
    return urlsafe_b64encode(text.encode()).rstrip(b"=").decode()


MALFORMED = [
    "1",
    "%00",
    "x" * 300,
    sealed("sync\n1.1 a b c\n" + str(UUID(int=0))),
    sealed("sync\n1.1 0 -1 5\n" + str(UUID(int=0))),
    sealed("sync\n1.1 5\n" + str(UUID(int=0))),
    sealed("due\n1.1 0 0 5\n" + str(UUID(int=0))),
]


@pytest.mark.parametrize("cursor", MALFORMED)
async def test_a_malformed_cursor_is_a_problem(house: House, cursor: str) -> None:
    answer = await ask(house, cursor=cursor)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"


async def test_a_malformed_envelope_is_a_problem(house: House) -> None:
    (visit,) = await on_the_phone(house)
    good = item(house, visit)
    wrong: list[Any] = [
        {"items": [good] * 101},
        {"items": [{**good, "client_id": "1"}]},
        {"items": [{**good, "base_version": "x"}]},
        {"items": [{**good, "base_version": "9" * 19}]},
        {"items": [{**good, "record": []}]},
        {"items": [{**good, "choice": "mine"}]},
        {"items": [{**good, "more": 1}]},
        {"items": None},
        {"cursor": 1},
        {"since": 1},
        [],
    ]
    for body in wrong:
        answer = await house.client.post("/v1/visits/sync", caller=OFFICIAL, json=body)
        assert answer.status_code == 422, body
        assert answer.headers["content-type"] == "application/problem+json"
    assert await house.state(visit["id"]) == "planned"


@pytest.mark.parametrize(
    "record",
    [b'{"\\ud800": 1}', b'{"outcome": NaN}', b'{"occurred_at": 1e999}', b'{"reason": "\\u0000"}', b'{"findings": [[[[]]]]}'],
    ids=["lone surrogate", "no number", "too large", "NUL", "nested"],
)
async def test_a_record_that_no_database_holds_is_refused_for_itself(house: House, record: bytes) -> None:
    (visit,) = await on_the_phone(house)
    good = item(house, visit)
    bad = msgspec.json.encode({**good, "client_id": str(uuid4()), "record": msgspec.Raw(record)})
    body = b'{"items": [' + bad + b", " + msgspec.json.encode(good) + b"]}"
    headers = {"Content-Type": "application/json"}
    answer = await house.client.call("POST", "/v1/visits/sync", caller=OFFICIAL, content=body, headers=headers)
    assert answer.status_code == 200, answer.text
    assert [result["status"] for result in answer.json()["results"]] == ["refused", "applied"]


@pytest.mark.parametrize(("who", "status"), [(INSPECTOR, 403), (RESIDENT, 403), (ANONYMOUS, 401), (LEAD, 200), (ADMIN, 200)])
async def test_synchronising_is_for_staff(house: House, who: Principal, status: int) -> None:
    assert (await ask(house, by=who)).status_code == status


async def test_a_lead_records_for_the_visitor(house: House) -> None:
    (visit,) = await on_the_phone(house)
    (result,) = (await sync(house, item(house, visit), by=LEAD))["results"]
    assert (result["status"], result["visit"]["recorded_by"]) == ("applied", str(LEAD.account_id))
