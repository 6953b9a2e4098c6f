"""The product with the cast in it, and everything that can be called upon, made fresh through the REST API."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx

from services.assessment.jobs import cascade, draw_audits, roll_out
from services.visits.jobs import make_proposed
from shared.bus.inprocess import InProcessBus
from shared.ids import new_id
from shared.service import Service
from tests.authorisation.cast import PLACES, RESIDENTS, TREE
from tests.feedback.files import drawing, saved
from tests.support.databases import Databases
from tests.support.eventually import eventually
from tests.support.world import Person, World, open_world

PASSWORD = "a long enough password"
PROFILE = {"population": 12_345, "staff": 40, "terrain": "hills", "as_of": "2026-01-31", "source": "Census"}
TERMS = {"rhythm_days": 14, "meeting": "home", "companion": "none"}
PICTURE = {"file": ("name", saved(drawing(), "PNG"))}
NEVER_ISSUED = "00000-00000-00000-00000-0"
SHARE = "UPDATE cases SET shared = true WHERE id = $1"
LATE = "UPDATE case_clocks SET due_at = due_at - interval '1 year' WHERE case_id = $1 AND kind = 'acknowledgement'"
COMMENTED = "UPDATE standards SET state = 'active', activated_at = created_at WHERE id = $1"
MADE_EARLIER = """
UPDATE visits SET occurred_at = occurred_at - interval '2 days', recorded_at = recorded_at - interval '2 days' WHERE id = $1
"""
HOLD = """
INSERT INTO holds (id, unit_id, channel, held_from, held_until, reason, opinions, usual, placed_at)
SELECT $1, $2, 'thought', day, day + interval '2 hours', 'burst', 30, 0, day
FROM (SELECT timestamptz '2020-01-01' + count(*) * interval '1 day' AS day FROM holds) AS next
"""
TRUST = """
INSERT INTO holds (id, unit_id, channel, held_from, held_until, reason, opinions, usual, placed_at, decision, decided_at,
    decision_reason)
SELECT uuidv7(), $1, 'public_opinion', now(), now(), 'burst', 30, 0, now(), 'released', now(), 'The whole cast speaks to it.'
"""
"""The cast speaks more in a minute than a unit hears in a week: as after a release, that is not held for a day."""

RETALIATED = "INSERT INTO retaliation_evidence (report_id, unit_id, decided_at) VALUES (uuidv7(), $1, now())"
END_PLANS = "UPDATE upgrade_plans SET state = 'returned' WHERE unit_id = $1 AND state IN ('submitted', 'accepted')"

ALARM = """
INSERT INTO alarms (id, unit_id, first_day, last_day, closings, busiest, rule, raised_at)
SELECT $1, $2, day, day, 30, 0, 'bulk-closing.v1', now()
FROM (SELECT date '2020-01-01' + count(*)::int AS day FROM alarms) AS next
"""

CALL_BACK = """
INSERT INTO case_call_backs (id, unit_id, month, seed, population, size, drawn_by, drawn_at)
SELECT $1, $2, date '1950-01-01' + count(*)::int, 'seed', 1, 1, $3, now() FROM case_call_backs
"""
CALLED = "INSERT INTO called_cases (call_back_id, case_id, place) VALUES ($1, $2, 1)"
ANSWERED = "INSERT INTO answer_evidence (case_id, unit_id, answered_at) VALUES ($1, $2, $3)"

VERDICT = (
    "INSERT INTO case_evidence (case_id, unit_id, owner, judgement, verdict_at, resolved) VALUES ($1, $2, 0, 1, now(), true)"
)

BEGIN = "UPDATE activities SET starts_at = now() - interval '1 hour' WHERE id = $1"

NOT_SUPPORTED = {"finding": "not_supported", "ground": "not_found", "note": "Nobody knows of it."}

Params = dict[str, str]


@dataclass
class Stage:
    """What a case is called on is given as the parameters of its path, with others that its body may name."""

    world: World
    people: dict[str, Person] = field(default_factory=dict)
    ids: dict[str, str] = field(default_factory=dict)
    units: dict[str, str] = field(default_factory=dict)
    months: int = 0

    async def ask(self, method: str, path: str, caller: str, **request: Any) -> httpx.Response:
        """As it is: nobody signs in again, nothing is asserted."""
        person = self.people.get(caller)
        token = {"Authorization": f"Bearer {person.token}"} if person else {}
        headers = {**token, **request.pop("headers", {})}
        return await self.world.http.request(method, path, headers=headers, **request)

    async def do(self, caller: str, path: str, body: Any = None) -> Any:
        answer = await self.ask("POST", path, caller, json=body or {})
        assert answer.status_code < 300, f"{caller}: POST {path}: {answer.status_code} {answer.text}"
        return answer.json()

    async def seen_by_all(self, case_id: str) -> str:
        """What an administrator sees of a case: if anybody changed anything, it shows."""
        parts = ("", "/messages", "/notes", "/timeline", "/merged", "/attachments")
        answers = [await self.ask("GET", f"/v1/cases/{case_id}{part}", "admin") for part in parts]
        assert all(answer.status_code == 200 for answer in answers)
        return "".join(answer.text for answer in answers)

    # --- cases ---------------------------------------------------------------------------------------------------------

    async def case(self, **said: Any) -> Params:
        filed = await self.do("speaker", "/v1/opinions", opinion(self, **said))
        return {"case_id": filed["case_id"], "opinion_id": filed["id"]}

    async def spoken(self) -> Params:
        """With a word of its speaker."""
        case = await self.case()
        message = await self.do("speaker", f"/v1/cases/{case['case_id']}/messages", {"text": "Hello."})
        return {**case, "message_id": message["id"]}

    async def told(self, case: Params, verb: str, said: Any = None, *, caller: str = "official own") -> Params:
        await self.do(caller, f"/v1/cases/{case['case_id']}/{verb}", said)
        return case

    async def answered(self) -> Params:
        return await self.told(await self.case(), "answer", {"text": "Mended."})

    async def withdrawn(self) -> Params:
        return await self.told(await self.case(), "withdraw", caller="speaker")

    async def rejected(self) -> Params:
        return await self.told(await self.case(), "reject", {"reason": "Not ours."})

    async def appealed(self) -> Params:
        return await self.told(await self.rejected(), "appeal", {"reason": "Yours."}, caller="speaker")

    async def attached(self) -> Params:
        """With a picture of its speaker."""
        case = await self.case()
        answer = await self.ask("POST", f"/v1/cases/{case['case_id']}/attachments", "speaker", files=PICTURE)
        return {**case, "attachment_id": answer.json()["id"]}

    async def twins(self) -> Params:
        return {**await self.case(), "into_case_id": (await self.case())["case_id"]}

    async def merged(self) -> Params:
        twins = await self.twins()
        return await self.told(twins, "merge", {"into_case_id": twins["into_case_id"], "reason": "One lamp."})

    async def joint(self) -> Params:
        """With the sibling."""
        said = {"unit_id": self.units["sibling"], "task": "Look at your wire."}
        return {**await self.told(await self.case(), "joint-units", said), "unit_id": self.units["sibling"]}

    async def confidential(self) -> Params:
        """With a name that is masked."""
        return await self.case(protection="confidential", identity={"name": "Lin Hua"})

    async def joint_confidential(self) -> Params:
        said = {"unit_id": self.units["sibling"], "task": "Look at your wire."}
        return await self.told(await self.confidential(), "joint-units", said)

    async def identity_requested(self) -> Params:
        """By `official own`."""
        case = await self.confidential()
        said = {"motive": "To bring the papers.", "hours": 1}
        request = await self.do("official own", f"/v1/cases/{case['case_id']}/identity-requests", said)
        return {**case, "request_id": request["id"]}

    async def identity_approved(self) -> Params:
        request = await self.identity_requested()
        await self.do("lead parent", f"/v1/identity-requests/{request['request_id']}/approve")
        return request

    async def held(self) -> Params:
        """From being erased."""
        return await self.told(await self.case(), "legal-hold", {"motive": "A trial."}, caller="lead parent")

    async def handed_over(self) -> Params:
        """To the sibling."""
        return await self.told(await self.case(), "hand-over", {"unit_id": self.units["sibling"], "reason": "Your wire."})

    async def about_own(self) -> Params:
        """Addressed to the unit that it is about: it goes to the parent."""
        return await self.case(about=[self.units["own"]])

    async def escalated(self) -> Params:
        """To the parent."""
        case = await self.case()
        await self._change(LATE, case)

        async def steps() -> Any:
            answer = await self.ask("GET", "/v1/escalations", "official parent", params={"limit": 100})
            return [item["id"] for item in answer.json()["items"] if item["case_id"] == case["case_id"]]

        return {**case, "escalation_id": (await eventually(steps))[0]}

    async def shared(self) -> Params:
        """Others may read it."""
        case = await self.case()
        await self._change(SHARE, case)
        return case

    async def endorsed(self) -> Params:
        return await self.told(await self.shared(), "endorse", caller="resident")

    async def _change(self, statement: str, case: Params) -> None:
        await self._feedback(statement, UUID(case["case_id"]))

    async def _feedback(self, statement: str, *values: Any) -> None:
        await self._of("feedback", statement, *values)

    async def _visits(self, statement: str, *values: Any) -> None:
        await self._of("visits", statement, *values)

    async def _of(self, name: str, statement: str, *values: Any) -> None:
        service = next(service for service in self.world.product.services if service.name == name)
        await service.database.pool.execute(statement, *values)

    async def anonymous(self) -> Params:
        filed = await self.do("nobody", "/v1/opinions", opinion(self, protection="anonymous"))
        return {"case_id": filed["case_id"], "receipt": filed["receipt"]}

    async def anonymous_attached(self) -> Params:
        case = await self.anonymous()
        data = {"receipt": case["receipt"]}
        answer = await self.ask("POST", "/v1/receipts/attachments", "nobody", files=PICTURE, data=data)
        return {**case, "attachment_id": answer.json()["id"]}

    async def anonymous_answered(self) -> Params:
        return await self.told(await self.anonymous(), "answer", {"text": "Mended."})

    async def anonymous_rejected(self) -> Params:
        return await self.told(await self.anonymous(), "reject", {"reason": "Not ours."})

    async def anonymous_withdrawn(self) -> Params:
        case = await self.anonymous()
        await self.do("nobody", "/v1/receipts/withdraw", {"receipt": case["receipt"]})
        return case

    async def reported(self) -> Params:
        """With a report of retaliation, which the parent looks into."""
        case = await self.case()
        report = await self.do("speaker", f"/v1/cases/{case['case_id']}/retaliation", {"text": "They cut my water off."})
        return {**case, "report_id": report["id"]}

    async def written_down(self) -> Params:
        """By an official, for somebody who has no account."""
        filed = await self.do("official stranger", "/v1/opinions", opinion(self, assistance="counter"))
        return {"case_id": filed["case_id"], "paper": filed["receipt"]}

    async def claimed(self) -> Params:
        """Written down elsewhere, and then the speaker's own."""
        case = await self.written_down()
        await self.do("speaker", "/v1/receipts/claim", {"receipt": case["paper"]})
        return case

    # --- everything else -----------------------------------------------------------------------------------------------

    async def nothing(self) -> Params:
        return {}

    async def own(self) -> Params:
        return {"unit_id": self.units["own"]}

    async def template(self, place: str = "own") -> Params:
        made = await self.do("admin", "/v1/templates", template(self, place))
        return {"template_id": made["id"]}

    async def case_and_template(self) -> Params:
        return {**await self.case(), **await self.template()}

    async def hold(self) -> Params:
        """Of `own`, as if very much had been said to it at once, each time on another day."""
        hold_id = uuid4()
        await self._feedback(HOLD, hold_id, UUID(self.units["own"]))
        return {"hold_id": str(hold_id)}

    async def category(self) -> Params:
        return {"code": (await self.do("admin", "/v1/categories", category()))["code"]}

    async def post(self) -> Params:
        """Of `own`, held by its official."""
        return {"post_id": (await self.do("lead own", "/v1/posts", visit_post(self)))["id"]}

    async def contact(self) -> Params:
        """Of `own`, still to be asked, by the post of its official."""
        post = await self.post()
        made = await self.do("lead own", "/v1/contacts", {**visit_contact(self), **post})
        return {**post, "contact_id": made["id"]}

    async def agreed_contact(self) -> Params:
        contact = await self.contact()
        await self.do("official own", f"/v1/contacts/{contact['contact_id']}/agree", TERMS)
        return contact

    async def card(self) -> Params:
        """Of a resident who has agreed to be visited."""
        contact = await self.agreed_contact()
        return {"card": (await self.do("official own", f"/v1/contacts/{contact['contact_id']}/card"))["card"]}

    async def suspended_card(self) -> Params:
        card = await self.card()
        await self.do("nobody", "/v1/contact-cards/suspend", card)
        return card

    async def suspended_contact(self) -> Params:
        contact = await self.agreed_contact()
        await self.do("official own", f"/v1/contacts/{contact['contact_id']}/suspend")
        return contact

    async def plan(self) -> Params:
        plan = await self.do("lead own", "/v1/visit-plans", visit_plan(self))
        return {"plan_id": plan["id"], "visit_id": plan["visits"][0]["id"]}

    async def proposal(self) -> Params:
        """Of one more contact and one more post, once what was accepted before is done."""
        await eventually(self._all_made)
        await self.post()
        listed = await self.do("lead own", "/v1/contacts", visit_contact(self))
        await self.do("lead own", f"/v1/contacts/{listed['id']}/agree", TERMS)
        made = await self.do("lead own", "/v1/visit-proposals", visit_proposal(self))
        return {"proposal_id": made["id"]}

    async def _all_made(self) -> bool:
        visits = next(service for service in self.world.product.services if service.name == "visits")
        await make_proposed(visits.works)
        known = await self.ask("GET", "/v1/visit-proposals", "admin", params={"limit": 100})
        return all(proposal["state"] != "accepting" for proposal in known.json()["items"])

    async def suspended_plan(self) -> Params:
        plan = await self.plan()
        await self.do("lead own", f"/v1/visit-plans/{plan['plan_id']}/suspend", {})
        return plan

    async def finding(self) -> Params:
        plan = await self.plan()
        visit = await self.do("official own", f"/v1/visits/{plan['visit_id']}/record", visit_record())
        return {**plan, "finding_id": visit["findings"][0]["id"]}

    async def finding_case(self) -> Params:
        """Of a finding that the official of `own` reported."""
        finding_id = (await self.finding())["finding_id"]

        async def case_of_finding() -> str | None:
            cases = await self.ask("GET", "/v1/cases", "lead own", params={"source": "finding", "limit": 100})
            return next((case["id"] for case in cases.json()["items"] if case["finding_id"] == finding_id), None)

        return {"case_id": str(await eventually(case_of_finding))}

    async def activity_template(self) -> Params:
        """Of the root, for townships."""
        made = await self.do("lead root", "/v1/activity-templates", activity_template())
        return {"template_id": made["id"], "template_code": made["code"]}

    async def activity(self) -> Params:
        """Of `own`, with nothing that it answers to."""
        template = await self.activity_template()
        made = await self.do("official own", "/v1/activities", activity(self, template))
        return {**template, "activity_id": made["id"]}

    async def begun_activity(self) -> Params:
        """As if it had been planned long ago."""
        found = await self.activity()
        await self._visits(BEGIN, UUID(found["activity_id"]))
        return found

    async def sync_conflict(self) -> Params:
        """What `official own` recorded offline, a lead had recorded before."""
        plan = await self.plan()
        await self.do("lead own", f"/v1/visits/{plan['visit_id']}/record", visit_record())
        item = {"client_id": str(uuid4()), "visit_id": plan["visit_id"], "base_version": "0", "record": visit_record()}
        await self.do("official own", "/v1/visits/sync", {"items": [item]})
        kept = await self.ask("GET", "/v1/visits/sync/conflicts", "official own", params={"limit": 100})
        return {"conflict_id": next(each["id"] for each in kept.json()["items"] if each["visit_id"] == plan["visit_id"])}

    async def visit_template(self) -> Params:
        made = await self.do("admin", "/v1/visit-templates", visit_template(self))
        return {"template_id": made["id"], "version": str(made["version"])}

    async def promise(self) -> Params:
        plan = await self.plan()
        said = {**visit_record(), "promises": [{"text": "Bring a lamp", "due_on": now()[:10]}]}
        visit = await self.do("official own", f"/v1/visits/{plan['visit_id']}/record", said)
        return {**plan, "promise_id": visit["promises"][0]["id"]}

    async def confirmable(self) -> Params:
        """A visit of the day before yesterday, and the code of its resident."""
        visit = await self.finding()
        await self._visits(MADE_EARLIER, UUID(visit["visit_id"]))
        issued = await self.do("lead own", f"/v1/visits/{visit['visit_id']}/confirmation-code")
        return {**visit, "code": issued["code"]}

    async def disputed(self) -> Params:
        visit = await self.confirmable()
        await self.do("nobody", "/v1/visit-confirmations", {"code": visit["code"], "took_place": False})
        return visit

    async def call_back(self) -> Params:
        """Of one visit."""
        await self.finding()
        made = await self.do("inspector own", "/v1/call-backs", call_back(self))
        return {"call_back_id": made["id"], "visit_id": made["visits"][0]["visit_id"]}

    async def visit_request(self) -> Params:
        """By somebody who asks for help, known to visits too."""
        case = await self.case(channel="emotional", wants_visit=True)

        async def known() -> bool:
            return (await self.ask("GET", f"/v1/visit-requests/{case['case_id']}", "admin")).status_code == 200

        await eventually(known)
        return case

    async def calendar(self) -> Params:
        """Of `official own`."""
        made = await self.do("official own", "/v1/calendars")
        token = made["path"].removeprefix("/v1/calendars/").removesuffix(".ics")
        return {"calendar_id": made["id"], "token": token}

    async def research(self) -> Params:
        """Of `own`, led by its lead, and running."""
        project = await self.do("official own", "/v1/research-projects", research(self))
        await self.do("official own", f"/v1/research-projects/{project['id']}/start")
        return {"project_id": project["id"]}

    async def research_draft(self) -> Params:
        project = await self.do("official own", "/v1/research-projects", research(self))
        return {"project_id": project["id"]}

    async def research_linked(self) -> Params:
        """To a case, which a result may rest on."""
        found = await self.research()
        path = f"/v1/research-projects/{found['project_id']}/links"
        project = await self.do("official own", path, {"kind": "case", "id": str(uuid4())})
        return {**found, "link_id": project["links"][0]["id"]}

    async def research_concluded(self) -> Params:
        """With a result, and a recommendation to the sibling."""
        found = await self.research_linked()
        path = f"/v1/research-projects/{found['project_id']}"
        await self.do("official own", f"{path}/results", {"text": "No wire.", "evidence": [found["link_id"]]})
        said = {"text": "Lay one.", "addressed_to": self.units["sibling"]}
        project = await self.do("official own", f"{path}/recommendations", said)
        return {**found, "recommendation_id": project["recommendations"][0]["id"]}

    async def research_reported(self) -> Params:
        found = await self.research_concluded()
        await self.do("official own", f"/v1/research-projects/{found['project_id']}/report")
        return found

    async def research_answered(self) -> Params:
        found = await self.research_reported()
        path = f"/v1/research-projects/{found['project_id']}/recommendations/{found['recommendation_id']}/decline"
        await self.do("lead sibling", path, {"reason": "There is one."})
        return found

    async def research_public(self) -> Params:
        found = await self.research_concluded()
        await self.do("lead own", f"/v1/research-projects/{found['project_id']}/publish")
        return found

    async def standard(self) -> Params:
        """The one that is shipped."""
        return {"standard_id": "00000000-0000-7000-8000-000000000001"}

    async def draft(self) -> Params:
        made = await self.do("admin", "/v1/standards", standard())
        return {"standard_id": made["id"]}

    async def comment(self) -> Params:
        draft = await self.draft()
        made = await self.do("speaker", f"/v1/standards/{draft['standard_id']}/comments", comment())
        return {**draft, "comment_id": made["id"]}

    async def dry_run(self) -> Params:
        draft = await self.draft()
        made = await self.do("admin", f"/v1/standards/{draft['standard_id']}/dry-runs", past())
        return {**draft, "run_id": made["id"]}

    async def profiled(self) -> Params:
        await self.do("admin", f"/v1/units/{self.units['own']}/profiles", PROFILE)
        return await self.own()

    async def campaign(self) -> Params:
        made = await self.do("admin", "/v1/campaigns", campaign(self, await self.standard()))
        return {"campaign_id": made["id"]}

    async def own_campaign(self) -> Params:
        body = campaign(self, await self.standard())
        made = await self.do("admin", "/v1/campaigns", {**body, "unit_id": self.units["own"]})
        return {"campaign_id": made["id"], "unit_id": self.units["own"]}

    async def grade(self) -> Params:
        """Of `own`, proposed."""
        found = await self.own_campaign()
        await self.do("admin", f"/v1/campaigns/{found['campaign_id']}/grades", {"unit_id": found["unit_id"]})
        answer = await self.ask("GET", "/v1/grades", "admin", params={"campaign_id": found["campaign_id"]})
        (grade,) = [item for item in answer.json()["items"] if item["unit_id"] == found["unit_id"]]
        return {**found, "grade_id": grade["id"]}

    async def published_grade(self) -> Params:
        """Nothing takes the place of a grade that is objected to: such objections are dismissed before."""
        answer = await self.ask("GET", "/v1/objections", "admin", params={"unit_id": self.units["own"], "state": "open"})
        for objection in answer.json()["items"]:
            said = {"outcome": "dismissed", "reason": "They are yours."}
            await self.do("inspector stranger", f"/v1/objections/{objection['id']}/decide", said)
        found = await self.grade()
        for caller in ("lead stranger", "lead sibling"):
            path = f"/v1/grades/{found['grade_id']}/sign"
            answer = await self.ask("POST", path, caller, json={}, headers={"If-Match": '"1"'})
            assert answer.status_code == 200, answer.text
        return found

    async def signed_report(self) -> Params:
        """Words that only those who assess read in it, and only those who answer for the unit."""
        return {**await self.published_grade(), "signed": "Who stands for this grade", "duty": "What is to do"}

    async def grade_on_evidence(self) -> Params:
        await self._of("assessment", VERDICT, uuid4(), UUID(self.units["own"]))
        return await self.grade()

    async def audit(self) -> Params:
        """With one case of `own` drawn."""
        found = await self.grade_on_evidence()
        path = f"/v1/campaigns/{found['campaign_id']}/audits"
        made = await self.do("admin", path, {"units": 1, "size": 1, "unit_id": self.units["own"]})

        async def drawn() -> Any:
            await draw_audits(self._assessment.works)
            answer = await self.ask("GET", f"{path}/{made['id']}/units/{self.units['own']}", "admin")
            return answer.json()["items"][0]["evidence_id"] if answer.status_code == 200 else None

        return {**found, "audit_id": made["id"], "evidence_id": await eventually(drawn)}

    async def taken_audit(self) -> Params:
        """By the stranger's inspector."""
        found = await self.audit()
        await self.do("inspector stranger", f"{_audited(found)}/take")
        return found

    async def untrue(self) -> Params:
        """What was drawn does not hold."""
        found = await self.taken_audit()
        said = {"evidence_id": found["evidence_id"], **NOT_SUPPORTED}
        await self.do("inspector stranger", f"{_audited(found)}/findings", said)
        return found

    async def objection(self) -> Params:
        found = await self.published_grade()
        said = {"grounds": "counted_wrongly", "text": "Two cases are not ours."}
        made = await self.do("official own", f"/v1/grades/{found['grade_id']}/objections", said)
        return {**found, "objection_id": made["id"]}

    async def unqualified(self) -> Params:
        """With a published grade, by a gate, and without a plan."""
        await self._of("assessment", RETALIATED, UUID(self.units["own"]))
        await self._of("assessment", END_PLANS, UUID(self.units["own"]))
        return await self.published_grade()

    async def upgrade_plan(self) -> Params:
        found = await self.unqualified()
        made = await self.do("official own", "/v1/upgrade-plans", upgrade_plan())
        return {**found, "plan_id": made["id"], "action_id": made["actions"][0]["id"]}

    async def accepted_plan(self) -> Params:
        found = await self.upgrade_plan()
        await self.do("lead parent", f"/v1/upgrade-plans/{found['plan_id']}/accept")
        return found

    async def carried_out_plan(self) -> Params:
        found = await self.accepted_plan()
        path = f"/v1/upgrade-plans/{found['plan_id']}/actions/{found['action_id']}/done"
        await self.do("official own", path, {"evidence_ids": [str(uuid4())]})
        return found

    async def campaign_over_all(self) -> Params:
        made = await self.do("admin", "/v1/campaigns", {**campaign(self, await self.standard()), "unit_id": None})
        return {"campaign_id": made["id"]}

    async def campaign_to_come(self) -> Params:
        asked = {**campaign(self, await self.standard()), "starts_at": "2125-01-01T00:00:00Z"}
        return {"campaign_id": (await self.do("admin", "/v1/campaigns", asked))["id"]}

    async def own_in_campaign(self) -> Params:
        """`own` has its place among the stages."""
        found = {**await self.campaign_over_all(), **await self.own()}
        path = f"/v1/campaigns/{found['campaign_id']}/units/{found['unit_id']}/stage"
        await eventually(lambda: self._is_placed(path))
        return found

    async def _is_placed(self, path: str) -> bool:
        assessment = next(service for service in self.world.product.services if service.name == "assessment")
        await roll_out(assessment.works)
        return (await self.ask("GET", path, "admin")).status_code == 200

    async def exclusion(self) -> Params:
        """Of `own`."""
        found = await self.campaign_over_all()
        made = await self.do("admin", f"/v1/campaigns/{found['campaign_id']}/exclusions", exclusion(self))
        return {**found, "exclusion_id": made["id"]}

    async def directive(self) -> Params:
        return {"directive_id": (await self.do("admin", "/v1/directives", directive("parent", self)))["id"]}

    async def task(self) -> Params:
        """Of `own`."""
        found = await self.directive()
        tasks = await eventually(lambda: self._tasks(found))
        return {**found, "task_id": tasks[0]["id"]}

    @property
    def _assessment(self) -> Service:
        return next(service for service in self.world.product.services if service.name == "assessment")

    async def _tasks(self, found: Params) -> Any:
        await cascade(self._assessment.works)
        asked = {**found, "unit_id": self.units["own"]}
        return (await self.ask("GET", "/v1/tasks", "admin", params=asked)).json()["items"]

    async def task_acknowledged(self) -> Params:
        found = await self.task()
        await self.do("official own", f"/v1/tasks/{found['task_id']}/acknowledge")
        return found

    async def task_done(self) -> Params:
        found = await self.task_acknowledged()
        await self.do("official own", f"/v1/tasks/{found['task_id']}/done", task_report())
        return found

    async def priority(self) -> Params:
        """Of `own`."""
        return {"priority_id": (await self.do("lead own", "/v1/priorities", priority(self)))["id"]}

    async def priority_and_work(self) -> Params:
        found = await self.priority()
        return {**found, "work_id": (await self.outcome())["outcome_id"]}

    async def alarm(self) -> Params:
        """About `own`, as if it had closed very much on one day, each time on another."""
        alarm_id = new_id()
        await self._of("assessment", ALARM, alarm_id, UUID(self.units["own"]))
        return {"alarm_id": str(alarm_id)}

    async def case_call_back(self) -> Params:
        """About `own`, each time of another month; one case was drawn."""
        found = {"call_back_id": str(new_id()), "drawn_id": str(uuid4())}
        await self._of("assessment", CALL_BACK, UUID(found["call_back_id"]), UUID(self.units["own"]), uuid4())
        await self._of("assessment", CALLED, UUID(found["call_back_id"]), UUID(found["drawn_id"]))
        return found

    async def case_answered_long_ago(self) -> Params:
        """By `own`, each time in another month, which is named."""
        self.months += 1
        month = f"{1990 + self.months // 12}-{self.months % 12 + 1:02d}"
        answered_at = datetime.fromisoformat(f"{month}-05T09:00:00+00:00")
        await self._of("assessment", ANSWERED, uuid4(), UUID(self.units["own"]), answered_at)
        return {"month": month}

    async def outcome(self) -> Params:
        """Of `own`, which only it and those above know."""
        return {"outcome_id": (await self.do("official own", "/v1/outcomes", outcome(self)))["id"]}

    async def public_outcome(self) -> Params:
        found = await self.outcome()
        await self.do("lead own", f"/v1/outcomes/{found['outcome_id']}/publish")
        return found

    async def scoring(self) -> Params:
        """A campaign over everything."""
        learning = {"code": "learning", "name": "Learning", "weight": 100, "source": "inspector", "owner": "Training"}
        draft = await self.do("admin", "/v1/standards", {**standard(), "criteria": [learning]})
        await self._of("assessment", COMMENTED, UUID(draft["id"]))
        planned = {**campaign(self, {"standard_id": draft["id"]}), "unit_id": self.units["root"]}
        return {"campaign_id": (await self.do("admin", "/v1/campaigns", planned))["id"]}

    async def scored(self) -> Params:
        """By `official own`."""
        running = await self.scoring()
        path = f"/v1/campaigns/{running['campaign_id']}/scores"
        return {**running, "score_id": (await self.do("official own", path, score(self, "self")))["id"]}

    async def working_calendar(self) -> Params:
        return {"code": (await self.do("admin", "/v1/working-calendars", working_calendar()))["code"]}

    async def unsupplemented(self) -> Params:
        """What an administrator asked of `own` is over."""
        ended = {"reason": "The river fell.", "ends": True, "unit_id": self.units["own"]}
        await self.ask("POST", "/v1/policy-supplements", "admin", json=ended)
        return {}

    async def supplement(self) -> Params:
        made = await self.do("admin", "/v1/policy-supplements", {**supplement(), "unit_id": self.units["own"]})
        return {"supplement_id": made["id"]}

    async def webhook(self) -> Params:
        made = await self.do("admin", "/v1/webhooks", webhook())
        return {"webhook_id": made["id"]}

    async def delivery(self) -> Params:
        webhook = await self.webhook()
        made = await self.do("admin", f"/v1/webhooks/{webhook['webhook_id']}/test")
        return {**webhook, "delivery_id": made["id"]}

    async def parked_event(self) -> Params:
        """There is none, which only an administrator is told."""
        return {"event_id": str(uuid4())}


def opinion(stage: Stage, **said: Any) -> dict[str, Any]:
    plain = {"channel": "public_opinion", "title": "The lamp is broken", "body": "It is dark.", "unit_id": stage.units["own"]}
    return {**plain, **said}


def category() -> dict[str, Any]:
    return {"code": uuid4().hex, **category_change()}


def category_change() -> dict[str, Any]:
    return {"name": {"en": "Light", "zh": "灯"}, "channels": ["public_opinion"], "keywords": ["lamp"]}


def template(stage: Stage, place: str = "own") -> dict[str, Any]:
    made = {"code": uuid4().hex, "unit_id": stage.units[place], "language": "en", "kind": "answer"}
    return {**made, "title": "First", "text": "On {case_title}."}


def now() -> str:
    return datetime.now(UTC).isoformat()


def visit_post(stage: Stage) -> dict[str, Any]:
    post = {"unit_id": stage.units["own"], "code": uuid4().hex, "name": "The lane", "visits_per_week": 5}
    return {**post, "holder_id": stage.ids["official own"]}


def visit_contact(stage: Stage) -> dict[str, Any]:
    return {"unit_id": stage.units["own"], "kind": "household", "label": "By the well", "place": "The last door"}


def visit_plan(stage: Stage) -> dict[str, Any]:
    return {
        "unit_id": stage.units["own"],
        "purpose": "See the lamp",
        "place": "The lane",
        "assignee_id": stage.ids["official own"],
        "starts_at": now(),
    }


def visit_proposal(stage: Stage) -> dict[str, Any]:
    return {"unit_id": stage.units["own"], "starts_on": (datetime.now(UTC) + timedelta(days=1)).date().isoformat()}


def visit_record() -> dict[str, Any]:
    finding = {"title": "Too dark", "body": "The lane is dark.", "category": "light"}
    return {"outcome": "done", "occurred_at": now(), "findings": [finding]}


def activity_template() -> dict[str, Any]:
    effect = {"indicator": "water.hours", "unit_of_measure": "hours a day"}
    words = {"title": {"en": "Forum", "zh": "论坛"}, "target_group": "Everybody"}
    return {"code": uuid4().hex, "kind": "forum", "levels": ["township"], **words, "expected_effect": effect}


def activity(stage: Stage, template: Params) -> dict[str, Any]:
    starts_at = datetime.now(UTC) + timedelta(days=1)
    return {
        "unit_id": stage.units["own"],
        "template_code": template["template_code"],
        "title": "Who has water",
        "starts_at": starts_at.isoformat(),
        "ends_at": (starts_at + timedelta(hours=2)).isoformat(),
        "place": "The hall",
        "target_group": "Everybody",
        "expected_effect": {"indicator": "water.hours", "value": 6},
    }


def activity_record() -> dict[str, Any]:
    counts = {"officials": 1, "residents": 9}
    return {"participants": counts, "turns": counts}


def visit_template(stage: Stage) -> dict[str, Any]:
    title = {"en": "Is there light?", "zh": "有灯吗？"}
    questions = [{"code": "light", "title": title, "kind": "yes_no"}]
    return {"unit_id": stage.units["own"], "code": uuid4().hex, "title": title, "questions": questions}


def call_back(stage: Stage) -> dict[str, Any]:
    today = datetime.now(UTC).date()
    days = {"starts_on": str(today - timedelta(days=1)), "ends_on": str(today)}
    return {"unit_id": stage.units["own"], **days, "size": 1}


def research(stage: Stage) -> dict[str, Any]:
    today = datetime.now(UTC).date()
    return {
        "unit_id": stage.units["own"],
        "question": "Why is the lane dark?",
        "population": "Who lives there",
        "method": "visits",
        "leader_id": stage.ids["lead own"],
        "starts_on": (today - timedelta(days=7)).isoformat(),
        "ends_on": (today + timedelta(days=7)).isoformat(),
        "follow_up_on": (today + timedelta(days=90)).isoformat(),
        "quota": {"visits": 1, "hours": 4},
    }


def field_day() -> dict[str, Any]:
    """Yesterday: the day may end while the matrix is played."""
    return {"on": (datetime.now(UTC).date() - timedelta(days=1)).isoformat(), "hours": 0.5}


def measure() -> dict[str, Any]:
    figures = {"indicator": "light.hours", "before": 0, "after": 9, "unit_of_measure": "hours a night"}
    return {**figures, "measured_on": datetime.now(UTC).date().isoformat(), "text": "It is light."}


def standard() -> dict[str, Any]:
    criterion = {"code": "response", "name": "Answers in time", "weight": 100, "source": "measured", "indicator": "response"}
    return {"code": uuid4().hex, "name": "Service", "criteria": [{**criterion, "owner": "Letters and calls"}]}


def comment() -> dict[str, Any]:
    return {"stance": "support", "text": "As it is."}


def past() -> dict[str, Any]:
    return {"since": "2026-01-01T00:00:00Z", "until": "2026-02-01T00:00:00Z"}


def score(stage: Stage, part: str) -> dict[str, Any]:
    said = {"criterion": "learning", "points": 70, "reason": "Two sessions.", "evidence": [{"kind": "visit", "id": str(uuid4())}]}
    return {**said, "unit_id": stage.units["own"], "part": part}


def campaign(stage: Stage, standard: Params) -> dict[str, Any]:
    times = {"starts_at": "2026-01-01T00:00:00Z", "ends_at": "2126-01-01T00:00:00Z"}
    return {"code": uuid4().hex, "name": "Spring", "unit_id": stage.units["stranger"], **standard, **times}


def _audited(found: Params) -> str:
    return f"/v1/campaigns/{found['campaign_id']}/audits/{found['audit_id']}/units/{found['unit_id']}"


def upgrade_plan() -> dict[str, Any]:
    action = {"gap": "retaliation", "text": "Whoever speaks is heard by another office.", "due_on": "2126-01-01"}
    return {"aim": "qualified", "actions": [action]}


def exclusion(stage: Stage) -> dict[str, Any]:
    return {"unit_id": stage.units["own"], "reason_code": "emergency", "reason": "A flood."}


def directive(place: str, stage: Stage) -> dict[str, Any]:
    words = {"title": "Lamps", "text": "Mend them."}
    return {"code": uuid4().hex, "unit_id": stage.units[place], "acknowledge_within": 9, **words}


def task_report() -> dict[str, Any]:
    return {"report": "They burn.", "evidence": [{"kind": "activity", "id": str(uuid4())}]}


def priority(stage: Stage) -> dict[str, Any]:
    today = datetime.now(UTC).date()
    return {"unit_id": stage.units["own"], "code": uuid4().hex, "title": "Light", "rank": 1, "since": today.isoformat()}


def outcome(stage: Stage) -> dict[str, Any]:
    today = datetime.now(UTC).date()
    return {
        "unit_id": stage.units["own"],
        "title": "Light in the lane",
        "indicator": {"name": "Hours with light", "unit_of_measure": "hours a night", "better": "higher"},
        "baseline": {"value": 0, "on": (today - timedelta(days=7)).isoformat(), "evidence": [reference()]},
        "target": {"value": 9, "on": (today + timedelta(days=90)).isoformat()},
        "beneficiaries": "Who lives in the lane",
        "needs": [{"kind": "topic", "id_or_code": "light"}],
    }


def reference() -> dict[str, Any]:
    return {"kind": "visit", "id": str(uuid4())}


def measurement() -> dict[str, Any]:
    """Yesterday: the day may end while the matrix is played."""
    yesterday = datetime.now(UTC).date() - timedelta(days=1)
    return {"value": 3, "measured_on": yesterday.isoformat(), "evidence": [reference()]}


def working_calendar() -> dict[str, Any]:
    hours = {"time_zone": "UTC", "weekly": {"monday": [["09:00", "17:00"]]}}
    return {"code": uuid4().hex, "name": "Mondays", **hours}


def policy(**changed: Any) -> dict[str, Any]:
    span = {"amount": 7, "unit": "days"}
    kinds = ("acknowledgement", "first_answer", "next_answer", "resolution", "appeal")
    windows = dict.fromkeys(("confirm_within", "reopen_within", "appeal_within"), span)
    whole = {"code": uuid4().hex, "name": "A policy", "deadlines": dict.fromkeys(kinds, span), "escalation": [span], **windows}
    return {**whole, **changed}


def supplement() -> dict[str, Any]:
    return {"reason": "The river rises.", "deadlines": {"appeal": {"amount": 7, "unit": "days"}}}


def simulation(unit_id: str) -> dict[str, Any]:
    day = {"since": "2026-01-01", "until": "2026-01-02"}
    return {"policy": policy(level="province", code="provincial"), "unit_id": unit_id, **day}


def retention_simulation() -> dict[str, Any]:
    kept = {"access_days": 180, "protected_days": 365, "named_days": 1825}
    channels = ("thought", "emotional", "public_sentiment", "public_opinion")
    return {"rules": {"practice": "retention", **dict.fromkeys(channels, kept)}, "since": "2026-01-01", "until": "2026-01-02"}


def practice_policy() -> dict[str, Any]:
    return {"name": "Inspections", "level": "province", "rules": {"practice": "inspection_rhythm", "every_days": 90}}


def webhook() -> dict[str, Any]:
    return {"url": "http://127.0.0.1:60999/hook", "event_types": ["massline.gateway.account.created.v1"]}


@asynccontextmanager
async def open_stage(databases: Databases) -> AsyncIterator[Stage]:
    async with open_world(databases, InProcessBus(), MASSLINE_GATEWAY_WEBHOOK_ALLOWED_NETWORKS="127.0.0.0/8") as world:
        stage = Stage(world)
        stage.people["admin"] = await world.sign_in()
        for place, above, level in TREE:
            unit = {"code": place, "name": f"The {place}", "level": level, "parent_id": stage.units.get(above or "")}
            stage.units[place] = (await stage.do("admin", "/v1/units", unit))["id"]
            await stage._feedback(TRUST, UUID(stage.units[place]))
        for role in ("official", "lead", "inspector"):
            for place in PLACES:
                await _engage(stage, f"{role} {place}", role, stage.units[place])
        for resident in sorted(RESIDENTS):
            await _engage(stage, resident, "resident", None)
        yield stage


async def _engage(stage: Stage, name: str, role: str, unit_id: str | None) -> None:
    username = name.replace(" ", ".")
    account = {"username": username, "password": PASSWORD, "role": role, "unit_id": unit_id}
    stage.ids[name] = (await stage.do("admin", "/v1/accounts", account))["id"]
    stage.people[name] = await stage.world.sign_in(username, PASSWORD)
