"""From what residents said to a page that anybody can print, in their language, and to what only the unit and those who assess it
read: through the gateway, on both buses."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

from shared.bus import Bus
from tests.assessment.reports.pages import Sheet
from tests.support.clock import ManualClock
from tests.support.databases import Databases
from tests.support.eventually import eventually
from tests.support.grades import newest_grade
from tests.support.settling import settle
from tests.support.standards import SHIPPED
from tests.support.world import Person, open_world

TREE = (("county", "county", None), ("mill", "township", "county"), ("ford", "township", "county"))
PEOPLE = (
    ("lin", "resident", None),
    ("miller", "lead", "mill"),
    ("upper", "lead", "county"),
    ("ferry", "lead", "ford"),
    ("beside", "inspector", "ford"),
    ("roaming", "inspector", None),
)
NAME = "磨坊村 & <script>alert(1)</script>"


async def test_everybody_prints_what_they_may_know_of_a_unit(databases: Databases, bus: Bus) -> None:
    clock = ManualClock(datetime(2026, 5, 4, 8, tzinfo=UTC))
    async with open_world(databases, bus, clock=clock) as world:
        units, people = await settle(world, TREE, PEOPLE, mill=NAME)
        mill = units["mill"]

        # 1. Before anything is signed the page says so, in the reader's language.
        await _campaign(people["admin"], units["county"], clock)
        early = await _open(people["nobody"], mill, headers={"Accept-Language": "zh-CN,zh;q=0.9"})
        assert early.language == "zh-CN"
        assert "这不是经签署的等次" in early.section("grade")

        # 2. Six residents' cases are answered and judged; three of them rate, too few to be shown to others.
        await _cases(people, mill, rated=3)
        await eventually(lambda: _counted(people["admin"], mill, 6))
        own = await _open(people["miller"], mill, language="en")
        assert own.rows("voices")["Satisfaction rate"][:2] == ["100.0%", "3"]
        for stranger in ("nobody", "lin", "ferry"):
            masked = await _open(people[stranger], mill, language="en")
            assert masked.rows("voices")["Satisfaction rate"] == ["not shown"]
            assert masked.rows("voices")["Resolution rate"][:2] == ["100.0%", "6"]

        # 3. Two more residents rate, the campaign ends, and two from outside sign.
        await _cases(people, mill, rated=6)
        await eventually(lambda: _counted(people["admin"], mill, 12))
        clock.advance(days=31)
        grade = await eventually(lambda: newest_grade(people["roaming"], mill, state="proposed"))
        pending = await _open(people["miller"], mill, language="zh")
        assert "由系统依规则提出，尚无人签署，未对外公布。" in pending.section("grade")
        assert "未评级" in (await _open(people["nobody"], mill, language="zh")).section("grade")
        for signer in ("beside", "roaming"):
            version = {"If-Match": f'"{grade["version"]}"'}
            await people[signer].post(f"/v1/grades/{grade['id']}/sign", headers=version)

        # 4. Everybody prints the same page; what is hidden in it, and for whom, is as on the scorecard.
        english, chinese = [await _open(people["nobody"], mill, language=language) for language in ("en", "zh")]
        assert english.section("grade").startswith("Grade excellent Signed by two people from outside the unit")
        assert chinese.section("grade").startswith("评定等次 优秀 经本单位以外的两人签署")
        assert english.sections == chinese.sections
        assert [*english.rows("history").values()] == [["excellent", "1.00", "Spring", "campaign", "published"]]
        for sheet in (english, chinese):
            assert NAME in sheet.root.findtext("body/header/h1")
            assert sheet.has_own_style_only()
            assert not {name for name, _, _ in PEOPLE} & set(re.findall(r"\w+", sheet.text))

        # 5. Who answers for the unit reads what is to do; who assesses it, the evidence, who signed, and every decision.
        for reader in ("miller", "upper"):
            sheet = await _open(people[reader], mill, language="en")
            assert "Object by 19 June 2026" in sheet.section("to-do")
            assert not sheet.section("evidence")
        for reader in ("beside", "roaming", "admin"):
            sheet = await _open(people[reader], mill, language="en")
            assert "Exact composite: 1" in sheet.section("evidence")
            assert "Ford" in sheet.section("signed")
            assert "grade.two-signatures" in sheet.section("decisions")
            assert sheet.answer.headers["cache-control"] == "private, no-store"

        # 6. What is asked wrongly is told what to do, and the page is a page behind the gateway too.
        head = await people["nobody"].request("HEAD", f"/v1/public/units/{mill}/report")
        assert (head.status_code, head.content) == (200, b"")
        assert head.headers["content-type"] == "text/html; charset=utf-8"
        wrong = await people["nobody"].request("GET", f"/v1/public/units/{mill}/report", params={"language": "fr"})
        assert (wrong.status_code, wrong.headers["content-type"]) == (422, "application/problem+json")
        assert wrong.json()["errors"][0]["message"] == "Input should be 'en' or 'zh'"


async def _open(reader: Person, unit_id: str, *, language: str | None = None, headers: Any = None) -> Sheet:
    """Without an account the public page."""
    way = "/v1/units" if reader.token else "/v1/public/units"
    params = {"language": language} if language else {}
    return Sheet(await reader.request("GET", f"{way}/{unit_id}/report", params=params, headers=headers))


async def _campaign(admin: Person, unit_id: str, clock: ManualClock) -> None:
    span = {"starts_at": clock().isoformat(), "ends_at": (clock() + timedelta(days=30)).isoformat()}
    await admin.post("/v1/campaigns", {"code": "spring", "name": "Spring", "standard_id": SHIPPED, "unit_id": unit_id, **span})


async def _cases(people: dict[str, Person], unit_id: str, *, rated: int) -> None:
    """Six cases, answered in time and called resolved; the first of them rated too."""
    for number in range(6):
        said = {"channel": "public_opinion", "title": f"Lamp {number}", "body": "It is dark.", "unit_id": unit_id}
        case_id = (await people["lin"].post("/v1/opinions", said))["case_id"]
        await people["miller"].post(f"/v1/cases/{case_id}/answer", {"text": "Mended."})
        judged = {"resolved": True, **({"satisfied": True} if number < rated else {})}
        await people["lin"].post(f"/v1/cases/{case_id}/confirm", judged)


async def _counted(reader: Person, unit_id: str, verdicts: int) -> bool:
    card = await reader.get(f"/v1/units/{unit_id}/scorecard")
    return (card["resolution_rate"]["n"], card["response_rate"]["n"]) == (verdicts, verdicts)
