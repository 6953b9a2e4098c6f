from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import event as sqlalchemy_event

from shared.auth import ANONYMOUS, Principal, Role
from tests.assessment.bulk import closed_in_bulk, decide_alarm
from tests.assessment.cases import NO_VISITS, Story, judged_cases, retaliation_decided, retaliation_reported
from tests.assessment.office import ADMIN, Office, assert_problem
from tests.assessment.outcomes.test_routes import call, day, hear_residents, measure, record
from tests.support.callers import principal

SUPPRESSED = {"value": None, "n": None, "low": None, "high": None, "suppressed": True}
NOTHING = {**SUPPRESSED, "n": 0, "suppressed": False}


async def tree(office: Office) -> tuple[Any, Any, Any]:
    north = await office.register_unit("north", "province")
    mid = await office.register_unit("mid", "county", north)
    return north, mid, await office.register_unit("other", "county", north)


async def campaign_over(office: Office, unit: Any, **fields: Any) -> Any:
    return await office.schedule_campaign(unit, await office.adopt_standard(**fields))


async def test_scorecard_without_evidence(office: Office) -> None:
    unit = await office.register_unit("north")
    card = await office.scorecard(unit)
    spread = {"median_s": None, "p90_s": None, "n": 0}
    assert card == {
        "unit_id": unit["id"],
        "period": {"kind": "all_time", "starts_at": None, "ends_at": None},
        "response_rate": NOTHING,
        "resolution_rate": NOTHING,
        "satisfaction_rate": NOTHING,
        "gap": {"value": None, "confirmation": NOTHING, "durability": NOTHING},
        "acknowledgement": spread,
        "first_answer": spread,
        "completion": spread,
        "cases": dict.fromkeys(("opened", "answered", "confirmed", "refused", "reopened", "breached", "escalated"), 0),
        "visits": NO_VISITS,
        "called_back": NOTHING,
        "campaign": None,
        "composite": None,
        "grade": {
            "value": "not_graded",
            "reason": "not graded: no running campaign measures this unit",
            "explanation": {
                "formula": "composite = sum of weight / 100 * worth of the value over the criteria",
                "standard": None,
                "criteria": [],
                "composite": None,
                "missing": [],
                "gates": [],
                "between": None,
                "raises_most": None,
            },
        },
    }


async def test_scorecard_worked_example(office: Office) -> None:
    """9 of 10, 6 of 8, 3 of 5 at 10/45/45: 9 + 33.75 + 27 = 69.75 of 100."""
    north, mid, _ = await tree(office)
    campaign = await campaign_over(office, north)
    await office.hear(judged_cases(mid, due=10, in_time=9, judged=8, resolved=6, rated=5, satisfied=3))
    card = await office.scorecard(mid)
    assert card["composite"] == pytest.approx(0.6975)
    assert card["grade"]["value"] == "qualified"
    assert card["grade"]["reason"] == "qualified: composite 0.69 reaches 0.60; 0.85 would be excellent"
    assert card["campaign"] == {
        "id": campaign["id"], "code": "spring", "standard_id": campaign["standard_id"], "standard_version": 1,
    }  # fmt: skip
    assert card["period"] == {"kind": "campaign", "starts_at": "2026-03-02T09:00:00Z", "ends_at": campaign["ends_at"]}
    explanation = card["grade"]["explanation"]
    assert explanation["standard"] == {
        "id": campaign["standard_id"], "code": "basic", "version": 1, "bands": {"qualified": 0.6, "excellent": 0.85},
    }  # fmt: skip
    assert explanation["missing"] == []
    response, resolution, satisfaction = explanation["criteria"]
    assert (response["value"], response["n"], response["contribution"]) == (0.9, 10, pytest.approx(0.09))
    assert (resolution["value"], resolution["n"], resolution["contribution"]) == (0.75, 8, pytest.approx(0.3375))
    assert resolution["interval"] == {"low": card["resolution_rate"]["low"], "high": card["resolution_rate"]["high"]}
    assert (satisfaction["weight"], satisfaction["minimum"], satisfaction["missing"]) == (45, 5, 0)
    assert satisfaction["contribution"] == pytest.approx(0.27)


async def test_scorecard_says_what_is_missing(office: Office) -> None:
    north, mid, _ = await tree(office)
    await campaign_over(office, north)
    await office.hear(judged_cases(mid, due=6, in_time=6, judged=2, resolved=2, rated=1, satisfied=1))
    card = await office.scorecard(mid)
    assert card["grade"]["reason"] == (
        "not graded: resolution needs 5 verdicts, has 2; satisfaction needs 5 satisfaction ratings, has 1"
    )
    assert card["grade"]["explanation"]["missing"] == ["resolution", "satisfaction"]
    assert [part["missing"] for part in card["grade"]["explanation"]["criteria"]] == [0, 3, 4]
    assert card["composite"] is None


async def test_only_evidence_of_the_campaigns_period_counts(office: Office) -> None:
    unit = await office.register_unit("north")
    early, late = Story(unit), Story(unit)
    await office.hear([early.opened(-48), early.answered(-24), late.opened(-24), late.answered(1, in_time=False)])
    assert (await office.scorecard(unit))["response_rate"]["n"] == 2
    await campaign_over(office, unit)
    card = await office.scorecard(unit)
    assert (card["response_rate"]["value"], card["response_rate"]["n"]) == (0.0, 1)
    assert (card["cases"]["opened"], card["cases"]["answered"]) == (0, 1)
    assert card["first_answer"]["median_s"] == 25 * 3600
    office.clock.advance(days=31)
    assert (await office.scorecard(unit))["period"]["kind"] == "all_time"


async def test_an_anonymous_voice_in_the_hour_of_the_start_counts(office: Office) -> None:
    """The campaign started at 9:30; what was said at 9:45 without a name is told as 9:00."""
    unit = await office.register_unit("north")
    await campaign_over(office, unit)
    await office.hear([Story(unit).opened(-1), Story(unit).opened(-2)])
    assert (await office.scorecard(unit))["cases"]["opened"] == 1


async def test_the_newest_running_campaign_that_measures_the_unit_grades_it(office: Office) -> None:
    north, mid, other = await tree(office)
    standard = await office.adopt_standard()
    for_provinces = await office.adopt_standard("provinces", level="province")
    await office.schedule_campaign(north, standard, code="old", start=-10, days=100)
    await office.schedule_campaign(north, for_provinces, code="level", start=-1)
    await office.schedule_campaign(mid, standard, code="ended", start=-5, days=4)
    await office.schedule_campaign(mid, standard, code="new", start=-3)
    await office.schedule_campaign(mid, standard, code="future", start=3)
    codes = [(await office.scorecard(unit))["campaign"]["code"] for unit in (north, mid, other)]
    assert codes == ["level", "new", "old"]
    office.clock.advance(days=4)
    assert (await office.scorecard(mid))["campaign"]["code"] == "future"


def reader(role: Role, unit: Any = None) -> Principal:
    return principal(role, UUID(unit["id"]) if unit else None)


async def test_scorecard_in_full_only_for_those_who_answer_for_the_unit(office: Office) -> None:
    north, mid, other = await tree(office)
    await office.hear(judged_cases(mid, due=6, in_time=6, judged=4, resolved=3, rated=1, satisfied=1))
    in_full = await office.scorecard(mid)
    assert in_full["resolution_rate"]["n"] == 4
    for role in (Role.official, Role.lead, Role.inspector):
        assert await office.scorecard(mid, reader(role, mid)) == in_full
        assert await office.scorecard(mid, reader(role, north)) == in_full
    assert await office.scorecard(mid, reader(Role.inspector)) == in_full

    masked = await office.scorecard(mid, reader(Role.resident))
    assert masked["resolution_rate"] == masked["satisfaction_rate"] == SUPPRESSED
    assert masked["completion"] == {"median_s": None, "p90_s": None, "n": None}
    assert masked["cases"] == {**in_full["cases"], "confirmed": None, "refused": None, "reopened": None}
    assert masked["response_rate"] == in_full["response_rate"]
    for stranger in (
        reader(Role.resident, mid), reader(Role.official), reader(Role.official, other), reader(Role.lead, other),
        reader(Role.inspector, other), principal(Role.lead, uuid4()),
    ):  # fmt: skip
        assert await office.scorecard(mid, stranger) == masked


async def test_scorecard_masked_explanation_tells_no_hidden_figure(office: Office) -> None:
    unit = await office.register_unit("north")
    await campaign_over(office, unit, minimum_sample=1)
    await office.hear(judged_cases(unit, due=6, in_time=6, judged=6, resolved=6, rated=4, satisfied=3))
    assert (await office.scorecard(unit))["grade"]["value"] == "excellent"
    masked = await office.scorecard(unit, reader(Role.resident))
    assert masked["resolution_rate"]["n"] == 6
    assert masked["grade"]["reason"] == "not graded: satisfaction has too few satisfaction ratings to be shown"
    satisfaction = masked["grade"]["explanation"]["criteria"][2]
    hidden = ("value", "n", "interval", "worth", "missing", "contribution")
    assert {name: satisfaction[name] for name in hidden} == dict.fromkeys(hidden)
    assert satisfaction["suppressed"] is True


ALL_WELL = {"due": 10, "in_time": 10, "judged": 10, "resolved": 10, "rated": 10, "satisfied": 10}


async def test_retaliation_that_was_found_makes_a_unit_unqualified_for_a_year(office: Office) -> None:
    north, mid, other = await tree(office)
    await campaign_over(office, north)
    await office.hear(judged_cases(mid, **ALL_WELL))
    before = (await office.scorecard(mid))["grade"]
    assert (before["value"], before["explanation"]["gates"]) == ("excellent", [])
    await office.hear([retaliation_decided(mid, 0), retaliation_decided(mid, 48)])
    for grade in (
        (await office.scorecard(mid))["grade"],
        (await office.scorecard(mid, reader(Role.resident)))["grade"],
    ):
        assert grade["value"] == "unqualified"
        assert grade["reason"] == "unqualified: retaliation was found, which counts until 2027-03-04"
        assert grade["explanation"] == {
            **before["explanation"],
            "between": None,
            "gates": [
                {
                    "code": "retaliation",
                    "reason": "retaliation was found, which counts until 2027-03-04",
                    **dict.fromkeys(("indicator", "value", "n", "at_least")),
                    "count": 2,
                    "since": "2026-03-02",
                    "until": "2027-03-04",
                    "source": "feedback: RetaliationDecided (substantiated)",
                    "formula": "any decided in the last 365 days: unqualified, whatever the composite",
                }
            ],
        }
    board = {row["code"]: row["grade"]["value"] for row in (await office.get("/v1/public/scoreboard", ANONYMOUS))["items"]}
    assert board == {"north": "not_graded", "mid": "unqualified", "other": "not_graded"}

    office.clock.advance(days=366)
    assert [gate["count"] for gate in (await office.scorecard(mid))["grade"]["explanation"]["gates"]] == [1]
    office.clock.advance(days=2)
    later = (await office.scorecard(mid))["grade"]
    assert (later["value"], later["explanation"]["gates"]) == ("not_graded", [])
    assert (await office.scorecard(other))["grade"]["explanation"]["gates"] == []


async def test_a_unit_without_a_case_or_a_campaign_is_unqualified_all_the_same(office: Office) -> None:
    unit = await office.register_unit("north")
    await office.hear([retaliation_decided(unit)])
    assert (await office.scorecard(unit))["grade"]["value"] == "unqualified"


async def test_a_decision_counts_once_however_often_it_is_told(office: Office) -> None:
    unit, decided = await office.register_unit("north"), uuid4()
    for _ in range(3):
        await office.hear([retaliation_decided(unit, report_id=decided)])
    (gate,) = (await office.scorecard(unit))["grade"]["explanation"]["gates"]
    assert gate["count"] == 1


async def test_an_alarm_is_a_gate_once_somebody_above_has_upheld_it(office: Office) -> None:
    north, mid, _ = await tree(office)
    await campaign_over(office, north, gates=["upheld_alarm"])
    await office.hear(judged_cases(mid, **ALL_WELL))
    alarm = await closed_in_bulk(office, mid)
    before = (await office.scorecard(mid))["grade"]
    assert (before["value"], before["explanation"]["gates"]) == ("excellent", []), "so far it is a suspicion"
    await decide_alarm(office, alarm, "uphold")
    for caller in (ADMIN, reader(Role.resident)):
        grade = (await office.scorecard(mid, caller))["grade"]
        reason = "cases were closed to be closed on 2026-03-02: upheld_alarm"
        assert (grade["value"], grade["reason"]) == ("unqualified", f"unqualified: {reason}")
        assert grade["explanation"]["gates"] == [
            {
                "code": "upheld_alarm",
                "reason": reason,
                **dict.fromkeys(("indicator", "value", "n", "at_least")),
                "count": 1,
                "since": "2026-03-02",
                "until": "2026-03-02",
                "source": "assessment: BulkClosingSuspected, upheld",
                "formula": "any about a day of the period: unqualified, whatever the composite",
            }
        ]
        assert grade["explanation"]["composite"] == before["explanation"]["composite"]


@pytest.mark.parametrize(("gates", "verb"), [(["upheld_alarm"], "clear"), ([], "uphold")])
async def test_an_alarm_that_was_cleared_or_that_no_standard_asks_about_is_no_gate(
    office: Office, gates: list[str], verb: str
) -> None:
    north, mid, _ = await tree(office)
    await campaign_over(office, north, gates=gates)
    await office.hear(judged_cases(mid, **ALL_WELL))
    alarm = await closed_in_bulk(office, mid)
    before = (await office.scorecard(mid))["grade"]
    await decide_alarm(office, alarm, verb)
    assert (await office.scorecard(mid))["grade"] == before


async def test_an_alarm_of_before_the_campaign_or_about_another_unit_is_no_gate(office: Office) -> None:
    north, mid, other = await tree(office)
    standard = await office.adopt_standard(gates=["upheld_alarm"])
    for unit in (mid, other):
        await decide_alarm(office, await closed_in_bulk(office, unit), "uphold")
    await office.schedule_campaign(north, standard)
    await office.hear(judged_cases(mid, **ALL_WELL, hours=24 * 5))
    assert (await office.scorecard(mid))["grade"]["value"] == "excellent"


async def test_neither_reports_nor_those_that_were_not_found_true_change_anything(office: Office) -> None:
    """Else a unit would be paid for silence."""
    north, mid, _ = await tree(office)
    await campaign_over(office, north)
    await office.hear(judged_cases(mid, **ALL_WELL))
    before = [await office.scorecard(unit) for unit in (north, mid)]
    for _ in range(20):
        report_id = uuid4()
        await office.hear(retaliation_reported(north, report_id))
        await office.hear([retaliation_decided(mid, substantiated=False, report_id=report_id)])
    assert [await office.scorecard(unit) for unit in (north, mid)] == before


async def test_the_number_of_complaints_changes_no_grade(office: Office) -> None:
    north, mid, _ = await tree(office)
    await campaign_over(office, north)
    await office.hear(judged_cases(mid, **ALL_WELL))
    before = (await office.scorecard(mid))["grade"]
    await office.hear([Story(mid).opened() for _ in range(50)])
    assert (await office.scorecard(mid))["grade"] == before


async def test_scorecard_refusals(office: Office) -> None:
    unit = await office.register_unit("north")
    unknown = f"/v1/units/{uuid4()}/scorecard"
    assert_problem(await office.client.get(unknown, caller=ADMIN), 404, "unit-not-found")
    assert_problem(await office.client.get("/v1/units/x/scorecard", caller=ADMIN), 422, "invalid-request")
    path = f"/v1/units/{unit['id']}/scorecard"
    assert_problem(await office.client.get(path, caller=ANONYMOUS), 401, "authentication-required")


async def test_scoreboard_shows_every_unit_to_anybody(office: Office) -> None:
    north, mid, other = await tree(office)
    await campaign_over(office, mid)
    await office.hear(judged_cases(mid, due=10, in_time=9, judged=8, resolved=6, rated=5, satisfied=3))
    await office.hear(judged_cases(other, due=3, in_time=3, judged=2, resolved=2, rated=2, satisfied=2))
    board = await office.get("/v1/public/scoreboard", ANONYMOUS)
    rows = {row["code"]: row for row in board["items"]}
    assert list(rows) == ["north", "mid", "other"]
    assert board["next_cursor"] is None
    assert rows["north"] == {
        **{name: north[name] for name in ("code", "name", "level", "path")},
        "unit_id": north["id"],
        "period": {"kind": "all_time", "starts_at": None, "ends_at": None},
        "cases_opened": 0,
        "response_rate": NOTHING,
        "resolution_rate": SUPPRESSED,
        "satisfaction_rate": SUPPRESSED,
        "gap": {"value": None, "confirmation": SUPPRESSED, "durability": SUPPRESSED},
        "grade": {"value": "not_graded", "reason": "not graded: no running campaign measures this unit"},
    }
    assert rows["mid"]["grade"]["value"] == "qualified"
    assert rows["mid"]["satisfaction_rate"]["n"] == 5
    assert (rows["other"]["cases_opened"], rows["other"]["resolution_rate"]) == (3, SUPPRESSED)


async def test_scoreboard_reasons_hide_what_is_suppressed(office: Office) -> None:
    unit = await office.register_unit("north")
    await campaign_over(office, unit)
    board = []
    for _ in range(FEW):
        await office.hear(judged_cases(unit, due=1, in_time=1, judged=1, resolved=1, rated=1, satisfied=1))
        board.append((await office.get("/v1/public/scoreboard", ANONYMOUS))["items"][0])
    shown = {(row["grade"]["reason"].split("; ", 1)[1], str(row["resolution_rate"])) for row in board}
    assert len(shown) == 1


FEW = 4


async def test_scoreboard_pages_and_filters(office: Office) -> None:
    north, mid, other = await tree(office)
    page = await office.get("/v1/public/scoreboard", ANONYMOUS, limit=2)
    rest = await office.get("/v1/public/scoreboard", ANONYMOUS, limit=2, cursor=page["next_cursor"])
    assert [row["unit_id"] for row in page["items"] + rest["items"]] == [north["id"], mid["id"], other["id"]]
    children = await office.get("/v1/public/scoreboard", ANONYMOUS, parent_id=north["id"])
    assert [row["code"] for row in children["items"]] == ["mid", "other"]
    provinces = await office.get("/v1/public/scoreboard", ANONYMOUS, level="province")
    assert [row["code"] for row in provinces["items"]] == ["north"]


OUTCOMES = {
    "code": "effect", "name": "Effect", "weight": 100, "source": "measured", "indicator": "outcomes", "minimum_sample": 2,
    "owner": "Statistics",
}  # fmt: skip


async def reached_outcomes(office: Office, unit: Any, *found: tuple[float, int, int]) -> None:
    """Of each, what was measured of the eight that was wanted, and how many residents notice it or do not."""
    for value, yes, no in found:
        made = await record(office, unit, target={"value": 8, "on": day(office, 10)})
        await measure(office, made, value)
        await call(office, "publish", made)
        await hear_residents(office, made, yes, no)


async def test_outcomes_count_by_what_was_measured_and_what_residents_notice(office: Office) -> None:
    """(1 x 4/5 + 1/2 x 1) / 2 = 0.65; the third is left out, for only four spoke of it."""
    north, mid, _ = await tree(office)
    await campaign_over(office, north, criteria=[OUTCOMES])
    await reached_outcomes(office, mid, (8, 4, 1), (5, 5, 0), (8, 4, 0))
    before = (await office.scorecard(mid))["grade"]
    assert before["reason"] == "not graded: effect needs 2 outcomes due that can be counted, has 0", "their day is to come"
    office.clock.advance(days=11)
    card = await office.scorecard(mid)
    [effect] = card["grade"]["explanation"]["criteria"]
    assert (effect["value"], effect["n"], effect["interval"], effect["missing"]) == (0.65, 2, None, 0)
    assert effect["formula"].startswith("mean of progress x the share of residents who notice it")
    assert (card["grade"]["value"], card["composite"]) == ("qualified", 0.65)
    assert (await office.scorecard(mid, reader(Role.resident)))["grade"] == card["grade"], "five stand behind each of them"


async def test_what_is_not_asked_about_is_not_looked_for(office: Office) -> None:
    north = await office.register_unit("north", "province")
    statements: list[str] = []
    engine = office.service.database.engine.sync_engine
    sqlalchemy_event.listen(engine, "before_cursor_execute", lambda *args: statements.append(args[2]))

    async def looked() -> int:
        statements.clear()
        await office.get("/v1/public/scoreboard", ANONYMOUS)
        return sum("FROM outcomes" in each or "FROM alarms" in each for each in statements)

    await campaign_over(office, north)
    assert await looked() == 0
    standard = await office.adopt_standard("effects", criteria=[OUTCOMES], gates=["upheld_alarm"])
    await office.schedule_campaign(north, standard, code="summer")
    for number in range(5):
        await office.register_unit(f"unit-{number}", "county", north)
    assert await looked() == 2


async def test_a_unit_whose_visits_reach_too_few_is_unqualified(office: Office) -> None:
    north = await office.register_unit("north", "province")
    standard = await office.adopt_standard("covered", floors=[{"indicator": "visits_covered", "at_least": 0.5}])
    await office.schedule_campaign(north, standard, code="covered")
    await office.hear(judged_cases(north, due=9, in_time=9, judged=9, resolved=9, rated=9, satisfied=9))
    for number in range(6):
        story = Story(north)
        await office.hear([story.planned(), story.recorded(outcome="done_late") if number < 2 else story.missed()])
    grade = (await office.get(f"/v1/units/{north['id']}/scorecard"))["grade"]
    assert grade["reason"] == "unqualified: visits_covered 0.33 is below its floor of 0.5"
    [gate] = grade["explanation"]["gates"]
    assert (gate["code"], gate["indicator"], gate["n"], gate["at_least"]) == ("floor", "visits_covered", 6, 0.5)


async def test_scoreboard_costs_the_same_number_of_queries_however_many_units(office: Office) -> None:
    north = await office.register_unit("north", "province")
    await campaign_over(office, north)
    statements: list[str] = []
    engine = office.service.database.engine.sync_engine
    sqlalchemy_event.listen(engine, "before_cursor_execute", lambda *args: statements.append(args[2]))

    async def cost() -> int:
        statements.clear()
        await office.get("/v1/public/scoreboard", ANONYMOUS)
        return len(statements)

    alone = await cost()
    for number in range(10):
        await office.hear([Story(await office.register_unit(f"unit-{number}", "county", north)).opened()])
    assert await cost() == alone == 4


async def test_three_rates_of_one_unit(office: Office) -> None:
    unit = await office.register_unit("north")
    await office.hear(judged_cases(unit, due=5, in_time=4, judged=5, resolved=5, rated=0, satisfied=0))
    rates = await office.get("/v1/public/three-rates", ANONYMOUS, unit_id=unit["id"])
    assert rates["response_rate"]["value"] == 0.8
    assert rates["resolution_rate"]["n"] == 5
    assert rates["satisfaction_rate"] == SUPPRESSED
    unknown = await office.client.get("/v1/public/three-rates", params={"unit_id": str(uuid4())})
    assert_problem(unknown, 404, "unit-not-found")


async def test_the_gap_is_public_once_five_residents_have_spoken(office: Office) -> None:
    """Those who did not judge are counted, and do not make up for those who did."""
    unit = await office.register_unit("north")
    await office.hear(judged_cases(unit, due=4, in_time=4, judged=4, resolved=2, rated=0, satisfied=0))
    for _ in range(3):
        silent = Story(unit)
        await office.hear([silent.answered(), silent.lapsed()])
    few = await office.get("/v1/public/three-rates", ANONYMOUS, unit_id=unit["id"])
    assert few["gap"] == {"value": None, "confirmation": SUPPRESSED, "durability": SUPPRESSED}
    assert (await office.scorecard(unit))["gap"]["confirmation"]["n"] == 7

    await office.hear(judged_cases(unit, due=1, in_time=1, judged=1, resolved=1, rated=0, satisfied=0))
    gap = (await office.get("/v1/public/three-rates", ANONYMOUS, unit_id=unit["id"]))["gap"]
    assert (gap["value"], gap["confirmation"]["value"], gap["confirmation"]["n"]) == (0.625, 0.375, 8)
    assert gap["confirmation"]["low"] < 0.375 < gap["confirmation"]["high"]
    assert gap["durability"] == SUPPRESSED, "three residents confirmed"


@pytest.mark.parametrize("query", [{"parent_id": "1"}, {"parent_id": ""}, {"level": "x"}, {"level": "\x00"}])
async def test_scoreboard_hostile_filters(office: Office, query: dict[str, str]) -> None:
    assert_problem(await office.client.get("/v1/public/scoreboard", params=query), 422)
    assert_problem(await office.client.get("/v1/public/three-rates", params={"unit_id": "\x00"}), 422)
