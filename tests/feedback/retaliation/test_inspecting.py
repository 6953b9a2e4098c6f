"""A unit above looks into a report: it says that it has it, decides, and the speaker reads why."""

import asyncio
import json
from typing import Any

import pytest

from shared.auth import Principal
from tests.feedback.house import House, admin, inspector, lead, unit
from tests.feedback.retaliation.voices import every_protection, speak
from tests.shared.problems import assert_problem

LIST = "/v1/retaliation-reports"
NOTHING_FOUND = {"substantiated": False, "reason": "The frost broke the pipe."}


def found(code: str) -> dict[str, Any]:
    return {"substantiated": True, "unit_id": str(unit(code)), "reason": "The clerk said so."}


async def try_do(house: House, report: Any, verb: str, body: Any = None, *, caller: Principal | None = None) -> Any:
    path = f"{LIST}/{report['id']}/{verb}"
    return await house.client.post(path, caller=caller or lead("township"), json=body or {})


async def do(house: House, report: Any, verb: str, body: Any = None, *, caller: Principal | None = None) -> Any:
    answer = await try_do(house, report, verb, body, caller=caller)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def listed(house: House, caller: Principal | None = None, **asked: Any) -> list[str]:
    page = await house.get(LIST, caller=caller or lead("township"), **asked)
    return [item["id"] for item in page["items"]]


@every_protection
@pytest.mark.parametrize("caller", [lead("township"), inspector("township")], ids=["lead", "inspector"])
async def test_a_report_is_acknowledged_and_decided_and_the_speaker_reads_why(
    house: House, protection: str, caller: Principal
) -> None:
    voice = await speak(house, protection)
    report = await voice.report("village")
    acknowledged = await do(house, report, "acknowledge", caller=caller)
    assert (acknowledged["state"], acknowledged["due_at"]) == ("acknowledged", report["decide_by"])
    (shown,) = (await voice.watch())["reports"]
    assert (shown["state"], shown["substantiated"], shown["reason"]) == ("acknowledged", None, None)
    decided = await do(house, report, "decide", found("village"), caller=caller)
    (shown,) = (await voice.watch())["reports"]
    assert (shown["state"], shown["substantiated"], shown["retaliating_unit_id"], shown["reason"]) == (
        "decided",
        True,
        str(unit("village")),
        "The clerk said so.",
    )
    assert (shown["due_at"], shown["overdue"]) == (None, False)
    assert {name: decided[name] for name in shown} == shown
    assert await house.get(f"{LIST}/{report['id']}", caller=caller) == decided


async def test_a_decision_also_acknowledges(house: House) -> None:
    report = await (await speak(house)).report()
    decided = await do(house, report, "decide", NOTHING_FOUND)
    assert decided["acknowledged_at"] == decided["decided_at"]


@pytest.mark.parametrize("before", ["acknowledge", "decide"])
async def test_nothing_is_said_twice(house: House, before: str) -> None:
    report = await (await speak(house)).report()
    body = NOTHING_FOUND if before == "decide" else {}
    await do(house, report, before, body)
    assert_problem(await try_do(house, report, before, body), 409, "report-state")
    assert_problem(await try_do(house, report, "acknowledge"), 409, "report-state")


async def test_of_two_decisions_at_once_one_counts(house: House) -> None:
    report = await (await speak(house)).report()
    tries = [try_do(house, report, "decide", body, caller=who) for body in (NOTHING_FOUND, found("village")) for who in DECIDERS]
    statuses = [answer.status_code for answer in await asyncio.gather(*tries)]
    assert sorted(statuses) == [200, 409, 409, 409]
    assert len([type for type, _ in await house.events(report["id"]) if type == "retaliation.decided"]) == 1


DECIDERS = (lead("township"), inspector("township"))


async def test_a_decision_tells_assessment_which_unit_retaliated(house: House) -> None:
    for body, unit_id in ((found("village"), str(unit("village"))), (NOTHING_FOUND, None)):
        report = await (await speak(house)).report()
        decided = await do(house, report, "decide", body)
        (data,) = [data for type, data in await house.events(report["id"]) if type == "retaliation.decided"]
        assert json.loads(data) == {
            "report_id": report["id"],
            "unit_id": unit_id,
            "substantiated": body["substantiated"],
            "decided_at": decided["decided_at"],
        }


@pytest.mark.parametrize(
    ("body", "status", "slug"),
    [
        ({"substantiated": True, "reason": "It did."}, 422, "retaliating-unit-needed"),
        ({**NOTHING_FOUND, "unit_id": str(unit("village"))}, 422, "retaliating-unit-unfit"),
        (found("township"), 422, "retaliating-unit-unfit"),
        (found("county"), 422, "retaliating-unit-unfit"),
        ({**found("village"), "unit_id": "00000000-0000-7000-8000-000000000005"}, 404, "unit-not-found"),
        ({"substantiated": "yes", "reason": "It did."}, 422, "invalid-request"),
        ({"substantiated": False}, 422, "invalid-request"),
        ({**NOTHING_FOUND, "reason": " "}, 422, "invalid-request"),
        ({**NOTHING_FOUND, "reason": "a\x00"}, 422, "invalid-request"),
        ({**NOTHING_FOUND, "more": 1}, 422, "invalid-request"),
    ],
)
async def test_a_decision_that_does_not_hold_is_refused(house: House, body: dict[str, Any], status: int, slug: str) -> None:
    report = await (await speak(house)).report()
    assert_problem(await try_do(house, report, "decide", body), status, slug)
    assert (await house.get(f"{LIST}/{report['id']}", caller=lead("township")))["state"] == "reported"


async def test_the_inspecting_side_reads_what_was_said_and_when_the_speaker_was_not_safe(house: House) -> None:
    voice = await speak(house, "anonymous", about=[str(unit("village"))])
    await voice.say("messages", {"text": "Please hurry."})
    await voice.check_in(safe=False)
    report = await voice.report("neighbour")
    seen = await house.get(f"{LIST}/{report['id']}", caller=inspector("county"))
    assert (seen["title"], [message["text"] for message in seen["messages"]]) == ("The lamp is broken", ["Please hurry."])
    assert (seen["about"], seen["by"], seen["unsafe_on"]) == ([str(unit("village"))], [str(unit("neighbour"))], ["2026-03-02"])
    assert seen["case_unit_id"] == str(unit("township"))


async def test_who_reads_a_report_is_written_down_without_its_case(house: House) -> None:
    report = await (await speak(house, "anonymous")).report()
    await house.get(f"{LIST}/{report['id']}", caller=lead("township"))
    refused = await house.client.get(f"{LIST}/{report['id']}", caller=lead("elsewhere"))
    assert refused.status_code == 404
    (entry,) = (await house.get("/v1/audit", caller=admin()))["items"]
    assert (entry["act"], entry["by_role"], entry["by_unit_id"]) == ("retaliation_read", "lead", str(unit("township")))
    assert (entry["case_id"], entry["subject_id"]) == (None, report["id"])


async def test_reports_are_listed_in_pages_newest_first(house: House) -> None:
    made = []
    for _ in range(3):
        house.clock.advance(seconds=1)
        made.append((await (await speak(house)).report())["id"])
    await (await speak(house, unit_id=unit("township"))).report()
    first = await house.get(LIST, caller=lead("township"), limit=2)
    rest = await house.get(LIST, caller=lead("township"), limit=2, cursor=first["next_cursor"])
    assert [item["id"] for item in first["items"] + rest["items"]] == made[::-1]
    assert rest["next_cursor"] is None
    assert "text" not in first["items"][0]


async def test_reports_are_found_by_state_and_by_being_overdue(house: House) -> None:
    names = ("reported", "acknowledged", "decided")
    reports = {name: await (await speak(house)).report() for name in names}
    await do(house, reports["acknowledged"], "acknowledge")
    await do(house, reports["decided"], "decide", NOTHING_FOUND)
    for name in names:
        assert await listed(house, state=name) == [reports[name]["id"]]

    async def overdue() -> list[str]:
        late = await listed(house, overdue=True)
        assert set(late) | set(await listed(house, overdue=False)) == {report["id"] for report in reports.values()}
        assert {item["id"] for item in (await house.get(LIST, caller=lead("township")))["items"] if item["overdue"]} == set(late)
        return [name for name in names if reports[name]["id"] in late]

    assert await overdue() == []
    house.clock.advance(days=7)
    assert await overdue() == ["reported"]
    house.clock.advance(days=23)
    assert await overdue() == ["reported", "acknowledged"]
    assert await listed(house, state="acknowledged", overdue=True) == [reports["acknowledged"]["id"]]


@pytest.mark.parametrize("query", ["limit=0", "limit=101", "cursor=x", "cursor=%00", "state=lost", "overdue=maybe"])
async def test_hostile_lists_of_reports(house: House, query: str) -> None:
    assert_problem(await house.client.get(f"{LIST}?{query}", caller=lead("township")), 422)


@pytest.mark.parametrize("id", ["x", "%00", "9" * 500])
async def test_hostile_ids_of_reports(house: House, id: str) -> None:
    for verb in ("", "/acknowledge", "/decide"):
        method = "POST" if verb else "GET"
        answer = await house.client.call(method, f"{LIST}/{id}{verb}", caller=lead("township"), json=NOTHING_FOUND)
        assert_problem(answer)
