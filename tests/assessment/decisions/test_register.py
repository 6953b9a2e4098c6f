"""Whatever decides enters the register: by which rule, why, and in which role."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from services.assessment.jobs import cascade, draw_audits
from shared.auth import Principal, Role
from tests.assessment.assessors import POOR, Board, open_board
from tests.assessment.bulk import closed_in_bulk
from tests.assessment.cases import Story
from tests.assessment.office import ADMIN, Office
from tests.support.callers import principal

REASON = {"reason": "As was said."}
SCORE = {"criterion": "learning", "points": 70, "evidence": [{"kind": "visit", "id": str(uuid4())}], **REASON}


@dataclass(frozen=True)
class Call:
    path: str
    body: Any
    caller: Principal = ADMIN
    headers: dict[str, str] = field(default_factory=dict)


Arranging = Callable[[Office], Awaitable[Call]]


async def asked(office: Office) -> Call:
    board = await open_board(office)
    return Call(f"/v1/campaigns/{board.campaign['id']}/grades", {"unit_id": board.mid["id"]})


def signing(verb: str, body: Any) -> Arranging:
    async def arrange(office: Office) -> Call:
        board = await open_board(office)
        grade = await board.grade()
        return Call(f"/v1/grades/{grade['id']}/{verb}", body, board.first, {"If-Match": f'"{grade["version"]}"'})

    return arrange


def head(board: Board) -> Principal:
    return board.whoever(Role.lead, board.mid)


async def objecting(office: Office) -> Call:
    board = await open_board(office)
    grade = await board.published()
    return Call(f"/v1/grades/{grade['id']}/objections", {"grounds": "counted_wrongly", "text": "Not ours."}, head(board))


async def deciding(office: Office) -> Call:
    call = await objecting(office)
    objection = await office.post(call.path, call.body, call.caller)
    return Call(f"/v1/objections/{objection['id']}/decide", {"outcome": "dismissed", **REASON}, principal(Role.inspector))


async def planning(office: Office) -> Call:
    board = await open_board(office, POOR)
    await board.published()
    due_on = (office.clock() + timedelta(days=9)).date().isoformat()
    gaps = ("response", "resolution", "satisfaction")
    actions = [{"gap": gap, "text": "Look after it.", "due_on": due_on} for gap in gaps]
    return Call("/v1/upgrade-plans", {"aim": "qualified", "actions": actions}, head(board))


def planned(verb: str, body: Any, *before: str) -> Arranging:
    """A plan on which these verbs were said before."""

    async def arrange(office: Office) -> Call:
        call = await planning(office)
        plan = await office.post(call.path, call.body, call.caller)
        path, evidence = f"{call.path}/{plan['id']}", {"evidence_ids": [str(uuid4())]}
        for said in before:
            await office.client.post(f"{path}/{said}", caller=ADMIN, json={})
        if verb == "reassess":
            for action in plan["actions"]:
                await office.client.post(f"{path}/actions/{action['id']}/done", caller=call.caller, json=evidence)
        done = f"actions/{plan['actions'][0]['id']}/done"
        caller = ADMIN if verb in ("accept", "return") else call.caller
        return Call(f"{path}/{done if verb == 'done' else verb}", evidence if verb == "done" else body, caller)

    return arrange


async def excluding(office: Office) -> Call:
    unit = await office.register_unit("north")
    campaign = await office.schedule_campaign(unit, await office.adopt_standard())
    body = {"unit_id": unit["id"], "reason_code": "emergency", **REASON}
    return Call(f"/v1/campaigns/{campaign['id']}/exclusions", body)


async def lifting(office: Office) -> Call:
    call = await excluding(office)
    made = await office.post(call.path, call.body)
    return Call(f"{call.path}/{made['id']}/lift", REASON)


async def scoring(office: Office) -> Call:
    unit = await office.register_unit("north")
    campaign = await office.schedule_campaign(unit, await office.adopt_standard(scored=["learning"]))
    body = {**SCORE, "unit_id": unit["id"], "part": "inspector"}
    return Call(f"/v1/campaigns/{campaign['id']}/scores", body, principal(Role.inspector))


async def withdrawing_score(office: Office) -> Call:
    call = await scoring(office)
    made = await office.post(call.path, call.body, call.caller)
    return Call(f"{call.path}/{made['id']}/withdraw", REASON, call.caller)


async def activating(office: Office) -> Call:
    standard = await office.draft_standard()
    await office.try_standard(standard)
    office.clock.advance(days=14)
    return Call(f"/v1/standards/{standard['id']}/activate", REASON)


async def giving_up(office: Office) -> Call:
    return Call(f"/v1/standards/{(await office.draft_standard())['id']}/withdraw", REASON)


async def answering_comment(office: Office) -> Call:
    path = f"/v1/standards/{(await office.draft_standard())['id']}/comments"
    made = await office.post(path, {"stance": "change", "text": "More weight."}, principal(Role.resident))
    return Call(f"{path}/{made['id']}/answer", {"decision": "declined", **REASON})


def alarmed(verb: str) -> Arranging:
    async def arrange(office: Office) -> Call:
        unit = await office.register_unit("north")
        alarm = await closed_in_bulk(office, unit)
        return Call(f"/v1/alarms/{alarm['id']}/{verb}", REASON)

    return arrange


async def sending_back(office: Office) -> Call:
    top = await office.register_unit("top", "province")
    below = await office.register_unit("north", "county", top)
    said = {"code": "lamps", "unit_id": top["id"], "title": "Lamps", "text": "Mend them.", "acknowledge_within": 2}
    await office.post("/v1/directives", said)
    while await cascade(office.service.works):
        pass
    story = Story(below)
    await office.hear([story.opened()])
    (task,) = (await office.get("/v1/tasks"))["items"]
    path = f"/v1/tasks/{task['id']}"
    await office.client.post(f"{path}/acknowledge", caller=ADMIN, json={})
    done = {"report": "Mended.", "evidence": [{"kind": "case", "id": str(story.id)}]}
    await office.client.post(f"{path}/done", caller=ADMIN, json=done)
    return Call(f"{path}/send-back", REASON)


async def supplementing(office: Office) -> Call:
    unit = await office.register_unit("north")
    haste = {"deadlines": {"first_answer": {"amount": 5, "unit": "days"}}}
    return Call("/v1/policy-supplements", {"unit_id": unit["id"], **REASON, **haste})


def auditing(verb: str, body: Any) -> Arranging:
    """A grade whose evidence was drawn, and for whoever settles that found not to hold."""

    async def arrange(office: Office) -> Call:
        board = await open_board(office)
        path, auditor = f"/v1/campaigns/{board.campaign['id']}/audits", principal(Role.inspector)
        if not verb:
            return Call(path, body)
        made = await office.post(path, {"units": 1, "size": 1})
        while await draw_audits(office.service.works):
            pass
        path = f"{path}/{made['id']}/units/{board.mid['id']}"
        await office.client.post(f"{path}/take", caller=auditor, json={})
        (item,) = (await office.get(path))["items"]
        said = {"evidence_id": item["evidence_id"], "finding": "not_supported", "ground": "not_found", "note": "Unknown there."}
        if verb == "findings":
            return Call(f"{path}/findings", said, auditor)
        await office.client.post(f"{path}/findings", caller=auditor, json=said)
        return Call(f"{path}/{verb}", body, principal(Role.inspector))

    return arrange


AUDITED = "/v1/campaigns/{campaign_id}/audits/{audit_id}/units/{unit_id}"
DECIDES: dict[str, tuple[str, str, Arranging]] = {
    "POST /v1/campaigns/{campaign_id}/grades": ("grade.asked", "grade.by-standard", asked),
    "POST /v1/grades/{grade_id}/sign": ("grade.signed", "grade.signer-outside-the-chain", signing("sign", {})),
    "POST /v1/grades/{grade_id}/return": ("grade.returned", "grade.returned-with-reason", signing("return", REASON)),
    "POST /v1/grades/{grade_id}/objections": ("objection.raised", "objection.by-the-unit-within-the-window", objecting),
    "POST /v1/objections/{objection_id}/decide": ("objection.dismissed", "objection.independent-reviewer", deciding),
    "POST /v1/upgrade-plans": ("upgrade-plan.submitted", "upgrade-plan.answers-every-gap", planning),
    "POST /v1/upgrade-plans/{plan_id}/accept": (
        "upgrade-plan.accepted",
        "upgrade-plan.by-a-unit-above",
        planned("accept", {}),
    ),
    "POST /v1/upgrade-plans/{plan_id}/return": (
        "upgrade-plan.returned",
        "upgrade-plan.by-a-unit-above",
        planned("return", REASON),
    ),
    "POST /v1/upgrade-plans/{plan_id}/actions/{action_id}/done": (
        "upgrade-plan.action-done",
        "upgrade-plan.action-with-evidence",
        planned("done", {}, "accept"),
    ),
    "POST /v1/upgrade-plans/{plan_id}/reassess": (
        "upgrade-plan.reassessed",
        "upgrade-plan.every-action-done",
        planned("reassess", {}, "accept"),
    ),
    "POST /v1/campaigns/{campaign_id}/exclusions": ("exclusion.made", "exclusions.v1", excluding),
    "POST /v1/campaigns/{campaign_id}/exclusions/{exclusion_id}/lift": ("exclusion.lifted", "exclusions.v1", lifting),
    "POST /v1/campaigns/{campaign_id}/scores": ("score.given", "scores.inspector.v1", scoring),
    "POST /v1/campaigns/{campaign_id}/scores/{score_id}/withdraw": (
        "score.withdrawn",
        "scores.inspector.v1",
        withdrawing_score,
    ),
    "POST /v1/standards/{standard_id}/activate": ("standard.activated", "standard.commented-and-tried", activating),
    "POST /v1/standards/{standard_id}/withdraw": ("standard.withdrawn", "standard.draft-given-up", giving_up),
    "POST /v1/standards/{standard_id}/comments/{comment_id}/answer": (
        "comment.declined",
        "comment.answered-with-reason",
        answering_comment,
    ),
    "POST /v1/alarms/{alarm_id}/clear": ("alarm.cleared", "bulk-closing.decided-from-above", alarmed("clear")),
    "POST /v1/alarms/{alarm_id}/uphold": ("alarm.upheld", "bulk-closing.decided-from-above", alarmed("uphold")),
    "POST /v1/tasks/{task_id}/send-back": ("task.sent-back", "task.sent-back-from-above", sending_back),
    "POST /v1/campaigns/{campaign_id}/audits": (
        "audit.started",
        "audit.drawn-by-published-seed",
        auditing("", {"units": 1, "size": 1}),
    ),
    f"POST {AUDITED}/findings": ("audit.not-supported", "audit.auditor-outside-the-chain", auditing("findings", {})),
    f"POST {AUDITED}/settle": (
        "audit.counted-anew",
        "audit.settled-by-a-second-person",
        auditing("settle", {"settled_as": "counted_anew", **REASON}),
    ),
    "POST /v1/policy-supplements": ("supplement.registered", "supplement.only-stricter", supplementing),
}
"""Each endpoint that decides: what the register calls it, by which rule, and what it takes."""


@pytest.mark.parametrize("operation", DECIDES)
async def test_each_decision_enters_the_register_once_with_rule_reason_and_role(office: Office, operation: str) -> None:
    kind, rule, arrange = DECIDES[operation]
    call = await arrange(office)
    before = (await office.get("/v1/decisions", kind=kind))["items"]
    answer = await office.client.post(call.path, caller=call.caller, json=call.body, headers=call.headers)
    assert answer.status_code in (200, 201), answer.text
    (entered,) = (await office.get("/v1/decisions", kind=kind))["items"][len(before) :]
    assert (entered["rule"], entered["actor_role"], entered["actor_id"]) == (
        rule,
        call.caller.role,
        str(call.caller.account_id),
    )
    assert entered["reason"]
    if call.body.get("reason"):
        assert entered["reason"] == call.body["reason"]


def test_whatever_takes_a_reason_decides(office: Office) -> None:
    """So no endpoint that takes one can be forgotten above."""
    document = office.service.api.openapi()
    taking = set()
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            body = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
            schema = document["components"]["schemas"].get(body.get("$ref", "").rpartition("/")[2], body)
            if "reason" in schema.get("properties", {}):
                taking.add(f"{method.upper()} {path}")
    assert len(taking) > 9
    assert taking <= set(DECIDES)


async def test_what_is_not_published_names_nobody_to_an_inspector_of_the_chain(office: Office) -> None:
    """An inspector of the unit's own chain would tell the unit who scored it."""
    call = await scoring(office)
    made = await office.post(call.path, call.body, call.caller)
    near = principal(Role.inspector, UUID(made["unit_id"]))
    (entered,) = (await office.get("/v1/decisions", near, kind="score.given"))["items"]
    assert (entered["actor_id"], entered["actor_unit_id"], entered["actor_role"]) == (None, None, "inspector")
