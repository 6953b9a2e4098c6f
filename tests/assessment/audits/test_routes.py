"""Audits through REST: what is drawn, who checks it, and what a grade whose evidence does not hold waits for."""

import asyncio
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from sqlalchemy import select
from sqlmodel import col

from services.assessment.audits import rules
from services.assessment.indicators.models import CaseEvidence, VisitEvidence
from services.assessment.jobs import draw_audits
from shared.auth import ANONYMOUS, Principal, Role
from shared.events.assessment import EvidenceAudited, EvidenceAuditStarted
from tests.assessment.assessors import GOOD, Board, open_board
from tests.assessment.cases import Story, judged_cases
from tests.assessment.office import ADMIN, HOSTILE_QUERIES, Office, assert_problem
from tests.support.callers import principal

UPHELD = {"finding": "upheld", "ground": "as_recorded", "note": "The file says the same."}
UNTRUE = {"finding": "not_supported", "ground": "recorded_otherwise", "note": "Nobody has been there."}
UNKNOWN = {"finding": "cannot_be_checked", "ground": "nobody_reached", "note": "Called three times."}
ANEW = {"settled_as": "counted_anew", "reason": "It did not happen."}
EXPLAINED = {"settled_as": "explained", "reason": "The date was mistyped, the work was done."}
VISITS = {
    "code": "visits", "name": "Visits", "weight": 100, "source": "measured", "indicator": "visits_on_time",
    "minimum_sample": 5, "owner": "Field office",
}  # fmt: skip


@dataclass
class Audit:
    """Of the evidence of `board.mid`, which alone has some."""

    board: Board
    id: str
    auditor: Principal

    @property
    def office(self) -> Office:
        return self.board.office

    @property
    def path(self) -> str:
        return f"/v1/campaigns/{self.board.campaign['id']}/audits/{self.id}"

    @property
    def unit(self) -> str:
        return f"{self.path}/units/{self.board.mid['id']}"

    async def read(self) -> Any:
        return await self.office.get(self.unit)

    async def ask(self, verb: str, body: Any, caller: Principal | None = None) -> httpx.Response:
        return await self.office.client.post(f"{self.unit}/{verb}", caller=caller or self.auditor, json=body)

    async def do(self, verb: str, body: Any, caller: Principal | None = None) -> Any:
        answer = await self.ask(verb, body, caller)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def find(self, *findings: Any) -> Any:
        """One for each piece that was drawn; the last one for the rest."""
        await self.do("take", {})
        for number, item in enumerate((await self.read())["items"]):
            said = findings[min(number, len(findings) - 1)]
            found = await self.do("findings", {"evidence_id": item["evidence_id"], **said})
        return found


async def draw(office: Office) -> None:
    while await draw_audits(office.service.works):
        pass


async def start(board: Board, caller: Principal = ADMIN, **asked: Any) -> Any:
    path = f"/v1/campaigns/{board.campaign['id']}/audits"
    return await board.office.post(path, {"units": 3, "size": 4, **asked}, caller)


async def audited(office: Office, **asked: Any) -> Audit:
    board = await open_board(office)
    made = await start(board, **asked)
    await draw(office)
    return Audit(board, made["id"], principal(Role.inspector))


async def cases_of(office: Office, unit: Any) -> list[UUID]:
    async with office.service.database.session() as session:
        return list(await session.scalars(select(col(CaseEvidence.case_id)).where(col(CaseEvidence.unit_id) == UUID(unit["id"]))))


async def test_the_seed_is_told_before_anything_is_drawn(office: Office) -> None:
    board = await open_board(office)
    made = await start(board)
    assert (made["drawing"], made["drawn"], made["open"], made["overdue"]) == (True, 0, 0, False)
    (event,) = await office.recorded(EvidenceAuditStarted)
    assert (str(event.key), str(event.seed), event.units, event.size) == (made["id"], made["seed"], 3, 4)
    (decision,) = (await office.get("/v1/public/decisions", ANONYMOUS, kind="audit.started"))["items"]
    assert (decision["rule"], made["seed"] in decision["reason"]) == ("audit.drawn-by-published-seed", True)
    await draw(office)
    shown = await office.get(f"/v1/campaigns/{board.campaign['id']}/audits/{made['id']}")
    assert (shown["drawing"], shown["seed"], shown["drawn"], shown["open"]) == (False, made["seed"], 4, 4)


async def test_every_drawn_unit_has_evidence_and_anybody_draws_the_same_again(office: Office) -> None:
    board = await open_board(office)
    for unit in (board.other, board.far):
        await office.hear(judged_cases(unit, **GOOD))
    made = await start(board, units=2, size=7)
    await draw(office)
    shown = await office.get(f"/v1/campaigns/{board.campaign['id']}/audits/{made['id']}")
    seed = UUID(made["seed"])
    with_evidence = [UUID(unit["id"]) for unit in (board.mid, board.other, board.far)]
    assert [UUID(each["unit_id"]) for each in shown["audited"]] == rules.draw(seed, with_evidence, 2)
    for each in shown["audited"]:
        assert (each["population"], each["drawn"], each["open"]) == (10, 7, 7)
        unit = await office.get(f"/v1/campaigns/{board.campaign['id']}/audits/{made['id']}/units/{each['unit_id']}")
        drawn = [UUID(item["evidence_id"]) for item in unit["items"]]
        assert drawn == rules.draw(seed, await cases_of(office, {"id": each["unit_id"]}), 7)


async def test_only_evidence_that_counted_is_drawn(office: Office) -> None:
    """Not what was opened and never owed, and not what happened after the campaign."""
    board = await open_board(office)
    quiet, late = Story(board.mid), Story(board.mid)
    await office.hear([quiet.opened(), late.opened(31 * 24), late.answered(31 * 24 + 1), late.confirmed(31 * 24 + 2)])
    made = await start(board, units=1, size=20)
    await draw(office)
    shown = await Audit(board, made["id"], ADMIN).read()
    ids = {item["evidence_id"] for item in shown["items"]}
    assert (shown["population"], len(ids)) == (10, 10)
    assert not ids & {str(quiet.id), str(late.id)}


async def test_visits_are_drawn_where_they_count(office: Office) -> None:
    north = await office.register_unit("north")
    standard = await office.adopt_standard(criteria=[VISITS])
    campaign = await office.schedule_campaign(north, standard, days=30)
    stories = [Story(north) for _ in range(8)]
    for number, story in enumerate(stories):
        await office.hear([story.planned(), story.recorded() if number else story.missed()])
    gone, refused = Story(north), Story(north)
    await office.hear([gone.planned(), gone.cancelled(), refused.planned(), refused.recorded(outcome="refused_by_resident")])
    office.clock.advance(days=31)
    board = Board(office, north, north, north, north, north, campaign, principal(Role.inspector), principal(Role.inspector))
    await board.propose()
    assert (await board.grade())["composite_exact"] == "7/8"
    made = await start(board, units=1, size=20)
    await draw(office)
    audit = Audit(board, made["id"], principal(Role.inspector))
    shown = await audit.read()
    assert {item["evidence_id"] for item in shown["items"]} == {str(story.id) for story in stories}
    assert {item["kind"] for item in shown["items"]} == {"visit"}

    await audit.do("take", {})
    for item in shown["items"]:
        untrue = item["evidence_id"] in {str(story.id) for story in stories[1:3]}
        await audit.do("findings", {"evidence_id": item["evidence_id"], **(UNTRUE if untrue else UPHELD)})
    await audit.do("settle", ANEW, principal(Role.inspector))
    grade = await board.grade()
    assert (grade["composite_exact"], grade["corrections"][0]["after"]) == ("5/6", {"hits": 5, "n": 6})
    async with office.service.database.session() as session:
        assert len((await session.scalars(select(VisitEvidence))).all()) == 10


async def test_what_holds_is_signed_by_others_than_the_auditor(office: Office) -> None:
    audit = await audited(office)
    found = await audit.find(UPHELD)
    assert (found["open"], found["upheld"], found["holding"]["value"], found["holding"]["n"]) == (0, 4, 1.0, 4)
    assert 0.5 < found["holding"]["low"] < 0.52
    grade = await audit.board.grade()
    assert {name: grade["audit"][name] for name in ("drawn", "upheld", "open", "settled_as")} == {
        "drawn": 4, "upheld": 4, "open": 0, "settled_as": None,
    }  # fmt: skip
    assert_problem(await audit.board.act(grade, "sign", audit.auditor), 403, "grade-audited-by-you")
    assert (await audit.board.sign(grade))["state"] == "published"
    (event,) = await office.recorded(EvidenceAudited)
    assert (str(event.key), event.drawn, event.upheld) == (audit.board.mid["id"], 4, 4)


async def test_a_grade_under_audit_is_not_signed_until_the_audit_is_overdue(office: Office) -> None:
    audit = await audited(office)
    grade = await audit.board.grade()
    refused = await audit.board.act(grade, "sign", audit.board.first)
    assert_problem(refused, 409, "grade-under-audit")
    assert "4 pieces" in refused.json()["detail"]
    assert (await audit.board.sign(await audit.board.grade(audit.board.other)))["state"] == "published"
    office.clock.advance(days=14, microseconds=1)
    assert (await audit.board.sign(grade))["state"] == "published"


async def test_what_does_not_hold_keeps_a_grade_from_being_signed_until_it_is_counted_without(office: Office) -> None:
    audit = await audited(office, size=20)
    board, second = audit.board, principal(Role.inspector)
    before = await board.grade()
    await audit.find(UNTRUE, UNTRUE, UPHELD)
    refused = await board.act(before, "sign", board.first)
    assert_problem(refused, 409, "grade-audit-unsettled")
    assert "/settle" in refused.json()["detail"]

    settled = await audit.do("settle", ANEW, second)
    after = await board.grade()
    assert (settled["settled_as"], settled["new_grade_id"]) == ("counted_anew", before["id"])
    assert (after["id"], after["version"], after["state"]) == (before["id"], 2, "proposed")
    assert (after["audit"]["settled_as"], after["audit"]["reason"]) == ("counted_anew", ANEW["reason"])
    untrue = {item["evidence_id"] for item in (await audit.read())["items"] if item["finding"] == "not_supported"}
    log = {each["criterion"]: each for each in after["corrections"]}
    assert set(log) == {"response", "resolution", "satisfaction"}
    assert log["response"]["before"]["n"] - log["response"]["after"]["n"] == 2
    for each in log.values():
        assert set(each["excluded_case_ids"]) == untrue
        assert (each["rule"], each["audit_id"], each["objection_id"]) == ("grade.corrected-on-audit", audit.id, None)
    assert (await office.get(f"/v1/grades/{after['id']}/recomputation"))["same"]
    assert (await board.sign(after))["state"] == "published"
    shown = await board.public()
    assert {each["reason"] for each in shown["corrections"]} == {ANEW["reason"]}
    assert not [id for id in untrue if id in str(shown)]


async def test_a_correction_outlasts_counting_anew(office: Office) -> None:
    audit = await audited(office, size=20)
    await audit.find(UNTRUE, UPHELD)
    await audit.do("settle", ANEW, principal(Role.inspector))
    corrected = await audit.board.grade()
    await office.post(f"/v1/campaigns/{audit.board.campaign['id']}/grades", {})
    assert (await audit.board.grade()) == corrected
    returned = await audit.board.act(corrected, "return", audit.board.first, {"reason": "Look again."})
    assert (returned.json()["version"], returned.json()["composite_exact"]) == (3, corrected["composite_exact"])
    assert returned.json()["explanation"]["criteria"][0]["n"] == 9


async def test_what_is_explained_counts_and_is_read_before_it_is_signed(office: Office) -> None:
    audit = await audited(office)
    seen = await audit.board.grade()
    await audit.find(UNTRUE, UPHELD)
    await audit.do("settle", EXPLAINED, principal(Role.inspector))
    assert_problem(await audit.board.act(seen, "sign", audit.board.first), 412, "changed-meanwhile")
    grade = await audit.board.grade()
    assert (grade["composite_exact"], grade["corrections"]) == (seen["composite_exact"], [])
    assert (grade["audit"]["not_supported"], grade["audit"]["reason"]) == (1, EXPLAINED["reason"])
    assert (await audit.board.sign(grade))["state"] == "published"


async def test_a_first_signature_does_not_outlast_what_is_found(office: Office) -> None:
    board = await open_board(office)
    once = await board.sign(await board.grade(), board.first)
    made = await start(board)
    await draw(office)
    audit = Audit(board, made["id"], principal(Role.inspector))
    assert_problem(await board.act(once, "sign", board.second), 409, "grade-under-audit")
    await audit.find(UNTRUE, UPHELD)
    await audit.do("settle", EXPLAINED, principal(Role.inspector))
    assert ((await board.grade())["state"], (await board.grade())["signatures"]) == ("proposed", [])


async def test_what_is_found_after_publication_becomes_a_correction_that_two_sign(office: Office) -> None:
    audit = await audited(office, size=20)
    office.clock.advance(days=15)
    old = await audit.board.published()
    await audit.find(UNTRUE, UPHELD)
    settled = await audit.do("settle", ANEW, principal(Role.inspector))
    assert settled["new_grade_id"] != old["id"]
    new = await audit.board.grade()
    assert (new["id"], new["cause"], new["state"], new["supersedes_id"]) == (
        settled["new_grade_id"], "correction", "proposed", old["id"],
    )  # fmt: skip
    assert new["corrections"][0]["audit_id"] == audit.id
    assert (await audit.board.public())["id"] == old["id"]
    await audit.board.sign(new)
    assert (await audit.board.public())["id"] == new["id"]


async def test_what_has_become_history_can_only_be_explained(office: Office) -> None:
    audit = await audited(office)
    office.clock.advance(days=15)
    board = audit.board
    await board.published()
    await office.schedule_campaign(board.north, board.standard, code="autumn", days=1)
    office.clock.advance(days=2)
    await board.propose()
    await board.published()
    await audit.find(UNTRUE, UPHELD)
    assert_problem(await audit.ask("settle", ANEW, principal(Role.inspector)), 409, "grade-state")
    await audit.do("settle", EXPLAINED, principal(Role.inspector))


async def test_nobody_of_the_chain_audits_or_sees_what_was_drawn(office: Office) -> None:
    audit = await audited(office)
    item = (await audit.read())["items"][0]["evidence_id"]
    for unit in (audit.board.mid, audit.board.north, audit.board.low):
        near = audit.board.whoever(Role.inspector, unit)
        assert_problem(await office.client.get(audit.unit, caller=near), 403, "audit-in-your-chain")
        for verb, body in (("take", {}), ("findings", {"evidence_id": item, **UPHELD}), ("settle", ANEW)):
            assert_problem(await audit.ask(verb, body, near), 403, "audit-in-your-chain")
        assert item not in (await office.client.get(audit.path, caller=near)).text


async def test_who_checks_a_unit_is_not_told_to_its_chain(office: Office) -> None:
    audit = await audited(office)
    await audit.do("take", {})
    for unit, named in ((audit.board.far, True), (audit.board.mid, False), (audit.board.north, False)):
        (shown,) = (await office.get(audit.path, audit.board.whoever(Role.inspector, unit)))["audited"]
        assert (shown["auditor_id"] == str(audit.auditor.account_id)) is named
    (shown,) = (await office.get(audit.path))["audited"]
    assert shown["auditor_id"] == str(audit.auditor.account_id)


async def test_who_scored_the_unit_does_not_audit_it(office: Office) -> None:
    north = await office.register_unit("north")
    campaign = await office.schedule_campaign(north, await office.adopt_standard(scored=["learning"]), days=30)
    scorer, fresh = principal(Role.inspector), principal(Role.inspector)
    evidence = [{"kind": "visit", "id": str(uuid4())}]
    said = {"unit_id": north["id"], "criterion": "learning", "part": "inspector", "points": 70, "evidence": evidence}
    await office.post(f"/v1/campaigns/{campaign['id']}/scores", {**said, "reason": "Seen."}, scorer)
    await office.hear(judged_cases(north, **GOOD))
    office.clock.advance(days=31)
    board = Board(office, north, north, north, north, north, campaign, scorer, fresh)
    await board.propose()
    made = await start(board)
    await draw(office)
    audit = Audit(board, made["id"], fresh)
    assert_problem(await audit.ask("take", {}, scorer), 403, "auditor-has-scored")
    await audit.find(UNTRUE)
    assert_problem(await audit.ask("settle", ANEW, scorer), 403, "auditor-has-scored")


async def test_who_signed_does_not_audit(office: Office) -> None:
    board = await open_board(office)
    await board.sign(await board.grade(), board.first)
    made = await start(board)
    await draw(office)
    audit = Audit(board, made["id"], principal(Role.inspector))
    assert_problem(await audit.ask("take", {}, board.first), 403, "auditor-has-signed")
    await audit.find(UNTRUE)
    assert_problem(await audit.ask("settle", EXPLAINED, board.first), 403, "auditor-has-signed")


async def test_nobody_settles_what_they_found_and_nobody_twice(office: Office) -> None:
    audit = await audited(office)
    await audit.find(UNTRUE)
    assert_problem(await audit.ask("settle", ANEW), 403, "second-person-needed")
    settling = [audit.ask("settle", ANEW, principal(Role.inspector)) for _ in range(3)]
    answers = await asyncio.gather(*settling)
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409]
    item = (await audit.read())["items"][0]["evidence_id"]
    assert_problem(await audit.ask("findings", {"evidence_id": item, **UPHELD}), 409, "audit-settled")
    assert_problem(await audit.ask("take", {}), 409, "audit-settled")


async def test_a_unit_is_checked_by_whoever_took_it_until_that_is_overdue(office: Office) -> None:
    audit = await audited(office)
    item = (await audit.read())["items"][0]["evidence_id"]
    said = {"evidence_id": item, **UPHELD}
    assert_problem(await audit.ask("findings", said), 403, "audit-not-yours")
    await audit.do("take", {})
    other = principal(Role.inspector)
    assert_problem(await audit.ask("take", {}, other), 409, "audit-taken")
    assert_problem(await audit.ask("findings", said, other), 403, "audit-not-yours")
    await audit.do("findings", said)
    office.clock.advance(days=15)
    assert (await audit.read())["overdue"]
    taken = await audit.do("take", {}, other)
    assert (taken["auditor_id"], taken["upheld"]) == (str(other.account_id), 1)
    assert_problem(await audit.ask("findings", said), 403, "audit-not-yours")


async def test_a_finding_stands_unless_nobody_could_check(office: Office) -> None:
    audit = await audited(office)
    await audit.do("take", {})
    item = {"evidence_id": (await audit.read())["items"][0]["evidence_id"]}
    assert (await audit.do("findings", {**item, **UNKNOWN}))["holding"]["n"] == 0
    await audit.do("findings", {**item, **UPHELD})
    assert_problem(await audit.ask("findings", {**item, **UNTRUE}), 409, "found-already")
    assert_problem(await audit.ask("settle", ANEW, principal(Role.inspector)), 409, "nothing-to-settle")
    second = {"evidence_id": (await audit.read())["items"][1]["evidence_id"]}
    await audit.do("findings", {**second, **UNTRUE})
    assert_problem(await audit.ask("settle", ANEW, principal(Role.inspector)), 409, "audit-unfinished")


async def test_a_note_stays_with_those_who_audit(office: Office) -> None:
    audit = await audited(office)
    await audit.find(UNTRUE, UPHELD)
    head = audit.board.whoever(Role.lead, audit.board.mid)
    grade = await audit.board.grade()
    register = await office.client.get("/v1/decisions", caller=ADMIN)
    seen = await office.client.get(f"/v1/grades/{grade['id']}", caller=head)
    assert seen.json()["audit"]["not_supported"] == 1
    for answer in (register, seen):
        assert UNTRUE["note"] not in answer.text
    assert str(audit.auditor.account_id) not in seen.text
    (entered,) = (await office.get("/v1/decisions", kind="audit.not-supported"))["items"]
    assert (entered["reason"], entered["rule"], entered["public"]) == (
        "recorded_otherwise", "audit.auditor-outside-the-chain", False,
    )  # fmt: skip
    told = await office.service.database.pool.fetch("SELECT data FROM outbox")
    assert told
    assert UNTRUE["note"] not in str(told)


async def test_everybody_is_told_counts_once_an_audit_is_done_and_of_five_at_least(office: Office) -> None:
    audit = await audited(office, size=6)
    path = f"/v1/public/campaigns/{audit.board.campaign['id']}/audits"
    (shown,) = (await office.get(path, ANONYMOUS))["items"]
    assert (shown["drawn"], shown["open"], shown["holding"]["suppressed"]) == (6, 6, True)
    await audit.find(UNTRUE, UPHELD)
    (shown,) = (await office.get(path, ANONYMOUS))["items"]
    assert (shown["open"], shown["holding"]["n"], shown["cannot_be_checked"]) == (0, 6, 0)
    assert shown["holding"]["value"] == pytest.approx(5 / 6)
    assert not [each for each in (audit.board.mid["id"], str(audit.auditor.account_id)) if each in str(shown)]


async def test_of_fewer_than_five_nothing_is_told_to_everybody(office: Office) -> None:
    audit = await audited(office, size=5)
    await audit.find(UNKNOWN, UPHELD)
    (shown,) = (await office.get(f"/v1/public/campaigns/{audit.board.campaign['id']}/audits", ANONYMOUS))["items"]
    assert (shown["open"], shown["holding"]["value"], shown["cannot_be_checked"]) == (0, None, None)


async def test_what_is_not_checked_in_time_is_listed(office: Office) -> None:
    audit = await audited(office)
    path = f"/v1/campaigns/{audit.board.campaign['id']}/audits"
    assert (await office.get(path, overdue=True))["items"] == []
    office.clock.advance(days=15)
    (late,) = (await office.get(path, overdue=True))["items"]
    assert (late["id"], late["overdue"], late["open"]) == (audit.id, True, 4)
    await audit.find(UPHELD)
    assert (await office.get(path, overdue=True))["items"] == []
    assert len((await office.get(path))["items"]) == 1


async def test_a_unit_is_drawn_once_in_a_campaign(office: Office) -> None:
    audit = await audited(office)
    made = await start(audit.board, units=5)
    await draw(office)
    shown = await office.get(f"/v1/campaigns/{audit.board.campaign['id']}/audits/{made['id']}")
    assert (shown["audited"], shown["drawing"]) == ([], False)


async def test_several_workers_draw_each_piece_once(office: Office) -> None:
    board = await open_board(office)
    await office.hear(judged_cases(board.other, **GOOD))
    for _ in range(2):
        await start(board, units=2)
    for _ in range(6):
        await asyncio.gather(*(draw_audits(office.service.works) for _ in range(3)))
    await draw(office)
    audits = (await office.get(f"/v1/campaigns/{board.campaign['id']}/audits"))["items"]
    assert sorted(each["drawn"] for each in audits) in ([0, 8], [4, 4])


async def test_an_audit_needs_grades_that_wait(office: Office) -> None:
    board = await open_board(office)
    path = f"/v1/campaigns/{board.campaign['id']}/audits"
    for unit in (board.mid, board.low):
        await board.published(unit)
    asked = {"units": 1, "size": 1, "unit_id": board.mid["id"]}
    assert_problem(await office.client.post(path, caller=ADMIN, json=asked), 409, "no-grades-to-audit")
    elsewhere = await office.register_unit("elsewhere")
    for unit_id, status, slug in ((uuid4(), 404, "unit-not-found"), (elsewhere["id"], 422, "unit-not-covered")):
        answer = await office.client.post(path, caller=ADMIN, json={**asked, "unit_id": str(unit_id)})
        assert_problem(answer, status, slug)
    assert_problem(await office.client.post(f"/v1/campaigns/{uuid4()}/audits", caller=ADMIN, json=asked), 404)


async def test_a_standard_that_counts_nothing_has_nothing_to_audit(office: Office) -> None:
    unit = await office.register_unit("north")
    criteria = [{"code": "learning", "name": "Learning", "weight": 100, "source": "inspector", "owner": "Training"}]
    campaign = await office.schedule_campaign(unit, await office.adopt_standard(criteria=criteria))
    answer = await office.client.post(f"/v1/campaigns/{campaign['id']}/audits", caller=ADMIN, json={"units": 1, "size": 1})
    assert_problem(answer, 409, "nothing-to-audit")


async def test_who_may_start_an_audit(office: Office) -> None:
    board = await open_board(office)
    for unit in (board.north, board.mid):
        path, asked = f"/v1/campaigns/{board.campaign['id']}/audits", {"units": 1, "size": 1}
        near = board.whoever(Role.inspector, unit)
        assert_problem(await office.client.post(path, caller=near, json=asked), 403, "audit-in-your-chain")
        for role in (Role.resident, Role.official, Role.lead):
            assert_problem(await office.client.post(path, caller=board.whoever(role, unit), json=asked), 403)
    beside = board.whoever(Role.inspector, board.far)
    assert (await start(board, beside, unit_id=board.mid["id"]))["unit_id"] == board.mid["id"]
    assert (await start(board, principal(Role.inspector)))["unit_id"] == board.north["id"]


@pytest.mark.parametrize(
    "fields",
    [{"units": 0}, {"units": 101}, {"size": 0}, {"size": 21}, {"size": "4"}, {"units": True}, {"seed": "mine"}, {"unit_id": "x"}],
    ids=str,
)
async def test_start_audit_bad_requests(office: Office, fields: dict[str, Any]) -> None:
    board = await open_board(office)
    asked = {"units": 1, "size": 1, **fields}
    path = f"/v1/campaigns/{board.campaign['id']}/audits"
    assert_problem(await office.client.post(path, caller=ADMIN, json=asked), 422)


async def test_findings_and_settlements_refuse_what_says_nothing(office: Office) -> None:
    audit = await audited(office)
    await audit.do("take", {})
    item = (await audit.read())["items"][0]["evidence_id"]
    for said in (
        {**UPHELD, "ground": "not_found"},
        {**UNTRUE, "ground": "erased"},
        {**UPHELD, "note": " "},
        {**UPHELD, "note": "\x00"},
        {**UPHELD, "note": "n" * 2001},
        {**UPHELD, "finding": "so"},
        {"finding": "upheld", "ground": "as_recorded"},
    ):
        assert_problem(await audit.ask("findings", {"evidence_id": item, **said}), 422)
    assert_problem(await audit.ask("findings", {"evidence_id": str(uuid4()), **UPHELD}), 404, "evidence-not-drawn")
    for said in ({"settled_as": "counted_anew"}, {**ANEW, "settled_as": "so"}, {**ANEW, "reason": ""}):
        assert_problem(await audit.ask("settle", said, principal(Role.inspector)), 422)


async def test_what_is_not_there_is_not_found(office: Office) -> None:
    audit = await audited(office)
    campaign = await office.schedule_campaign(audit.board.north, audit.board.standard, code="other")
    foreign = f"/v1/campaigns/{campaign['id']}/audits/{audit.id}"
    for path, slug in (
        (foreign, "audit-not-found"),
        (audit.path[:-36] + str(uuid4()), "audit-not-found"),
        (f"{audit.path}/units/{audit.board.far['id']}", "unit-not-drawn"),
        (f"/v1/campaigns/{uuid4()}/audits", "campaign-not-found"),
        (f"/v1/public/campaigns/{uuid4()}/audits", "campaign-not-found"),
    ):
        assert_problem(await office.client.get(path, caller=ADMIN), 404, slug)


@pytest.mark.parametrize("query", [*HOSTILE_QUERIES, {"overdue": "perhaps"}], ids=str)
async def test_audits_refuse_hostile_queries(office: Office, query: dict[str, str]) -> None:
    board = await open_board(office)
    path = f"/v1/campaigns/{board.campaign['id']}/audits"
    assert_problem(await office.client.get(path, caller=ADMIN, params=query), 422)
    if "overdue" not in query:
        assert_problem(await office.client.get(path.replace("/v1/", "/v1/public/"), caller=ADMIN, params=query), 422)
