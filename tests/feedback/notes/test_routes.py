"""Notes: officials among themselves; the speaker cannot tell that there is one."""

from typing import Any
from uuid import uuid4

import pytest

from shared.auth import ANONYMOUS, Principal, Role
from tests.feedback.house import House, admin, inspector, lead, official, resident, unit
from tests.support.callers import principal

CLERK = official("village")
MARK = "MARKED-NOTE-5823"


async def note(house: House, case_id: str, *, caller: Principal = CLERK, text: str = MARK) -> Any:
    return await house.do(case_id, "notes", {"text": text}, caller=caller)


async def notes(house: House, case_id: str, *, caller: Principal = CLERK, **params: Any) -> Any:
    return await house.get(f"/v1/cases/{case_id}/notes", caller=caller, **params)


async def test_a_note_is_signed_with_role_and_unit(house: House) -> None:
    case_id = await house.case()
    written = await note(house, case_id)
    assert written == {
        "id": written["id"],
        "by_role": "official",
        "by_unit_id": str(unit("village")),
        "text": MARK,
        "added_at": "2026-03-02T09:30:15.123456Z",
    }
    assert (await notes(house, case_id))["items"] == [written]
    (row,) = await house.rows("SELECT * FROM notes")
    assert str(CLERK.account_id) not in str(dict(row))


@pytest.mark.parametrize("caller", [CLERK, lead("village"), lead("township"), lead("province"), admin()])
async def test_who_works_on_the_case_or_oversees_it_writes_and_reads(house: House, caller: Principal) -> None:
    case_id = await house.case()
    await note(house, case_id, caller=caller)
    assert [item["by_role"] for item in (await notes(house, case_id, caller=caller))["items"]] == [caller.role]


async def test_a_joint_unit_writes_and_reads_until_it_cannot_see_the_case(house: House) -> None:
    case_id, neighbour = await house.case(), official("neighbour")
    assert (await house.try_do(case_id, "notes", {"text": MARK}, caller=neighbour)).status_code == 404
    await house.do(case_id, "joint-units", {"unit_id": str(neighbour.unit_id), "task": "Look at your wire."}, caller=CLERK)
    await note(house, case_id, caller=neighbour)
    assert len((await notes(house, case_id, caller=neighbour))["items"]) == 1
    await house.do(case_id, f"joint-units/{neighbour.unit_id}/leave", {"reason": "Done."}, caller=neighbour)
    assert (await house.client.get(f"/v1/cases/{case_id}/notes", caller=neighbour)).status_code == 404


async def test_an_inspector_only_reads(house: House) -> None:
    case_id = await house.case()
    await note(house, case_id)
    assert len((await notes(house, case_id, caller=inspector("township")))["items"]) == 1
    assert (await house.try_do(case_id, "notes", {"text": MARK}, caller=inspector("township"))).status_code == 403


async def test_the_speaker_and_strangers_find_nothing(house: House) -> None:
    """Also a speaker who is an official of the unit: its own case is not its work."""
    in_office = principal(Role.official, unit("village"))
    for speaker in (house.speaker, in_office):
        case_id = await house.case(caller=speaker)
        await note(house, case_id)
        for caller in (speaker, resident(), official("neighbour"), official("township")):
            for method, body in (("GET", None), ("POST", {"text": "Me too."})):
                answers = [
                    await house.client.call(method, f"/v1/cases/{id}/notes", caller=caller, json=body)
                    for id in (case_id, uuid4())
                ]
                there, nowhere = ({**answer.json(), "request_id": ""} for answer in answers)
                assert answers[0].status_code == 404, caller.role
                assert there == nowhere


async def test_a_note_changes_nothing_that_the_speaker_can_read(house: House) -> None:
    """Everything that the speaker of a case can ask for, before and after a note: byte for byte the same."""
    case_id = await house.case()
    before = await all_that_a_speaker_gets(house, case_id)
    house.clock.advance(minutes=5)
    await note(house, case_id)
    assert await all_that_a_speaker_gets(house, case_id) == before


async def test_no_answer_that_a_speaker_gets_holds_a_note(house: House) -> None:
    main, case_id = await house.case(), await house.case()
    filed = await house.submit(protection="anonymous")
    for noted in (main, case_id, filed["case_id"]):
        await note(house, noted)
    await house.do(case_id, "merge", {"into_case_id": main, "reason": "The same lamp."}, caller=CLERK)
    for answered in (main, filed["case_id"]):
        await house.do(answered, "answer", {"text": "Mended."}, caller=CLERK)
    answers = [await all_that_a_speaker_gets(house, each) for each in (main, case_id)]
    for verb, said in (("open", {}), ("messages", {"text": "Thank you."}), ("confirm", {"resolved": False})):
        answer = await house.receipt(verb, {"receipt": filed["receipt"], **said})
        assert answer.status_code < 300, answer.text
        answers.append(answer.text)
    for verb, said in (("messages", {"text": "Thank you."}), ("confirm", {"resolved": True}), ("reopen", {"reason": "Dark."})):
        answer = await house.try_do(case_id, verb, said, caller=house.speaker)
        assert answer.status_code < 300, answer.text
        answers.append(answer.text)
    answers += [data for _, data in await house.events()]
    assert len((await notes(house, case_id))["items"]) == 1
    assert MARK not in "".join(answers)


async def all_that_a_speaker_gets(house: House, case_id: str) -> str:
    """Every GET of the service that names no other thing than a case, asked by the speaker; the words of its answers."""
    paths = [path for path, item in house.service.api.openapi()["paths"].items() if "get" in item]
    own = [path.replace("{case_id}", case_id) for path in paths if "{" not in path.replace("{case_id}", "")]
    assert f"/v1/cases/{case_id}/messages" in own
    assert "/v1/cases" in own
    answers = [await house.client.get(path, caller=house.speaker) for path in own]
    statuses = {path: answer.status_code for path, answer in zip(own, answers, strict=True)}
    assert statuses[f"/v1/cases/{case_id}"] == 200
    assert statuses[f"/v1/cases/{case_id}/notes"] == 404
    return "".join(answer.text for answer in answers if answer.status_code == 200)


async def test_a_signed_out_caller_is_asked_to_sign_in(house: House) -> None:
    case_id = await house.case()
    assert (await house.client.get(f"/v1/cases/{case_id}/notes", caller=ANONYMOUS)).status_code == 401


async def test_notes_are_paged_oldest_first(house: House) -> None:
    case_id, other = await house.case(), await house.case()
    for number in range(3):
        await note(house, case_id, text=str(number))
    await note(house, other, text="elsewhere")
    first = await notes(house, case_id, limit=2)
    rest = await notes(house, case_id, limit=2, cursor=first["next_cursor"])
    assert [item["text"] for item in first["items"] + rest["items"]] == ["0", "1", "2"]
    assert rest["next_cursor"] is None
