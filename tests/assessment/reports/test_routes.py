import re
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import event as sqlalchemy_event

from shared.auth import ANONYMOUS, Principal, Role
from tests.assessment.assessors import GOOD, POOR, open_board
from tests.assessment.bulk import closed_in_bulk, decide_alarm
from tests.assessment.cases import Story, decision_made, judged_cases, retaliation_decided
from tests.assessment.office import ADMIN, Office, assert_problem
from tests.assessment.reports.pages import Sheet, open_report
from tests.support.callers import principal

LANGUAGES = ("en", "zh")
EVERYBODYS = ["grade", "tree", "gates", "voices", "outcomes", "plan", "history", "objecting"]
ASSESSORS = ["evidence", "signed", "objections", "decisions"]
CODE = re.compile(r"[a-z]+_[a-z]+|[a-z]\.[a-z]")
SMALL = re.compile(r"\b[a-z]{3,}\b")
NAMED = {"basic", "north", "mid", "other"}
"""What people called things in English, written small."""
PROFILE = {"population": 20_000, "staff": 40, "terrain": "mountains", "as_of": "2026-01-31", "source": "Census"}


async def test_anybody_reads_how_a_unit_was_graded(office: Office) -> None:
    board = await open_board(office, floors=[{"indicator": "response", "at_least": 0.5}])
    await office.post(f"/v1/units/{board.mid['id']}/profiles", PROFILE)
    await board.published()
    sheet = await open_report(office, board.mid, language="en")
    assert (sheet.language, sheet.sections) == ("en", EVERYBODYS)
    grade = sheet.section("grade")
    assert grade.startswith("Grade qualified Signed by two people from outside the unit and published on 2 April 2026.")
    assert "The composite 0.69 reaches 0.60; 0.85 would be excellent." in grade
    assert "Basic (basic), version 1" in grade
    assert "Period 2 March 2026 to 1 April 2026" in grade
    assert "By the 95% intervals of the shares the grade could lie anywhere from unqualified to excellent." in grade
    assert "“Satisfaction”: the composite would rise by up to 0.18." in grade
    assert sheet.rows("tree")["Resolution residents' verdicts, said by residents"] == [
        "45", "75.0%", "8", "40.9% to 92.8%", "0% to 100%", "75.0%", "0.33",
    ]  # fmt: skip
    assert sheet.rows("gates") == {
        "Retaliation": ["none found true in 365 days", "–", "passed"],
        "Response rate": ["at least 50%", "90.0%", "passed"],
    }
    assert sheet.rows("voices")["Response rate"] == ["90.0%", "10", "59.5% to 98.2%"]
    assert "25.0% were not confirmed by a resident" in sheet.section("voices")
    assert sheet.rows("history") == {"2 April 2026": ["qualified", "0.69", "Spring", "campaign", "published"]}
    assert "may object to this grade once, until 17 April 2026, 09:30 UTC" in sheet.section("objecting")
    assert "Serves 20,000 people with a staff of 40; terrain: mountains" in sheet.text


async def test_the_same_in_chinese(office: Office) -> None:
    board = await open_board(office, floors=[{"indicator": "response", "at_least": 0.5}])
    await board.published()
    sheet = await open_report(office, board.mid, language="zh")
    assert (sheet.language, sheet.sections) == ("zh-CN", EVERYBODYS)
    grade = sheet.section("grade")
    assert grade.startswith("评定等次 合格 经本单位以外的两人签署，于2026年4月2日公布。")
    assert "综合得分0.69，达到合格标准0.60；达到0.85为优秀。" in grade
    assert "按各项比率的95%置信区间，等次可能介于不合格与优秀之间。" in grade
    assert sheet.rows("gates")["响应率"] == ["不低于50%", "90.0%", "通过"]
    assert sheet.rows("voices")["满意率"] == ["60.0%", "5", "23.0%至88.2%"]
    assert "在2026年4月17日09:30（UTC）前" in sheet.section("objecting")


@pytest.mark.parametrize("language", LANGUAGES)
async def test_no_code_stands_in_what_residents_read(office: Office, language: str) -> None:
    board = await open_board(office, {**GOOD, "rated": 3, "satisfied": 3}, floors=[{"indicator": "durability", "at_least": 0.5}])
    await office.hear([retaliation_decided(board.other)])
    for unit in (board.mid, board.other):
        await office.post(f"/v1/campaigns/{board.campaign['id']}/grades", {"unit_id": unit["id"]})
        await board.published(unit)
        text = (await open_report(office, unit, language=language)).text
        assert not CODE.search(text)
        if language == "zh":
            assert set(SMALL.findall(text)) <= NAMED


async def test_figures_on_fewer_than_five_residents_are_only_for_those_who_answer_for_the_unit(office: Office) -> None:
    board = await open_board(office, {**GOOD, "judged": 8, "rated": 3, "satisfied": 3}, minimum_sample=1)
    await board.published()
    public = await open_report(office, board.mid, language="en")
    assert "“Satisfaction” rests on too few residents to be shown." in public.section("grade")
    hidden = ["45", "not shown", "0% to 100%", "–", "–"]
    key = "Satisfaction satisfaction ratings, said by residents"
    assert public.rows("tree")[key] == hidden
    assert public.rows("voices")["Satisfaction rate"] == ["not shown"]
    for reader in (board.whoever(Role.official, board.mid), board.whoever(Role.lead, board.north)):
        own = await open_report(office, board.mid, reader, language="en")
        assert own.rows("tree")[key][1:3] == ["100.0%", "3"]
        assert own.rows("voices")["Satisfaction rate"][:2] == ["100.0%", "3"]
    for stranger in (
        principal(Role.resident), board.whoever(Role.official, board.other), board.whoever(Role.lead, board.low),
        board.whoever(Role.official, board.north),
    ):  # fmt: skip
        seen = await open_report(office, board.mid, stranger, language="en")
        assert (seen.text, seen.sections) == (public.text, EVERYBODYS)


async def test_a_public_page_is_the_same_whatever_fewer_than_five_residents_say(office: Office) -> None:
    unit = await office.register_unit("mid")
    floors = [{"indicator": name, "at_least": 0.5, "minimum_sample": 1} for name in ("satisfaction", "durability")]
    await office.schedule_campaign(unit, await office.adopt_standard(minimum_sample=1, floors=floors))
    stories = [Story(unit) for _ in range(8)]
    await office.hear([event for each in stories for event in (each.opened(), each.answered())])
    pages = {(await open_report(office, unit)).text}
    for number, story in enumerate(stories[:4]):
        await office.hear([story.confirmed(resolved=number < 3, satisfied=number < 2)])
        pages.add((await open_report(office, unit)).text)
    assert len(pages) == 1
    await office.hear([stories[4].confirmed(satisfied=True)])
    assert (await open_report(office, unit)).text not in pages


async def test_a_report_costs_the_same_number_of_queries_however_much_there_is(office: Office) -> None:
    board = await open_board(office)
    await board.published()
    statements: list[str] = []
    engine = office.service.database.engine.sync_engine
    sqlalchemy_event.listen(engine, "before_cursor_execute", lambda *args: statements.append(args[2]))

    async def cost() -> int:
        statements.clear()
        await open_report(office, board.mid, ADMIN)
        return len(statements)

    before = await cost()
    await office.schedule_campaign(board.north, board.standard, code="autumn", days=10)
    await office.hear(judged_cases(board.mid, **GOOD, hours=31 * 24 + 1))
    office.clock.advance(days=11)
    await board.propose()
    await board.published()
    assert await cost() == before


async def test_what_is_not_published_yet_is_for_the_unit_and_for_those_who_assess(office: Office) -> None:
    board = await open_board(office)
    grade = await board.sign(await board.grade(), board.first)
    public = await open_report(office, board.mid, language="en")
    assert public.section("grade").startswith("Grade not graded This is not a signed grade.")
    assert public.section("history") == "Earlier and present grades No grade has been published yet."
    assert "nothing to object to" in public.section("objecting")
    own = await open_report(office, board.mid, board.whoever(Role.lead, board.mid), language="en")
    assert own.section("grade").startswith("Grade qualified Signed once. A second person")
    assert own.rows("history") == {"–": ["qualified", "0.69", "Spring", "campaign", "signed once"]}
    inspector = await open_report(office, board.mid, board.second, language="en")
    assert inspector.rows("signed") == {"inspector": ["no unit", "2 April 2026, 09:30 UTC"]}
    assert grade["signatures_given"] == 1


async def test_those_who_assess_see_the_evidence_who_signed_and_every_decision_but_no_person(office: Office) -> None:
    board = await open_board(office)
    await board.published()
    for reader in (principal(Role.inspector), board.whoever(Role.inspector, board.far), ADMIN):
        sheet = await open_report(office, board.mid, reader, language="en")
        assert sheet.sections == [*EVERYBODYS[:-1], *ASSESSORS, "objecting"]
        assert "Exact composite: 279/400" in sheet.section("evidence")
        counted, n, needed, missing, formula, owner = sheet.rows("evidence")["Satisfaction satisfaction"]
        assert (counted, n, needed, missing, owner) == ("3 / 5", "5", "5", "0", "Letters and calls")
        assert "cases last judged satisfying / cases whose last judgement says so either way" in formula
        assert "feedback: CaseConfirmed" in formula
        assert "Unit far" in sheet.section("signed")
        assert "grade.two-signatures" in sheet.section("decisions")
        signing = "grade signed" in sheet.section("decisions")
        assert signing == (reader.unit_id is None), "what is not public is for those who answer for the unit"
        for person in (board.first, board.second):
            assert str(person.account_id) not in sheet.answer.text
    for other in (board.whoever(Role.lead, board.mid), board.whoever(Role.lead, board.north)):
        assert not set(ASSESSORS) & set((await open_report(office, board.mid, other)).sections)


async def test_the_unit_is_told_what_is_to_do(office: Office) -> None:
    board = await open_board(office, POOR)
    await board.published()
    head = board.whoever(Role.lead, board.mid)
    owed = (await open_report(office, board.mid, head, language="en")).section("to-do")
    assert "Object by 17 April 2026, 09:30 UTC, if the grade was counted wrongly." in owed
    assert "Submit an upgrade plan by 2 May 2026." in owed
    assert "Declare the profile of the unit." in owed
    zh = (await open_report(office, board.mid, head, language="zh")).section("to-do")
    assert "请在2026年5月2日前提交整改提升计划。" in zh

    gaps = [{"gap": gap, "text": f"Better {gap}.", "due_on": "2026-04-20"} for gap in ("response", "resolution", "satisfaction")]
    plan = await office.post("/v1/upgrade-plans", {"aim": "qualified", "actions": gaps}, head)
    assert "owed, and none has been accepted yet" in (await open_report(office, board.mid, language="en")).section("plan")
    waiting = await open_report(office, board.mid, head, language="en")
    assert "State: submitted, to be decided by a unit above." in waiting.section("plan")
    await decide(office, plan, "return", {"reason": "Name the streets."})
    returned = await open_report(office, board.mid, head, language="en")
    assert "State: returned. Returned because: Name the streets." in returned.section("plan")
    assert "Submit an upgrade plan by 2 May 2026." in returned.section("to-do")
    plan = await office.post("/v1/upgrade-plans", {"aim": "qualified", "actions": gaps}, head)
    await decide(office, plan, "accept")
    assert "Carry out “Better response.” by 20 April 2026" in (await open_report(office, board.mid, head, language="en")).text
    public = await open_report(office, board.mid, language="en")
    assert public.rows("plan")["Better response."] == ["Response", "20 April 2026", "not yet"]
    assert "Satisfaction (needs 60.0%)" in public.section("plan")
    for action in plan["actions"]:
        await decide(office, plan, f"actions/{action['id']}/done", {"evidence_ids": [str(uuid4())]}, head)
    assert "Every action is done: ask for the re-assessment." in (await open_report(office, board.mid, head, language="en")).text


async def decide(office: Office, plan: Any, verb: str, body: Any = None, caller: Principal = ADMIN) -> None:
    answer = await office.client.post(f"/v1/upgrade-plans/{plan['id']}/{verb}", caller=caller, json=body or {})
    assert answer.status_code == 200, answer.text


async def test_a_gate_is_told_whatever_else_there_is(office: Office) -> None:
    board = await open_board(office)
    await office.hear([retaliation_decided(board.mid)])
    await office.post(f"/v1/campaigns/{board.campaign['id']}/grades", {"unit_id": board.mid["id"]})
    await board.published()
    sheet = await open_report(office, board.mid, language="en")
    assert "Grade unqualified" in sheet.section("grade")
    assert "Retaliation was found true (1). It counts until 2 March 2027" in sheet.section("grade")
    assert sheet.rows("gates")["Retaliation"] == ["none found true in 365 days", "1", "not passed"]
    assert "经查实存在打击报复行为（1起），在2027年3月2日前有效" in (await open_report(office, board.mid, language="zh")).text


async def test_every_kind_of_gate_has_its_row_while_the_campaign_is_under_way(office: Office) -> None:
    north = await office.register_unit("north", "province")
    mid = await office.register_unit("mid", "county", north)
    floors = [{"indicator": "outcomes", "at_least": 0.5, "minimum_sample": 1}]
    standard = await office.adopt_standard(gates=["upheld_alarm"], floors=floors)
    await office.schedule_campaign(north, standard)
    await office.hear(judged_cases(mid, **GOOD))
    await decide_alarm(office, await closed_in_bulk(office, mid), "uphold")
    sheet = await open_report(office, mid, language="en")
    assert sheet.rows("gates") == {
        "Retaliation": ["none found true in 365 days", "–", "passed"],
        "Closing in bulk": ["none upheld in the period", "1", "not passed"],
        "Outcomes confirmed": ["at least 50%", "–", "cannot be told"],
    }
    assert "Alarms about closing in bulk were upheld (1), about days from 2 March 2026 to 2 March 2026." in sheet.text
    zh = await open_report(office, mid, language="zh")
    assert zh.rows("gates")["批量办结"] == ["评定期内无查实情形", "1", "未通过"]
    assert "经查实存在批量办结行为（1起，涉及2026年3月2日至2026年3月2日）" in zh.text


async def test_what_feedback_decided_is_told_to_administrators_alone(office: Office) -> None:
    board = await open_board(office)
    await board.published()
    readers = (board.whoever(Role.inspector, board.mid), principal(Role.inspector), ADMIN)
    before = [(await open_report(office, board.mid, reader)).section("decisions") for reader in readers]
    await office.hear([decision_made(board.mid)])
    after = [(await open_report(office, board.mid, reader)).section("decisions") for reader in readers]
    assert after[:2] == before[:2]
    assert "not_our_duty" in after[2]
    assert "not_our_duty" not in before[2]


async def test_an_objection_and_its_correction_are_told(office: Office) -> None:
    board = await open_board(office)
    grade = await board.published()
    head = board.whoever(Role.lead, board.mid)
    said = {"grounds": "counted_wrongly", "text": "It was <b>not</b> ours.", "criteria": ["resolution"]}
    objection = await office.post(f"/v1/grades/{grade['id']}/objections", said, head)
    inspector = principal(Role.inspector)
    waiting = await open_report(office, board.mid, inspector, language="en")
    assert waiting.rows("objections") == {
        "2 April 2026": ["counted wrongly", "It was <b>not</b> ours.", "open To be decided by 17 April 2026", "–"]
    }
    assert "The unit has objected" in (await open_report(office, board.mid, language="en")).section("grade")
    correction = {"criterion": "resolution", "reason": "Heard since."}
    await office.hear(judged_cases(board.mid, due=1, in_time=1, judged=1, resolved=1, rated=1, satisfied=1))
    body = {"outcome": "upheld", "reason": "They are right.", "corrections": [correction]}
    answer = await office.client.post(f"/v1/objections/{objection['id']}/decide", caller=principal(Role.inspector), json=body)
    assert answer.status_code == 200, answer.text
    await board.published()
    public = await open_report(office, board.mid, language="en")
    assert public.rows("history")["Resolution"] == ["qualified", "qualified", "Heard since.", "2 April 2026"]
    assert public.rows("history")["Response"][2] == "Counted anew, with what was heard since."
    assert (await open_report(office, board.mid, language="zh")).rows("history")["Response"][2] == "根据此后收到的数据重新统计。"
    full = await open_report(office, board.mid, inspector, language="en")
    assert full.rows("history")["Resolution"][:2] == ["6 / 8, qualified", "7 / 9, qualified"]


async def test_who_is_left_out_of_a_campaign_and_why_is_public(office: Office) -> None:
    north = await office.register_unit("north", "province")
    mid = await office.register_unit("mid", "county", north)
    campaign = await office.schedule_campaign(None, await office.adopt_standard())
    body = {"unit_id": north["id"], "with_subtree": True, "reason_code": "emergency", "reason": "A flood."}
    await office.post(f"/v1/campaigns/{campaign['id']}/exclusions", body)
    for unit in (north, mid):
        assert (await open_report(office, unit, language="zh")).rows("exclusions") == {
            "Spring": ["2026年3月2日", "仍在持续", "突发事件 A flood."]
        }


async def test_outcomes_are_told_before_and_after_and_only_published_ones_to_everybody(office: Office) -> None:
    unit = await office.register_unit("mid")
    head = principal(Role.lead, UUID(unit["id"]))
    evidence = [{"kind": "dataset", "url": "https://data.example.org/lamps"}]
    body = {
        "unit_id": unit["id"],
        "title": "More light",
        "indicator": {"name": "Lamps", "unit_of_measure": "lamps", "better": "higher"},
        "baseline": {"value": 2, "on": "2026-02-01", "evidence": evidence},
        "target": {"value": 8, "on": "2026-06-01"},
        "beneficiaries": "The lane",
        "needs": [{"kind": "topic", "id_or_code": "light"}],
    }
    outcome = await office.post("/v1/outcomes", body, head)
    measured = {"value": 5, "measured_on": "2026-03-01", "evidence": evidence}
    await office.post(f"/v1/outcomes/{outcome['id']}/measurements", measured, head)
    assert "No outcome has been published." in (await open_report(office, unit, language="en")).text
    own = await open_report(office, unit, head, language="en")
    assert own.rows("outcomes") == {
        "More light Lamps, more is better, not published": [
            "2 lamps 1 February 2026", "8 lamps 1 June 2026", "5 lamps 1 March 2026", "50.0%", "–", "–",
        ]
    }  # fmt: skip
    inspector = principal(Role.inspector, uuid4())
    assert (await open_report(office, unit, inspector, language="en")).rows("outcomes") == {}
    second = {**body, "title": "Warm rooms", "target": {"value": 8, "on": "2026-03-10"}}
    await office.post("/v1/outcomes", second, head)
    office.clock.advance(days=10)
    due = (await open_report(office, unit, head, language="en")).section("to-do")
    assert "Measure “Warm rooms”, which was due on 10 March 2026." in due
    assert "More light" not in due
    answer = await office.client.post(f"/v1/outcomes/{outcome['id']}/publish", caller=head, json={})
    assert answer.status_code == 200, answer.text
    assert "More light Lamps, more is better" in (await open_report(office, unit, language="en")).rows("outcomes")


async def test_beside_a_grade_that_stands_a_running_campaign_tells_how_it_is_at_present(office: Office) -> None:
    board = await open_board(office)
    await board.published()
    await office.schedule_campaign(board.north, board.standard, code="autumn")
    await office.hear(judged_cases(board.mid, **POOR, hours=31 * 24 + 1))
    public = await open_report(office, board.mid, language="en")
    assert public.section("grade").startswith("Grade qualified")
    assert "As things stand in the running campaign Spring: unqualified." in public.section("grade")


@pytest.mark.parametrize("language", LANGUAGES)
async def test_what_people_wrote_is_never_markup(office: Office, language: str) -> None:
    name = "</style><script>alert(1)</script>\"'&{{ 7*7 }}"
    unit = await office.post("/v1/units", {"code": "x", "name": name, "level": "county", "parent_id": None})
    sheet = await open_report(office, unit, language=language)
    assert name in sheet.root.findtext("head/title")
    assert name in sheet.root.findtext("body/header/h1")
    assert sheet.has_own_style_only()
    assert "<script" not in sheet.answer.text


@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_page_can_be_read_by_everybody_and_is_small(office: Office, language: str) -> None:
    board = await open_board(office)
    await board.published()
    for reader in (ANONYMOUS, board.whoever(Role.lead, board.mid), ADMIN):
        sheet = await open_report(office, board.mid, reader, language=language)
        assert sheet.has_own_style_only()
        assert len(sheet.answer.content) < 60_000
        _check_tables(sheet)
        heads = [int(each.tag[1]) for each in sheet.root.iter("h1", "h2", "h3")]
        assert heads[0] == 1
        assert heads.count(1) == 1
        ids = [str(each) for each in sheet.root.xpath("//@id")]
        assert sorted(sheet.sections) == sorted(ids), "each section is named by its heading"


def _check_tables(sheet: Sheet) -> None:
    for table in sheet.root.iter("table"):
        assert table.findtext("caption")
        wide = len(table.findall("thead/tr/th"))
        assert {each.get("scope") for each in table.iter("th")} == {"col", "row"}
        for row in table.xpath("tbody/tr|tfoot/tr"):
            assert sum(int(cell.get("colspan", 1)) for cell in row) == wide, words(row)


def words(row: Any) -> str:
    return "".join(row.itertext())


async def test_the_language_is_the_one_that_is_asked_for_else_the_readers(office: Office) -> None:
    unit = await office.register_unit("north")
    chinese = "fr, zh-CN;q=0.8, en;q=0.5"
    assert (await open_report(office, unit)).answer.headers["content-language"] == "en"
    sheet = await open_report(office, unit, accepted=chinese)
    assert (sheet.language, sheet.answer.headers["content-language"], sheet.answer.headers["vary"]) == (
        "zh-CN", "zh", "Accept-Language",
    )  # fmt: skip
    assert (await open_report(office, unit, language="en", accepted=chinese)).language == "en"


async def test_headers_keep_the_page_where_it_belongs(office: Office) -> None:
    unit = await office.register_unit("north")
    public, own = await open_report(office, unit), await open_report(office, unit, ADMIN)
    for answer in (public.answer, own.answer):
        assert answer.headers["content-type"] == "text/html; charset=utf-8"
        assert answer.headers["content-security-policy"].startswith("default-src 'none'; style-src 'sha256-")
        assert answer.headers["x-content-type-options"] == "nosniff"
    assert public.answer.headers["cache-control"] == "public, max-age=60"
    assert own.answer.headers["cache-control"] == "private, no-store"


async def test_refusals(office: Office) -> None:
    unit = await office.register_unit("north")
    get = office.client.get
    for way in ("public/units", "units"):
        assert_problem(await get(f"/v1/{way}/{uuid4()}/report", caller=ADMIN), 404, "unit-not-found")
        assert_problem(await get(f"/v1/{way}/x/report", caller=ADMIN), 422, "invalid-request")
        for query in ({"language": "fr"}, {"language": "\x00"}, {"language": ""}, {"lang": "en"}):
            answer = await get(f"/v1/{way}/{unit['id']}/report", caller=ADMIN, params=query)
            assert_problem(answer, 422, "invalid-request")
        answer = await get(f"/v1/{way}/{unit['id']}/report", caller=ADMIN, params={"language": "fr"})
        assert answer.json()["errors"] == [{"field": "query.language", "message": "Input should be 'en' or 'zh'"}]
    assert_problem(await get(f"/v1/units/{unit['id']}/report", caller=ANONYMOUS), 401, "authentication-required")
