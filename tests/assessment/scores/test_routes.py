import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from itertools import permutations
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from sqlalchemy import event as sqlalchemy_event

from services.assessment.scores.queries import scores_of
from services.assessment.scores.rules import Points
from shared.auth import ANONYMOUS, Principal, Role
from shared.events.assessment import Part, ScoreGiven, ScoreWithdrawn
from tests.assessment.office import ADMIN, HOSTILE_QUERIES, Office, assert_problem
from tests.support.callers import principal

EVIDENCE = [{"kind": "visit", "id": "018f4e9c-0000-7000-8000-000000000001"}]
SCORE = {"criterion": "learning", "points": 70, "evidence": EVIDENCE, "reason": "Two sessions a month, both attended."}


@dataclass
class Ground:
    """north: mid (own, other), far. A campaign runs over all of it."""

    office: Office
    units: dict[str, Any]
    campaign: Any

    @property
    def path(self) -> str:
        return f"/v1/campaigns/{self.campaign['id']}/scores"

    def at(self, role: Role, place: str) -> Principal:
        return principal(role, UUID(self.units[place]["id"]))

    def body(self, place: str = "own", part: str = "self", **fields: Any) -> Any:
        return {**SCORE, "unit_id": self.units[place]["id"], "part": part, **fields}

    async def send(self, caller: Principal, place: str = "own", part: str = "self", **fields: Any) -> httpx.Response:
        return await self.office.client.post(self.path, caller=caller, json=self.body(place, part, **fields))

    async def give(self, caller: Principal, place: str = "own", part: str = "self", **fields: Any) -> Any:
        return await self.office.post(self.path, self.body(place, part, **fields), caller)

    async def withdraw(self, caller: Principal, score: Any, reason: str = "I mixed up two units.") -> httpx.Response:
        path = f"{self.path}/{score['id']}/withdraw"
        return await self.office.client.post(path, caller=caller, json={"reason": reason})

    async def seen(self, caller: Principal, **params: Any) -> list[Any]:
        items: list[Any] = (await self.office.get(self.path, caller, **params))["items"]
        return items

    async def counted(self, *places: str) -> dict[str, dict[tuple[str, Part], Points]]:
        ids = {UUID(self.units[place]["id"]): place for place in places}
        async with self.office.service.works.begin() as uow:
            found = await scores_of(uow, UUID(self.campaign["id"]), list(ids))
        return {ids[id]: points for id, points in found.items()}


TREE = [
    ("north", None, "province"),
    ("mid", "north", "county"),
    ("own", "mid", "township"),
    ("village", "own", "grassroots"),
    ("other", "mid", "township"),
    ("far", "north", "county"),
]


@pytest.fixture
async def ground(office: Office) -> Ground:
    units: dict[str, Any] = {}
    for code, above, level in TREE:
        units[code] = await office.register_unit(code, level, units[above] if above else None)
    campaign = await office.schedule_campaign(units["north"], await office.adopt_standard(scored=["learning", "service"]))
    return Ground(office, units, campaign)


async def test_a_unit_assesses_itself_and_an_inspector_scores_it(ground: Ground) -> None:
    lead, inspector = ground.at(Role.lead, "own"), ground.at(Role.inspector, "far")
    own = await ground.give(lead)
    assert own == {
        **SCORE,
        "id": own["id"],
        "campaign_id": ground.campaign["id"],
        "unit_id": ground.units["own"]["id"],
        "part": "self",
        "evidence": [{**EVIDENCE[0], "url": None}],
        "rule": "scores.self.v1",
        "by_unit_id": ground.units["own"]["id"],
        "account_id": str(lead.account_id),
        "given_at": "2026-03-02T09:30:15.123456Z",
        "counts": True,
        "withdrawn_at": None,
        "withdrawal_reason": None,
    }
    scored = await ground.give(inspector, part="inspector", points=40)
    assert (scored["rule"], scored["by_unit_id"]) == ("scores.inspector.v1", ground.units["far"]["id"])
    assert await ground.counted("own", "other") == {
        "own": {("learning", Part.self): Points(70, 1), ("learning", Part.inspector): Points(40, 1)}
    }


async def test_what_is_told_names_no_account(ground: Ground) -> None:
    caller = ground.at(Role.official, "own")
    first, second = await ground.give(caller), await ground.give(caller, points=80)
    told = [event.model_dump(mode="json") for event in await ground.office.recorded(ScoreGiven)]
    kept = ("campaign_id", "unit_id", "part", "points", "given_at")
    assert told == [
        {**{name: score[name] for name in kept}, "score_id": score["id"], "criterion_code": "learning", "overtaken_id": overtaken}
        for score, overtaken in ((first, None), (second, first["id"]))
    ]
    assert (await ground.withdraw(caller, second)).status_code == 200
    [withdrawn] = await ground.office.recorded(ScoreWithdrawn)
    assert withdrawn.model_dump(mode="json") == {
        "score_id": second["id"],
        "campaign_id": ground.campaign["id"],
        "unit_id": ground.units["own"]["id"],
        "withdrawn_at": "2026-03-02T09:30:15.123456Z",
    }


@pytest.mark.parametrize("place", ["north", "mid", "own", "village"])
async def test_an_inspector_of_the_units_chain_is_refused(ground: Ground, place: str) -> None:
    assert_problem(await ground.send(ground.at(Role.inspector, place), part="inspector"), 403, "inspector-in-chain")
    assert await ground.office.recorded(ScoreGiven) == []


async def test_inspectors_from_outside_the_chain_score(ground: Ground) -> None:
    for caller in (ground.at(Role.inspector, "other"), ground.at(Role.inspector, "far"), principal(Role.inspector)):
        await ground.give(caller, part="inspector")
    counted = await ground.counted("own")
    assert counted["own"] == {("learning", Part.inspector): Points(210, 3)}


async def test_nobody_but_the_unit_assesses_it_as_itself(ground: Ground) -> None:
    for place in ("north", "mid", "village", "other"):
        for role in (Role.lead, Role.official):
            assert_problem(await ground.send(ground.at(role, place)), 403, "score-not-yours")
    assert_problem(await ground.send(principal(Role.lead)), 403, "score-not-yours")
    for caller in (ADMIN, ground.at(Role.resident, "own")):
        assert_problem(await ground.send(caller), 403, "role-not-allowed")
    assert_problem(await ground.send(ANONYMOUS), 401)


async def test_the_part_that_is_said_must_be_the_callers(ground: Ground) -> None:
    assert_problem(await ground.send(ground.at(Role.lead, "own"), part="inspector"), 403, "part-not-yours")
    assert_problem(await ground.send(ground.at(Role.inspector, "far"), part="self"), 403, "part-not-yours")


async def test_a_newer_score_counts_and_the_old_one_is_kept(ground: Ground) -> None:
    caller, colleague = ground.at(Role.official, "own"), ground.at(Role.official, "own")
    old = await ground.give(caller, points=10)
    new = await ground.give(caller, points=20)
    await ground.give(caller, points=33, criterion="service")
    await ground.give(colleague, points=40)
    seen = {score["id"]: score for score in await ground.seen(caller)}
    assert seen[old["id"]] == {**old, "counts": False}
    assert seen[new["id"]] == new
    assert await ground.counted("own") == {"own": {("learning", Part.self): Points(60, 2), ("service", Part.self): Points(33, 1)}}


async def test_a_withdrawn_score_does_not_count_and_brings_none_back(ground: Ground) -> None:
    caller = ground.at(Role.official, "own")
    old, new = await ground.give(caller, points=10), await ground.give(caller, points=20)
    assert_problem(await ground.withdraw(caller, old), 409, "score-overtaken")
    answer = await ground.withdraw(caller, new)
    kept = {"counts": False, "withdrawn_at": "2026-03-02T09:30:15.123456Z", "withdrawal_reason": "I mixed up two units."}
    assert answer.json() == {**new, **kept}
    assert_problem(await ground.withdraw(caller, new), 409, "score-withdrawn")
    assert await ground.counted("own") == {}
    await ground.give(caller, points=30)
    assert await ground.counted("own") == {"own": {("learning", Part.self): Points(30, 1)}}


async def test_only_its_author_withdraws_a_score(ground: Ground) -> None:
    caller = ground.at(Role.official, "own")
    score = await ground.give(caller)
    for other in (ground.at(Role.lead, "own"), ground.at(Role.official, "own"), principal(Role.inspector)):
        assert_problem(await ground.withdraw(other, score), 404, "score-not-found")
    assert_problem(await ground.withdraw(caller, {"id": uuid4()}), 404, "score-not-found")
    again = await ground.office.schedule_campaign(ground.units["north"], {"id": ground.campaign["standard_id"]}, code="again")
    foreign = f"/v1/campaigns/{again['id']}/scores/{score['id']}/withdraw"
    assert_problem(await ground.office.client.post(foreign, caller=caller, json={"reason": "x"}), 404, "score-not-found")
    assert_problem(await ground.withdraw(ADMIN, score), 403, "role-not-allowed")
    assert_problem(await ground.withdraw(caller, score, reason=" "), 422)
    assert (await ground.seen(caller))[0]["counts"]


async def test_scores_are_given_and_withdrawn_only_while_the_campaign_runs(ground: Ground) -> None:
    caller = ground.at(Role.lead, "own")
    score = await ground.give(caller)
    later = await ground.office.schedule_campaign(
        ground.units["north"], {"id": ground.campaign["standard_id"]}, code="later", start=40
    )
    early = await ground.office.client.post(f"/v1/campaigns/{later['id']}/scores", caller=caller, json=ground.body())
    assert_problem(early, 409, "campaign-not-running")
    ground.office.clock.advance(days=31)
    assert_problem(await ground.send(caller), 409, "campaign-not-running")
    assert_problem(await ground.withdraw(caller, score), 409, "campaign-not-running")
    assert await ground.counted("own") == {"own": {("learning", Part.self): Points(70, 1)}}


async def test_scores_are_of_units_that_the_campaign_measures(ground: Ground) -> None:
    office = ground.office
    townships = await office.adopt_standard("townships", level="township", scored=["learning"])
    beside = await office.schedule_campaign(ground.units["far"], {"id": ground.campaign["standard_id"]}, code="beside")
    low = await office.schedule_campaign(ground.units["north"], townships, code="low")
    for campaign, place in ((beside, "own"), (low, "mid")):
        body, caller = ground.body(place), ground.at(Role.lead, place)
        answer = await office.client.post(f"/v1/campaigns/{campaign['id']}/scores", caller=caller, json=body)
        assert_problem(answer, 409, "unit-not-covered")
    nowhere = {**ground.body(), "unit_id": str(uuid4())}
    assert_problem(await office.client.post(ground.path, caller=ground.at(Role.lead, "own"), json=nowhere), 404, "unit-not-found")
    unknown = f"/v1/campaigns/{uuid4()}/scores"
    for answer in (
        await office.client.post(unknown, caller=ground.at(Role.lead, "own"), json=ground.body()),
        await office.client.get(unknown, caller=ADMIN),
    ):
        assert_problem(answer, 404, "campaign-not-found")


async def test_units_see_what_they_got_from_which_unit_and_never_from_whom(ground: Ground) -> None:
    lead, inspector, loose = ground.at(Role.lead, "own"), ground.at(Role.inspector, "far"), principal(Role.inspector)
    mine = await ground.give(lead)
    theirs = await ground.give(inspector, part="inspector")
    its = await ground.give(loose, part="inspector")
    assert its["by_unit_id"] is None
    elsewhere = await ground.give(ground.at(Role.official, "other"), "other")
    assert await ground.seen(lead) == [mine, {**theirs, "account_id": None}, {**its, "account_id": None}]
    assert [score["account_id"] for score in await ground.seen(ground.at(Role.official, "own"))] == [None] * 3
    for caller in (inspector, principal(Role.inspector), ADMIN):
        assert await ground.seen(caller) == [mine, theirs, its, elsewhere]
    for place in ("north", "mid", "own", "village"):
        known = [score["account_id"] for score in await ground.seen(ground.at(Role.inspector, place))]
        assert known[:3] == [None] * 3, "who would tell the unit does not learn it"
    above = await ground.seen(ground.at(Role.lead, "mid"))
    assert [score["id"] for score in above] == [score["id"] for score in (mine, theirs, its, elsewhere)]
    for blind in (ground.at(Role.official, "mid"), ground.at(Role.lead, "far"), principal(Role.lead)):
        assert await ground.seen(blind) == []
    assert [score["id"] for score in await ground.seen(ADMIN, unit_id=ground.units["other"]["id"])] == [elsewhere["id"]]
    for unit_id in (ground.units["other"]["id"], str(uuid4())):
        assert await ground.seen(lead, unit_id=unit_id) == []
    refused = await ground.office.client.get(ground.path, caller=principal(Role.resident))
    assert_problem(refused, 403, "role-not-allowed")
    assert_problem(await ground.office.client.get(ground.path, caller=ANONYMOUS), 401)


async def test_scores_come_in_pages(ground: Ground) -> None:
    scores = [await ground.give(ground.at(Role.inspector, "far"), part="inspector") for _ in range(5)]
    page = await ground.office.get(ground.path, limit=3)
    rest = await ground.office.get(ground.path, limit=3, cursor=page["next_cursor"])
    assert [score["id"] for score in page["items"] + rest["items"]] == [score["id"] for score in scores]
    assert rest["next_cursor"] is None
    for query in [*HOSTILE_QUERIES, {"unit_id": "17"}, {"unit_id": "\x00"}]:
        assert_problem(await ground.office.client.get(ground.path, caller=ADMIN, params=query), 422)


ID = "018f4e9c-0000-7000-8000-000000000002"
REFUSED: list[dict[str, Any]] = [
    {"points": 101},
    {"points": -1},
    {"points": 50.5},
    {"points": "50"},
    {"points": True},
    {"points": None},
    {"criterion": "a/b"},
    {"criterion": ""},
    {"criterion": "\x00"},
    {"part": "resident"},
    {"reason": " "},
    {"reason": "\x00"},
    {"reason": "x" * 2_001},
    {"rule": "mine"},
    {"evidence": []},
    {"evidence": [{"kind": "visit", "id": ID}] * 21},
    {"evidence": [{"kind": "rumour", "id": ID}]},
    {"evidence": [{"kind": "visit"}]},
    {"evidence": [{"kind": "visit", "id": "17"}]},
    {"evidence": [{"kind": "visit", "url": "https://example.org/"}]},
    {"evidence": [{"kind": "document", "id": ID, "url": "https://example.org/"}]},
    {"evidence": [{"kind": "document", "url": "http://example.org/"}]},
    {"evidence": [{"kind": "document", "url": "https://user:secret@example.org/"}]},
    {"evidence": [{"kind": "document", "url": "https://example.org/a b"}]},
    {"evidence": [{"kind": "document", "url": "https://example.org/\n"}]},
    {"evidence": [{"kind": "document", "url": "javascript:alert(1)"}]},
    {"evidence": [{"kind": "document", "url": "https://example.org/" + "x" * 1_000}]},
]


@pytest.mark.parametrize("fields", REFUSED, ids=range(len(REFUSED)))
async def test_give_score_bad_requests(ground: Ground, fields: dict[str, Any]) -> None:
    assert_problem(await ground.send(ground.at(Role.lead, "own"), **fields), 422, "invalid-request")


async def test_evidence_is_kept_as_it_was_given(ground: Ground) -> None:
    kinds = ("case", "visit", "finding", "activity", "outcome", "document")
    evidence = [{"kind": kind, "id": ID, "url": None} for kind in kinds]
    evidence.append({"kind": "document", "id": None, "url": "https://example.org:8443/report.pdf?page=2#3"})
    score = await ground.give(ground.at(Role.lead, "own"), evidence=evidence)
    assert score["evidence"] == evidence


async def test_scores_of_many_units_are_one_query(ground: Ground) -> None:
    for place in ("own", "other", "mid"):
        await ground.give(ground.at(Role.lead, place), place)
    again = await ground.office.schedule_campaign(ground.units["north"], {"id": ground.campaign["standard_id"]}, code="again")
    statements: list[str] = []
    engine = ground.office.service.database.engine.sync_engine
    sqlalchemy_event.listen(engine, "before_cursor_execute", lambda *args: statements.append(args[2]))
    counted = await ground.counted("own", "other", "mid", "far")
    assert len(statements) == 1
    assert counted == {place: {("learning", Part.self): Points(70, 1)} for place in ("own", "other", "mid")}
    ground.campaign = again
    assert await ground.counted("own", "other", "mid") == {}


async def test_the_order_in_which_scores_arrive_does_not_matter(ground: Ground) -> None:
    """Of different people: of one, the newest counts."""
    callers: list[Callable[[], Principal]] = [
        lambda: ground.at(Role.official, "own"),
        lambda: ground.at(Role.inspector, "far"),
        lambda: principal(Role.inspector),
    ]
    found = []
    for number, order in enumerate(permutations(zip(callers, ("self", "inspector", "inspector"), (10, 20, 33), strict=True))):
        standard = {"id": ground.campaign["standard_id"]}
        ground.campaign = await ground.office.schedule_campaign(ground.units["north"], standard, code=f"order-{number}")
        for caller, part, points in order:
            await ground.give(caller(), part=part, points=points)
        found.append(await ground.counted("own"))
    wanted = {("learning", Part.self): Points(10, 1), ("learning", Part.inspector): Points(53, 2)}
    assert found == [{"own": wanted}] * 6


async def test_scores_of_one_account_at_once_leave_one_that_counts(ground: Ground) -> None:
    caller = ground.at(Role.inspector, "far")
    await asyncio.gather(*(ground.give(caller, part="inspector", points=number) for number in range(6)))
    seen = await ground.seen(caller)
    assert len(seen) == 6
    [counts] = [score for score in seen if score["counts"]]
    assert await ground.counted("own") == {"own": {("learning", Part.inspector): Points(counts["points"], 1)}}
