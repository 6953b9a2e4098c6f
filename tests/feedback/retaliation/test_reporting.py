"""A report of retaliation goes past everybody concerned, and nobody but its readers can tell that there is one."""

import asyncio
import json
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from shared.auth import Principal
from shared.ids import new_id_at
from shared.types import Level
from shared.units import KnownUnit
from tests.feedback.house import TREE, House, admin, inspector, key, lead, official, resident, unit
from tests.feedback.retaliation.voices import TEXT, Voice, codes, every_protection, hand_over, speak
from tests.feedback.work import work
from tests.shared.problems import assert_problem

HOUR = datetime.fromisoformat("2026-03-02T09:00:00+00:00")
OVERSEERS = [(role, code) for code, *_ in TREE for role in ("official", "lead", "inspector")]
CALLERS = {"official": official, "lead": lead, "inspector": inspector}


async def reports_seen(house: House, caller: Principal) -> list[str]:
    return [item["id"] for item in (await house.get("/v1/retaliation-reports", caller=caller))["items"]]


@every_protection
async def test_a_report_goes_at_once_to_the_unit_above(house: House, protection: str) -> None:
    voice = await speak(house, protection)
    report = await voice.report()
    reported_at = HOUR if protection == "anonymous" else house.clock()
    assert (report["case_id"], report["state"], report["unit_id"]) == (voice.case_id, "reported", str(unit("township")))
    assert (report["text"], report["by"], report["reason"], report["overdue"]) == (TEXT, [], None, False)
    assert codes(report["readers"]) == ["township"]
    assert report["readers"][0]["why"].startswith("It looks into your report")
    assert [datetime.fromisoformat(report[name]) - reported_at for name in ("due_at", "acknowledge_by", "decide_by")] == [
        timedelta(days=days) for days in (7, 7, 30)
    ]
    assert (await voice.watch())["reports"] == [report]


@pytest.mark.parametrize(("role", "code"), OVERSEERS)
async def test_only_the_lead_and_the_inspectors_of_the_inspecting_unit_read_it(house: House, role: str, code: str) -> None:
    report = await (await speak(house)).report()
    caller, path = CALLERS[role](code), f"/v1/retaliation-reports/{report['id']}"
    answer = await house.client.get(path, caller=caller)
    if role == "official":
        assert_problem(answer, 403, "role-not-allowed")
    elif code == "township":
        assert answer.json()["text"] == TEXT
        assert await reports_seen(house, caller) == [report["id"]]
    else:
        assert_problem(answer, 404, "report-not-found")
        assert await reports_seen(house, caller) == []
        nowhere = await house.client.get(f"/v1/retaliation-reports/{uuid4()}", caller=caller)
        assert {**answer.json(), "request_id": ""} == {**nowhere.json(), "request_id": ""}


@pytest.mark.parametrize("caller", [admin(), resident()], ids=["administrator", "stranger"])
async def test_neither_an_administrator_nor_a_stranger_reads_reports(house: House, caller: Principal) -> None:
    report = await (await speak(house)).report()
    for path in ("/v1/retaliation-reports", f"/v1/retaliation-reports/{report['id']}"):
        assert_problem(await house.client.get(path, caller=caller), 403, "role-not-allowed")


async def test_an_inspector_of_no_unit_reads_no_report(house: House) -> None:
    report = await (await speak(house)).report()
    everywhere = Principal(inspector("township").role, uuid4())
    assert await reports_seen(house, everywhere) == []
    answer = await house.client.get(f"/v1/retaliation-reports/{report['id']}", caller=everywhere)
    assert_problem(answer, 404, "report-not-found")


@pytest.mark.parametrize(("protection", "code"), [("named", "township"), ("confidential", "township")])
async def test_nobody_looks_into_a_report_of_their_own(house: House, protection: str, code: str) -> None:
    house.speaker = lead(code)
    voice = await speak(house, protection)
    report = await voice.report()
    assert await reports_seen(house, house.speaker) == []
    for verb, body in (("acknowledge", {}), ("decide", {"substantiated": False, "reason": "No."})):
        path = f"/v1/retaliation-reports/{report['id']}/{verb}"
        assert_problem(await house.client.post(path, caller=house.speaker, json=body), 404, "report-not-found")
    assert await reports_seen(house, lead(code)) == [report["id"]]


@pytest.mark.parametrize(
    ("about", "by", "expected"),
    [
        ([], ["village"], "township"),
        ([], ["township"], "county"),
        ([], ["county", "neighbour"], "prefecture"),
        (["village"], [], "county"),
        (["village"], ["county"], "prefecture"),
        ([], ["elsewhere"], "township"),
    ],
)
async def test_whom_it_is_about_and_whom_the_speaker_names_are_passed_over(
    house: House, about: list[str], by: list[str], expected: str
) -> None:
    voice = await speak(house, about=[str(unit(code)) for code in about])
    report = await voice.report(*by)
    assert codes(report["readers"]) == [expected]
    assert report["by"] == [str(unit(code)) for code in by]


async def test_a_report_goes_above_every_unit_that_ever_owed_the_case(house: House) -> None:
    voice = await speak(house)
    await hand_over(house, voice.case_id, "elsewhere", "neighbour")
    assert codes((await voice.report())["readers"]) == ["prefecture"]


async def test_a_unit_that_works_on_the_case_does_not_read_the_report(house: House) -> None:
    voice = await speak(house)
    body = {"unit_id": str(unit("township")), "task": "Look at it."}
    await house.do(voice.case_id, "joint-units", body, caller=official("village"))
    assert codes((await voice.report())["readers"]) == ["county"]


async def plant_other(house: House) -> None:
    """A second tree, whose root nobody accuses."""
    async with house.service.works.begin() as uow:
        await uow.know_unit(KnownUnit(unit("other"), None, "other", "The other", Level.province, "other", version=1))


async def test_where_all_above_are_concerned_the_topmost_other_unit_inspects_and_the_speaker_is_shown_it(house: House) -> None:
    await plant_other(house)
    voice = await speak(house, "anonymous")
    await house.do(voice.case_id, "ask", {"text": "Which lamp?"}, caller=official("village"))
    report = await voice.report("province")
    assert codes(report["readers"]) == ["other"]
    shown = await voice.say("open", {})
    assert codes(shown["readers"]) == ["village", "township", "county", "prefecture", "province", "other"]
    seen = await house.get(f"/v1/retaliation-reports/{report['id']}", caller=lead("other"))
    assert (seen["title"], seen["body"]) == ("The lamp is broken", "It has been dark at the well for a month.")
    assert [message["text"] for message in seen["messages"]] == ["Which lamp?"]
    assert (seen["case_unit_id"], seen["about"], seen["by"]) == (str(unit("village")), [], [str(unit("province"))])


async def test_where_everybody_is_concerned_the_speaker_is_told(house: House) -> None:
    voice = await speak(house)
    assert_problem(await voice.try_report("province"), 422, "no-inspector-left")
    assert (await voice.watch())["reports"] == []


async def test_a_unit_that_hands_the_case_to_the_top_does_not_escape(house: House) -> None:
    """The topmost has owed it: where it does so no more, it looks into the report rather than nobody."""
    voice = await speak(house)
    await hand_over(house, voice.case_id, "province", "village")
    assert codes((await voice.report())["readers"]) == ["province"]


async def test_a_unit_that_invites_all_above_does_not_escape(house: House) -> None:
    voice = await speak(house, unit_id=unit("prefecture"))
    body = {"unit_id": str(unit("province")), "task": "Join us."}
    await house.do(voice.case_id, "joint-units", body, caller=official("prefecture"))
    assert codes((await voice.report())["readers"]) == ["province"]


@pytest.mark.parametrize("ending", ["withdraw", "reject"])
async def test_a_closed_case_does_not_end_the_watch(house: House, ending: str) -> None:
    voice = await speak(house)
    if ending == "withdraw":
        await house.do(voice.case_id, "withdraw", caller=voice.speaker)
    else:
        await house.do(voice.case_id, "reject", {"reason": "Not ours."}, caller=official("village"))
    assert (await voice.report())["state"] == "reported"


@every_protection
async def test_one_report_at_a_time(house: House, protection: str) -> None:
    voice = await speak(house, protection)
    report = await voice.report()
    assert_problem(await voice.try_report(), 409, "report-undecided")
    body = {"substantiated": False, "reason": "We asked; it was the frost."}
    await house.client.post(f"/v1/retaliation-reports/{report['id']}/decide", caller=lead("township"), json=body)
    again = await voice.report()
    assert [each["id"] for each in (await voice.watch())["reports"]] == [report["id"], again["id"]]


async def test_of_two_reports_at_once_one_is_taken(house: House) -> None:
    voice = await speak(house)
    answers = await asyncio.gather(*(voice.try_report() for _ in range(3)))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409]


async def test_a_repeated_request_reports_once(house: House) -> None:
    voice, headers = await speak(house), key()
    path = f"/v1/cases/{voice.case_id}/retaliation"
    answers = [await house.client.post(path, caller=voice.speaker, json={"text": TEXT}, headers=headers) for _ in range(2)]
    assert answers[0].content == answers[1].content
    assert answers[0].status_code == 201


VIEWS = ("", "/messages", "/notes", "/timeline", "/merged", "/attachments", "/joint-units")
CONCERNED = {
    "official of the unit": official("village"),
    "lead of the unit": lead("village"),
    "official above": official("township"),
    "lead above": lead("township"),
    "lead of the accused unit": lead("county"),
    "inspector of the accused unit": inspector("county"),
    "administrator": admin(),
    "stranger": resident(),
}


async def seen_by(house: House, case_id: str, caller: Principal) -> list[str]:
    """All that the API shows of the case, and of all cases, to somebody who does not read the report."""
    paths = [f"/v1/cases/{case_id}{view}" for view in VIEWS]
    paths += ["/v1/cases", "/v1/cases/counts", "/v1/cases/export", "/v1/cases?sort=due", "/v1/cases?overdue=true"]
    paths += ["/v1/escalations", f"/v1/shared-cases/{case_id}"]
    answers = [await house.client.get(path, caller=caller) for path in paths]
    return [answer.text.replace(answer.headers["x-request-id"], "") for answer in answers]


@every_protection
@pytest.mark.parametrize("caller", CONCERNED.values(), ids=list(CONCERNED))
async def test_nobody_else_can_tell_that_there_is_a_report(house: House, protection: str, caller: Principal) -> None:
    voice = await speak(house, protection)
    before, told = await seen_by(house, voice.case_id, caller), await house.told(voice.case_id)
    house.clock.advance(minutes=1)
    await voice.check_in(safe=False)
    report = await voice.report("county")
    assert codes(report["readers"]) == ["prefecture"]
    assert await seen_by(house, voice.case_id, caller) == before
    decision = {"substantiated": True, "unit_id": str(unit("county")), "reason": "They said so themselves."}
    path = f"/v1/retaliation-reports/{report['id']}/decide"
    assert (await house.client.post(path, caller=lead("prefecture"), json=decision)).status_code == 200
    assert await seen_by(house, voice.case_id, caller) == before
    assert await house.told(voice.case_id) == told


@every_protection
async def test_events_tell_of_a_report_and_not_of_its_case(house: House, protection: str) -> None:
    voice = await speak(house, protection)
    report = await voice.report("village")
    (data,) = [data for type, data in await house.events(report["id"]) if type == "retaliation.reported"]
    assert json.loads(data) == {
        "report_id": report["id"],
        "unit_id": str(unit("township")),
        "reported_at": report["reported_at"],
    }


async def test_of_an_anonymous_report_only_the_hour_is_kept(house: House) -> None:
    voice = await speak(house, "anonymous")
    house.clock.advance(minutes=17, seconds=3)
    report = await voice.report()
    (row,) = await house.rows("SELECT * FROM retaliation_reports")
    (event,) = await house.rows("SELECT * FROM outbox WHERE type LIKE '%.retaliation.%'")
    assert row["reported_at"] == event["time"] == HOUR
    assert event["traceparent"] == ""
    for id in (row["id"], event["id"]):
        assert id.bytes[:6] == new_id_at(HOUR).bytes[:6]
    await house.client.post(
        f"/v1/retaliation-reports/{report['id']}/decide",
        caller=lead("township"),
        json={"substantiated": False, "reason": "No."},
    )
    (decided,) = await house.rows("SELECT * FROM outbox WHERE type LIKE '%.retaliation.decided.v1'")
    assert (decided["time"], json.loads(decided["data"])["decided_at"]) == (HOUR, "2026-03-02T09:00:00Z")


@every_protection
async def test_words_of_protected_cases_are_sealed(house: House, protection: str) -> None:
    voice = await speak(house, protection)
    report = await voice.report()
    body = {"substantiated": False, "reason": "It was the frost."}
    await house.client.post(f"/v1/retaliation-reports/{report['id']}/decide", caller=lead("township"), json=body)
    (row,) = await house.rows("SELECT text, reason FROM retaliation_reports")
    plain = protection == "named"
    assert (row["text"] == TEXT, row["reason"] == body["reason"]) == (plain, plain)
    (shown,) = (await voice.watch())["reports"]
    assert (shown["text"], shown["reason"]) == (TEXT, body["reason"])
    seen = await house.get(f"/v1/retaliation-reports/{report['id']}", caller=lead("township"))
    assert (seen["text"], seen["reason"]) == (TEXT, body["reason"])


async def test_the_account_of_a_speaker_is_in_no_table_of_the_watch(house: House) -> None:
    voice = await speak(house, "confidential")
    await voice.check_in(safe=False)
    await voice.report()
    for table in ("watch_check_ins", "retaliation_reports", "retaliation_readers"):
        for row in await house.rows(f"SELECT t::text AS row FROM {table} AS t"):
            assert str(house.speaker.account_id) not in row["row"]


HOSTILE: dict[str, dict[str, Any]] = {
    "nothing": {},
    "no words": {"text": " "},
    "NUL": {"text": "a\x00b"},
    "number": {"text": 5},
    "a unit that is none": {"text": TEXT, "by": ["village"]},
    "too many units": {"text": TEXT, "by": [str(UUID(int=number)) for number in range(21)]},
    "unknown field": {"text": TEXT, "name": "Li"},
}


@pytest.mark.parametrize("said", HOSTILE.values(), ids=list(HOSTILE))
async def test_hostile_reports(house: House, said: dict[str, Any]) -> None:
    voice = await speak(house)
    assert_problem(await voice.try_say("retaliation", said), 422)
    assert_problem(await house.receipt("retaliation", {"receipt": "x", **said}), 422)
    assert await house.rows("SELECT FROM retaliation_reports") == []


async def test_a_unit_that_there_is_not_cannot_be_named(house: House) -> None:
    voice = await speak(house)
    assert_problem(await voice.try_say("retaliation", {"text": TEXT, "by": [str(UUID(int=5))]}), 404, "unit-not-found")


async def test_a_wrong_receipt_reports_nothing(house: House) -> None:
    await speak(house, "anonymous")
    for verb, body in (("retaliation", {"text": TEXT}), ("check-in", {"safe": False})):
        assert_problem(await house.receipt(verb, {"receipt": "00000-00000-00000-00000-0", **body}), 404, "receipt-not-found")


async def test_jobs_leave_a_report_that_is_in_time_alone(house: House) -> None:
    voice: Voice = await speak(house)
    report = await voice.report()
    await work(house.service)
    assert (await voice.watch())["reports"] == [report]
