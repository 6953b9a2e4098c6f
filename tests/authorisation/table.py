"""The matrix: what each operation of the API is called on, whom it lets in, and what the others are answered."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from tests.authorisation import stage as made
from tests.authorisation.cast import (
    ABOVE,
    ADMIN,
    EVERYBODY,
    HOLDER,
    IN_OFFICE,
    INSPECTORS,
    KNOWN,
    LEADERS,
    LEADS,
    LINE,
    NO_ONE,
    OFFICIALS,
    OVERSEERS,
    READERS,
    RESIDENTS,
    SPEAKER,
    STAFF,
    WORKERS,
    Callers,
    at,
)
from tests.authorisation.stage import PASSWORD, PICTURE, Params, Stage

OK = frozenset({200, 201, 202, 204})
Making = Callable[[Stage], Awaitable[Params]]
Request = Callable[[Stage, Params], Mapping[str, Any]]


@dataclass(frozen=True)
class Line:
    """Of those who are not let in, `forbids` get 403; the others, if they are signed in, 404, as if there were nothing.

    `on` makes what it is called on; `sends` the rest of the request. `shows`: for whom a list has it, by its id `lists`.
    """

    operation: str
    lets_in: Callers
    forbids: Callers = NO_ONE
    on: Making = Stage.nothing
    sends: Request = lambda stage, params: {}
    answers: frozenset[int] = OK
    shows: Callers | None = None
    lists: str = ""

    @property
    def method(self) -> str:
        return self.operation.split()[0]

    @property
    def path(self) -> str:
        return self.operation.split()[1]

    def expected(self, caller: str) -> frozenset[int]:
        if caller in self.lets_in:
            return self.answers
        if caller == "nobody" and self.lets_in != HOLDER:
            return frozenset({401})
        return frozenset({403 if caller in self.forbids else 404})


def says(**body: Any) -> Request:
    return lambda stage, params: {"json": body}


def names(*params: str, **body: Any) -> Request:
    """A body that names what `on` made."""
    return lambda stage, found: {"json": {**{name: found[name] for name in params}, **body}}


def asks(**parameters: Any) -> Request:
    return lambda stage, params: {"params": parameters}


def pictured(stage: Stage, params: Params) -> Mapping[str, Any]:
    return {"files": PICTURE}


EMPTY, WHOLE, ALL = says(), asks(limit=100), asks()


def case(operation: str, lets_in: Callers, on: Making, sends: Request = EMPTY, *, readers: Callers = READERS) -> Line:
    """Who does not read the case is told that there is none; who reads it, what it may not do."""
    return Line(operation, lets_in, readers - lets_in, on, sends)


def role(operation: str, lets_in: Callers, on: Making = Stage.nothing, sends: Request = EMPTY) -> Line:
    """What depends on who calls alone."""
    return Line(operation, lets_in, KNOWN - lets_in, on, sends)


def listing(operation: str, lets_in: Callers, lists: str, shows: Callers, on: Making, sends: Request = WHOLE) -> Line:
    return Line(operation, lets_in, KNOWN - lets_in, on, sends, shows=shows, lists=lists)


def receipt(verb: str, on: Making, **body: Any) -> Line:
    return Line(f"POST /v1/receipts/{verb}", HOLDER, NO_ONE, on, names("receipt", **body))


def card(verb: str, on: Making, **body: Any) -> Line:
    return Line(f"POST /v1/contact-cards/{verb}", HOLDER, NO_ONE, on, names("card", **body))


CASE = "/v1/cases/{case_id}"
SIBLINGS = at(("official", "lead"), "sibling")
OF_PARENT = at("official", "parent")
SPEAKER_AND_WORKERS = SPEAKER | WORKERS
ROOTED = at("inspector", ("parent", "root")) | at("lead", ("parent", "root")) | ADMIN | SPEAKER
OTHERS = frozenset({"resident"})
"""Who speak for themselves, but did not in this case."""
TEMPLATE_READERS = at(("official", "lead", "inspector"), LINE) | ADMIN

OWN_STAFF = at(("official", "lead"), "own")
ASKS = says(motive="To bring the papers.", hours=1)
OFFICE = OFFICIALS | LEADS | INSPECTORS
SECOND = at(("lead", "inspector"), ("parent", "root"))
"""Persons above `own` who may decide what it asks."""
ASKER = at("official", "own")
REQUEST = "/v1/identity-requests/{request_id}"

CASES = (
    listing("GET /v1/cases", KNOWN, "case_id", READERS, Stage.case),
    listing("GET /v1/cases", KNOWN, "case_id", READERS | SIBLINGS, Stage.joint),
    listing("GET /v1/cases", KNOWN, "case_id", READERS, Stage.case, asks(q="lamp", sort="due", limit=100)),
    listing("GET /v1/cases/export", KNOWN, "case_id", READERS, Stage.case, ALL),
    listing("GET /v1/cases/export", KNOWN, "case_id", READERS | SIBLINGS, Stage.joint, ALL),
    role("GET /v1/cases/counts", KNOWN),
    case(f"GET {CASE}", READERS, Stage.case),
    case(f"GET {CASE}", READERS | OF_PARENT, Stage.escalated, readers=READERS | OF_PARENT),
    case(f"GET {CASE}", READERS | SIBLINGS, Stage.joint, readers=READERS | SIBLINGS),
    case(
        f"GET {CASE}",
        ROOTED | SIBLINGS | at("inspector", "sibling") | at(("official", "lead"), "own"),
        Stage.handed_over,
        readers=NO_ONE,
    ),
    case(f"GET {CASE}", ROOTED | OF_PARENT, Stage.about_own, readers=NO_ONE),
    case(f"GET {CASE}", READERS - SPEAKER, Stage.anonymous, readers=NO_ONE),
    case(f"GET {CASE}/timeline", READERS, Stage.case),
    case(f"GET {CASE}/messages", READERS, Stage.spoken),
    case(f"GET {CASE}/messages", READERS | SIBLINGS, Stage.joint, readers=READERS | SIBLINGS),
    case(f"GET {CASE}/joint-units", READERS, Stage.case),
    case(f"GET {CASE}/merged", IN_OFFICE, Stage.case),
    case(f"POST {CASE}/acknowledge", WORKERS, Stage.case),
    case(f"POST {CASE}/ask", WORKERS, Stage.case, says(text="Which lamp?")),
    case(f"POST {CASE}/answer", WORKERS, Stage.case, says(text="Mended.")),
    case(f"POST {CASE}/answer", WORKERS, Stage.joint, says(text="Mended."), readers=READERS | SIBLINGS),
    case(f"POST {CASE}/reject", WORKERS, Stage.case, says(reason="Not ours.")),
    case(f"POST {CASE}/messages", SPEAKER_AND_WORKERS, Stage.case, says(text="A word.")),
    case(
        f"POST {CASE}/messages",
        SPEAKER_AND_WORKERS | SIBLINGS,
        Stage.joint,
        says(text="A word."),
        readers=READERS | SIBLINGS,
    ),
    case(f"POST {CASE}/messages", SPEAKER_AND_WORKERS, Stage.escalated, says(text="A word."), readers=READERS | OF_PARENT),
    case(f"POST {CASE}/read", SPEAKER_AND_WORKERS, Stage.spoken, says(up_to=1)),
    case(f"POST {CASE}/confirm", SPEAKER, Stage.answered, says(resolved=True)),
    case(f"POST {CASE}/reopen", SPEAKER, Stage.withdrawn, says(reason="Dark again.")),
    case(f"POST {CASE}/withdraw", SPEAKER, Stage.case),
    case(f"POST {CASE}/appeal", SPEAKER, Stage.rejected, says(reason="It is yours.")),
    case(
        f"POST {CASE}/appeal/decide",
        at(("official", "lead"), "parent") | ADMIN,
        Stage.appealed,
        says(decision="uphold", reason="It is not."),
        readers=READERS | OF_PARENT,
    ),
    case(
        f"POST {CASE}/hand-over",
        WORKERS | LEADERS,
        Stage.case,
        lambda stage, params: {"json": {"unit_id": stage.units["sibling"], "reason": "Your wire."}},
    ),
    case(
        f"POST {CASE}/joint-units",
        WORKERS,
        Stage.case,
        lambda stage, params: {"json": {"unit_id": stage.units["sibling"], "task": "Look at your wire."}},
    ),
    case(
        f"POST {CASE}/joint-units/{{unit_id}}/leave",
        WORKERS | SIBLINGS,
        Stage.joint,
        says(reason="Done."),
        readers=READERS | SIBLINGS,
    ),
    case(f"POST {CASE}/merge", WORKERS, Stage.twins, names("into_case_id", reason="One lamp.")),
    Line(
        f"GET {CASE}/identity-requests",
        READERS,
        on=Stage.identity_requested,
        shows=SPEAKER | SECOND | ASKER,
        lists="request_id",
    ),
    case(f"POST {CASE}/identity-requests", OWN_STAFF, Stage.confidential, ASKS),
    case(f"POST {CASE}/identity-requests", OWN_STAFF | SIBLINGS, Stage.joint_confidential, ASKS, readers=READERS | SIBLINGS),
    case(f"GET {CASE}/similar", IN_OFFICE, Stage.case),
    case(f"POST {CASE}/unmerge", WORKERS, Stage.merged, says(reason="Two lamps.")),
    Line(f"POST {CASE}/endorse", OTHERS, KNOWN - OTHERS, Stage.shared, EMPTY),
    Line(f"POST {CASE}/endorse", NO_ONE, OVERSEERS, Stage.case, EMPTY),
    Line(f"POST {CASE}/unendorse", OTHERS, KNOWN - OTHERS, Stage.endorsed, EMPTY),
    Line(f"POST {CASE}/unendorse", NO_ONE, OVERSEERS, Stage.case, EMPTY),
    Line("GET /v1/shared-cases/{case_id}", KNOWN, NO_ONE, Stage.shared),
    Line("GET /v1/shared-cases/{case_id}", NO_ONE, NO_ONE, Stage.case),
    case(f"GET {CASE}/attachments", READERS, Stage.attached),
    case(f"GET {CASE}/attachments", READERS | SIBLINGS, Stage.joint, readers=READERS | SIBLINGS),
    case(f"POST {CASE}/attachments", SPEAKER_AND_WORKERS, Stage.case, pictured),
    case(f"POST {CASE}/attachments", SPEAKER_AND_WORKERS | SIBLINGS, Stage.joint, pictured, readers=READERS | SIBLINGS),
    case(f"GET {CASE}/attachments/{{attachment_id}}", READERS, Stage.attached),
    case(f"GET {CASE}/attachments/{{attachment_id}}/thumbnail", READERS, Stage.attached),
    case(f"DELETE {CASE}/attachments/{{attachment_id}}", SPEAKER, Stage.attached),
    Line(f"GET {CASE}/notes", IN_OFFICE, NO_ONE, Stage.case),
    Line(f"POST {CASE}/notes", IN_OFFICE & STAFF, at("inspector", ABOVE), Stage.case, says(text="For us.")),
    Line(
        f"POST {CASE}/notes",
        IN_OFFICE & STAFF | SIBLINGS,
        at("inspector", ABOVE),
        Stage.joint,
        says(text="For us."),
    ),
    Line(
        f"POST {CASE}/templates/{{template_id}}/fill",
        IN_OFFICE & STAFF,
        KNOWN - STAFF,
        Stage.case_and_template,
    ),
    Line(
        "GET /v1/signals",
        at(("official", "lead", "inspector"), ABOVE) | ADMIN,
        RESIDENTS,
        sends=lambda stage, params: {"params": {"unit_id": stage.units["own"]}},
    ),
    listing(
        "GET /v1/escalations",
        OVERSEERS,
        "escalation_id",
        IN_OFFICE | OF_PARENT,
        Stage.escalated,
        lambda stage, params: {"params": {"unit_id": stage.units["parent"], "limit": 100}},
    ),
    case(
        "POST /v1/escalations/{escalation_id}/acknowledge",
        at(("official", "lead"), "parent"),
        Stage.escalated,
        readers=READERS | OF_PARENT,
    ),
)

INSPECTING = at(("lead", "inspector"), "parent")
REPORT = "/v1/retaliation-reports/{report_id}"


def report(verb: str, **body: Any) -> Line:
    return Line(f"POST {REPORT}/{verb}", INSPECTING, KNOWN - LEADS - INSPECTORS, Stage.reported, says(**body))


RETALIATION = (
    Line(f"GET {CASE}/watch", SPEAKER, NO_ONE, Stage.case),
    Line(f"GET {CASE}/watch", SPEAKER, NO_ONE, Stage.reported),
    Line(f"POST {CASE}/check-in", SPEAKER, NO_ONE, Stage.case, says(safe=False)),
    Line(f"POST {CASE}/redact", SPEAKER, NO_ONE, Stage.case, says(passage="lamp")),
    Line(f"POST {CASE}/retaliation", SPEAKER, NO_ONE, Stage.case, says(text="They cut my water off.")),
    receipt("check-in", Stage.anonymous, safe=True),
    receipt("redact", Stage.anonymous, passage="lamp"),
    receipt("retaliation", Stage.anonymous, text="They cut my water off."),
    listing("GET /v1/retaliation-reports", LEADS | INSPECTORS, "report_id", INSPECTING, Stage.reported),
    Line(f"GET {REPORT}", INSPECTING, KNOWN - LEADS - INSPECTORS, Stage.reported),
    report("acknowledge"),
    report("decide", substantiated=False, reason="It was the frost."),
    case(f"GET {CASE}", READERS, Stage.reported),
)

TEMPLATES = (
    listing("GET /v1/templates", OVERSEERS, "template_id", TEMPLATE_READERS, Stage.template),
    Line("GET /v1/templates/{template_id}", TEMPLATE_READERS, RESIDENTS, Stage.template),
    role("POST /v1/templates", LEADERS, sends=lambda stage, params: {"json": made.template(stage)}),
    Line(
        "PUT /v1/templates/{template_id}",
        LEADERS,
        TEMPLATE_READERS - LEADERS | KNOWN - STAFF,
        Stage.template,
        lambda stage, params: {
            "json": {"title": "Second", "text": "Better.", "kind": "answer"},
            "headers": {"If-Match": '"1"'},
        },
    ),
    Line("DELETE /v1/templates/{template_id}", LEADERS, TEMPLATE_READERS - LEADERS | KNOWN - STAFF, Stage.template),
)

CATEGORY = "/v1/categories/{code}"

CATEGORIES = (
    role("GET /v1/categories", EVERYBODY),
    role("POST /v1/categories", ADMIN, sends=lambda stage, params: {"json": made.category()}),
    role("POST /v1/categories/suggest", EVERYBODY, sends=says(text="A lamp")),
    role(f"GET {CATEGORY}", EVERYBODY, Stage.category),
    role(
        f"PUT {CATEGORY}",
        ADMIN,
        Stage.category,
        lambda stage, params: {"json": made.category_change(), "headers": {"If-Match": '"1"'}},
    ),
    role(f"POST {CATEGORY}/retire", ADMIN, Stage.category, EMPTY),
)

DECIDERS = at(("lead", "inspector"), ("parent", "root")) | ADMIN
"""About what was said to `own`, which has an interest itself."""
UNSEALED = frozenset({409})
"""Who may have the proof is told that it is not there before the end of the day."""

OPINIONS = (
    role("POST /v1/opinions", EVERYBODY, sends=lambda stage, params: {"json": made.opinion(stage, protection="anonymous")}),
    role("POST /v1/opinions", KNOWN, sends=lambda stage, params: {"json": made.opinion(stage)}),
    role(
        "POST /v1/opinions",
        OFFICIALS | LEADS,
        sends=lambda stage, params: {"json": made.opinion(stage, assistance="counter")},
    ),
    role(
        "POST /v1/opinions/similar",
        EVERYBODY,
        Stage.shared,
        lambda stage, params: {"json": {"title": "The lamp is broken", "unit_id": stage.units["own"]}},
    ),
    role("POST /v1/challenges", EVERYBODY),
    role("GET /v1/holds", EVERYBODY, sends=ALL),
    role("POST /v1/holds/{hold_id}/release", DECIDERS, Stage.hold, says(reason="They are many.")),
    role("POST /v1/holds/{hold_id}/keep", DECIDERS, Stage.hold, says(reason="One hand wrote them.")),
    role("GET /v1/ledger", EVERYBODY, sends=ALL),
    Line("GET /v1/opinions/{opinion_id}/proof", SPEAKER, NO_ONE, Stage.case, answers=UNSEALED),
    Line("POST /v1/receipts/proof", HOLDER, NO_ONE, Stage.anonymous, names("receipt"), answers=UNSEALED),
    receipt("open", Stage.anonymous),
    receipt("messages", Stage.anonymous, text="A word."),
    receipt("read", Stage.anonymous_answered, up_to=1),
    receipt("confirm", Stage.anonymous_answered, resolved=True),
    receipt("reopen", Stage.anonymous_withdrawn, reason="Dark again."),
    receipt("withdraw", Stage.anonymous),
    receipt("appeal", Stage.anonymous_rejected, reason="It is yours."),
    role(
        "POST /v1/receipts/claim",
        RESIDENTS,
        Stage.written_down,
        lambda stage, params: {"json": {"receipt": params["paper"]}},
    ),
    case(f"GET {CASE}", READERS, Stage.claimed),
    Line(
        "POST /v1/receipts/attachments",
        HOLDER,
        NO_ONE,
        Stage.anonymous,
        lambda stage, found: {"files": PICTURE, "data": {"receipt": found["receipt"]}},
    ),
    receipt("attachments/{attachment_id}", Stage.anonymous_attached),
    receipt("attachments/{attachment_id}/thumbnail", Stage.anonymous_attached),
    receipt("attachments/{attachment_id}/remove", Stage.anonymous_attached),
)

SCOPED = at(("lead", "inspector"), ABOVE) | at("official", "own") | ADMIN
RECORDERS = at("lead", ABOVE) | at("official", "own") | ADMIN

IDENTITY_REQUESTS = (
    listing("GET /v1/identity-requests", OFFICE, "request_id", SECOND | ASKER, Stage.identity_requested),
    Line(f"GET {REQUEST}", SECOND | ASKER, KNOWN - OFFICE, Stage.identity_requested),
    Line(f"POST {REQUEST}/approve", SECOND, ASKER | KNOWN - OFFICE, Stage.identity_requested, EMPTY),
    Line(f"POST {REQUEST}/reject", SECOND, ASKER | KNOWN - OFFICE, Stage.identity_requested, says(reason="No.")),
    Line(f"POST {REQUEST}/open", ASKER, SECOND | KNOWN - OFFICE, Stage.identity_approved, EMPTY),
)

AUDIT = (
    role("GET /v1/audit", INSPECTORS | ADMIN),
    role("GET /v1/audit/check", ADMIN),
)

HOLDERS = at(("lead", "inspector"), ABOVE) | ADMIN
NEVER_HOLD = KNOWN - LEADS - INSPECTORS - ADMIN
RETENTION = (
    Line(f"POST {CASE}/legal-hold", HOLDERS, NEVER_HOLD, Stage.case, says(motive="A trial.")),
    Line(f"POST {CASE}/legal-hold/lift", HOLDERS, NEVER_HOLD, Stage.held, says(reason="It is over.")),
    role("GET /v1/retention", ADMIN),
    role("GET /v1/retention/due", ADMIN),
    role("POST /v1/retention/simulate", ADMIN, sends=lambda stage, params: {"json": made.retention_simulation()}),
)

INSPECTING = at("inspector", ABOVE) | ADMIN
NEVER_INSPECT = KNOWN - INSPECTORS - ADMIN
POST, CONTACT = "/v1/posts/{post_id}", "/v1/contacts/{contact_id}"
NEVER_LEAD = KNOWN - LEADS - ADMIN
CONTACTS = (
    listing("GET /v1/posts", OVERSEERS, "post_id", SCOPED, Stage.post),
    Line(f"GET {POST}", SCOPED, RESIDENTS, Stage.post),
    Line("POST /v1/posts", LEADERS, NEVER_LEAD, sends=lambda stage, params: {"json": made.visit_post(stage)}),
    Line(f"PATCH {POST}", LEADERS, NEVER_LEAD, Stage.post, says(visits_per_week=9)),
    Line(f"GET {POST}/hand-over", SCOPED, RESIDENTS, Stage.post),
    Line(
        f"POST {POST}/hand-over",
        LEADERS,
        NEVER_LEAD,
        Stage.post,
        lambda stage, params: {"json": {"holder_id": stage.ids["lead own"]}},
    ),
    listing("GET /v1/contacts", OVERSEERS, "contact_id", SCOPED, Stage.contact),
    Line(f"GET {CONTACT}", SCOPED, RESIDENTS, Stage.contact),
    Line("GET /v1/contacts/coverage", SCOPED, RESIDENTS, Stage.own, lambda stage, params: {"params": params}),
    Line("POST /v1/contacts", RECORDERS, KNOWN - STAFF, sends=lambda stage, params: {"json": made.visit_contact(stage)}),
    Line(f"PATCH {CONTACT}", RECORDERS, KNOWN - STAFF, Stage.contact, says(label="The smith")),
    Line(f"POST {CONTACT}/agree", RECORDERS, KNOWN - STAFF, Stage.contact, says(**made.TERMS)),
    Line(f"POST {CONTACT}/refuse", RECORDERS, KNOWN - STAFF, Stage.contact),
    Line(f"POST {CONTACT}/suspend", RECORDERS, KNOWN - STAFF, Stage.agreed_contact, EMPTY),
    Line(f"POST {CONTACT}/resume", RECORDERS, KNOWN - STAFF, Stage.suspended_contact),
    Line(f"POST {CONTACT}/end", RECORDERS, KNOWN - STAFF, Stage.contact),
    Line(f"POST {CONTACT}/card", RECORDERS, KNOWN - STAFF, Stage.contact),
    card("open", Stage.card),
    card("choose", Stage.card, rhythm_days=30),
    card("refuse", Stage.card),
    card("suspend", Stage.card),
    card("resume", Stage.suspended_card),
)

PLAN = "/v1/visit-plans/{plan_id}"
NEVER_PLAN = KNOWN - STAFF | at("official", "own")
"""Of a plan that its lead has made."""
VISITS = (
    listing("GET /v1/visit-plans", OVERSEERS, "plan_id", SCOPED, Stage.plan),
    Line("GET /v1/visit-plans/{plan_id}", SCOPED, RESIDENTS, Stage.plan),
    Line(
        "POST /v1/visit-plans",
        RECORDERS,
        KNOWN - STAFF,
        sends=lambda stage, params: {"json": made.visit_plan(stage)},
    ),
    Line(
        f"PATCH {PLAN}",
        LEADERS,
        NEVER_PLAN,
        Stage.plan,
        lambda stage, params: {"json": {"place": "The square"}, "headers": {"If-Match": '"1"'}},
    ),
    Line(f"POST {PLAN}/suspend", LEADERS, NEVER_PLAN, Stage.plan, EMPTY),
    Line(f"POST {PLAN}/resume", LEADERS, NEVER_PLAN, Stage.suspended_plan),
    Line(f"POST {PLAN}/end", LEADERS, NEVER_PLAN, Stage.plan, says(reason="It shines.")),
    Line(
        "POST /v1/visit-plans/reassign",
        LEADERS,
        KNOWN - STAFF,
        Stage.plan,
        lambda stage, params: {"json": {"plan_ids": [params["plan_id"]], "to_assignee_id": stage.ids["lead own"]}},
    ),
    listing("GET /v1/visits", OVERSEERS, "visit_id", SCOPED, Stage.plan),
    Line("GET /v1/visits/{visit_id}", SCOPED, RESIDENTS, Stage.plan),
    Line(
        "POST /v1/visits/{visit_id}/record",
        RECORDERS,
        KNOWN - STAFF,
        Stage.plan,
        lambda stage, params: {"json": made.visit_record()},
    ),
    Line(
        f"POST {CASE}/receipt",
        at("lead", ABOVE),
        at("official", "own") | ADMIN | INSPECTORS | RESIDENTS,
        Stage.finding_case,
        sends=says(),
    ),
    role("POST /v1/visits/sync", STAFF),
    listing("GET /v1/visits/sync/conflicts", OVERSEERS, "conflict_id", SCOPED, Stage.sync_conflict),
    listing("GET /v1/visit-proposals", OVERSEERS, "proposal_id", SCOPED, Stage.proposal),
    Line("GET /v1/visit-proposals/{proposal_id}", SCOPED, RESIDENTS, Stage.proposal),
    Line("GET /v1/visit-proposals/{proposal_id}/assignments", SCOPED, RESIDENTS, Stage.proposal),
    Line(
        "POST /v1/visit-proposals",
        LEADERS,
        KNOWN - LEADS - ADMIN,
        Stage.proposal,
        lambda stage, params: {"json": made.visit_proposal(stage)},
    ),
    Line("POST /v1/visit-proposals/{proposal_id}/accept", LEADERS, KNOWN - LEADS - ADMIN, Stage.proposal),
    listing("GET /v1/visit-requests", OVERSEERS, "case_id", SCOPED, Stage.visit_request),
    Line("GET /v1/visit-requests/{case_id}", SCOPED, RESIDENTS, Stage.visit_request),
    Line(
        "POST /v1/visit-requests/{case_id}/plan",
        RECORDERS,
        KNOWN - STAFF,
        Stage.visit_request,
        lambda stage, params: {"json": {"assignee_id": stage.ids["official own"], "starts_at": made.now()}},
    ),
    Line(
        "POST /v1/visit-requests/{case_id}/decline",
        LEADERS,
        KNOWN - LEADS - ADMIN,
        Stage.visit_request,
        says(reason="Nobody may go there."),
    ),
    role("POST /v1/calendars", STAFF),
    listing("GET /v1/calendars", STAFF, "calendar_id", at("official", "own"), Stage.calendar),
    Line("POST /v1/calendars/{calendar_id}/revoke", at("official", "own"), KNOWN - STAFF, Stage.calendar, EMPTY),
    role("GET /v1/calendars/{token}.ics", EVERYBODY, Stage.calendar),
    listing("GET /v1/findings", OVERSEERS, "finding_id", SCOPED, Stage.finding),
    Line("GET /v1/findings/{finding_id}", SCOPED, RESIDENTS, Stage.finding),
    listing("GET /v1/visit-templates", OVERSEERS, "template_id", TEMPLATE_READERS, Stage.visit_template),
    Line("GET /v1/visit-templates/{template_id}", TEMPLATE_READERS, RESIDENTS, Stage.visit_template),
    Line("GET /v1/visit-templates/{template_id}/versions/{version}", TEMPLATE_READERS, RESIDENTS, Stage.visit_template),
    Line(
        "POST /v1/visit-templates",
        LEADERS,
        KNOWN - LEADS - ADMIN,
        sends=lambda stage, params: {"json": made.visit_template(stage)},
    ),
    listing("GET /v1/promises", OVERSEERS, "promise_id", SCOPED, Stage.promise),
    Line("GET /v1/promises/{promise_id}", SCOPED, RESIDENTS, Stage.promise),
    Line("POST /v1/promises/{promise_id}/keep", RECORDERS, KNOWN - STAFF, Stage.promise),
    Line("POST /v1/promises/{promise_id}/withdraw", RECORDERS, KNOWN - STAFF, Stage.promise, says(reason="No lamp.")),
    listing("GET /v1/call-backs", OVERSEERS, "call_back_id", SCOPED, Stage.call_back),
    Line("GET /v1/call-backs/{call_back_id}", SCOPED, RESIDENTS, Stage.call_back),
    Line(
        "POST /v1/call-backs",
        INSPECTING,
        NEVER_INSPECT,
        Stage.finding,
        lambda stage, params: {"json": made.call_back(stage)},
    ),
    Line(
        "POST /v1/call-backs/{call_back_id}/results",
        INSPECTING,
        NEVER_INSPECT,
        Stage.call_back,
        names("visit_id", result="took_place"),
    ),
    listing("GET /v1/call-backs/disputes", INSPECTORS | ADMIN, "visit_id", INSPECTING, Stage.disputed),
    Line("GET /v1/visits/ratings", SCOPED, RESIDENTS, Stage.own, lambda stage, params: {"params": params}),
    Line("POST /v1/visits/{visit_id}/confirmation-code", HOLDERS, OFFICIALS | RESIDENTS, Stage.finding),
    Line("POST /v1/visit-confirmations", EVERYBODY, NO_ONE, Stage.confirmable, names("code", took_place=True)),
)

ACTIVITY = "/v1/activities/{activity_id}"

ACTIVITIES = (
    role("GET /v1/activity-templates", OVERSEERS),
    role("GET /v1/activity-templates/{template_id}", OVERSEERS, Stage.activity_template),
    role("POST /v1/activity-templates", LEADS | ADMIN, sends=lambda stage, params: {"json": made.activity_template()}),
    listing("GET /v1/activities", OVERSEERS, "activity_id", SCOPED, Stage.activity),
    Line(
        "GET /v1/activities/summary", SCOPED, RESIDENTS, sends=lambda stage, params: {"params": {"unit_id": stage.units["own"]}}
    ),
    Line(f"GET {ACTIVITY}", SCOPED, RESIDENTS, Stage.activity),
    Line(
        "POST /v1/activities",
        RECORDERS,
        KNOWN - STAFF,
        Stage.activity_template,
        lambda stage, params: {"json": made.activity(stage, params)},
    ),
    Line(f"POST {ACTIVITY}/needs", RECORDERS, KNOWN - STAFF, Stage.activity, says(kind="topic", id_or_code="water")),
    Line(f"POST {ACTIVITY}/record", RECORDERS, KNOWN - STAFF, Stage.begun_activity, says(**made.activity_record())),
    Line(f"POST {ACTIVITY}/cancel", RECORDERS, KNOWN - STAFF, Stage.activity, says(reason="Rain")),
)

RESEARCH_PROJECT = "/v1/research-projects/{project_id}"
ADDRESSED = at(("lead", "inspector", "official"), "sibling")
"""Who sees research of `own` because it recommends something to their unit, beside those who see it anyway."""
ANSWERERS = at("lead", ("sibling", "parent", "root")) | ADMIN


def research(verb: str, on: Making = Stage.research, sends: Request = EMPTY) -> Line:
    """What those do who do research for `own`."""
    return Line(f"POST {RESEARCH_PROJECT}/{verb}", RECORDERS, KNOWN - STAFF, on, sends)


def answer_to_research(verb: str, **body: Any) -> Line:
    path = f"POST {RESEARCH_PROJECT}/recommendations/{{recommendation_id}}/{verb}"
    return Line(path, ANSWERERS, (SCOPED | ADDRESSED | KNOWN - STAFF) - ANSWERERS, Stage.research_reported, says(**body))


RESEARCH = (
    listing("GET /v1/research-projects", OVERSEERS, "project_id", SCOPED, Stage.research_concluded),
    listing("GET /v1/research-projects", OVERSEERS, "project_id", SCOPED | ADDRESSED, Stage.research_reported),
    Line(f"GET {RESEARCH_PROJECT}", SCOPED, RESIDENTS, Stage.research_concluded),
    Line(f"GET {RESEARCH_PROJECT}", SCOPED | ADDRESSED, RESIDENTS, Stage.research_reported),
    Line("POST /v1/research-projects", RECORDERS, KNOWN - STAFF, sends=lambda stage, params: {"json": made.research(stage)}),
    research("start", Stage.research_draft),
    research("stop", sends=says(reason="The lamp burns.")),
    research("links", sends=says(kind="case", id=str(uuid4()))),
    Line(
        f"POST {RESEARCH_PROJECT}/field-days",
        LEADERS,
        ASKER | KNOWN - STAFF,
        Stage.research,
        lambda stage, params: {"json": made.field_day()},
    ),
    research(
        "results",
        Stage.research_linked,
        lambda stage, found: {"json": {"text": "No wire.", "evidence": [found["link_id"]]}},
    ),
    research(
        "recommendations", sends=lambda stage, params: {"json": {"text": "Lay one.", "addressed_to": stage.units["sibling"]}}
    ),
    research("report", Stage.research_concluded),
    answer_to_research("adopt", by_when="2126-01-01"),
    answer_to_research("decline", reason="There is one."),
    Line(
        f"POST {RESEARCH_PROJECT}/follow-up",
        RECORDERS,
        (ADDRESSED & STAFF) | KNOWN - STAFF,
        Stage.research_answered,
        lambda stage, params: {"json": made.measure()},
    ),
    Line(f"GET {RESEARCH_PROJECT}/publication", SCOPED, RESIDENTS, Stage.research_concluded),
    Line(f"POST {RESEARCH_PROJECT}/publish", LEADERS, ASKER | KNOWN - STAFF, Stage.research_concluded, EMPTY),
    listing("GET /v1/research-register", EVERYBODY, "project_id", EVERYBODY, Stage.research_public),
    role("GET /v1/research-register/{project_id}", EVERYBODY, Stage.research_public),
    Line(
        "GET /v1/research-duties",
        SCOPED,
        RESIDENTS,
        sends=lambda stage, params: {"params": {"unit_id": stage.units["own"], "year": 2026}},
    ),
    Line(
        "POST /v1/research-duties",
        LEADERS - at("lead", "own"),
        OWN_STAFF | KNOWN - STAFF,
        sends=lambda stage, params: {"json": {"unit_id": stage.units["own"], "year": 2100, "projects": 1, "hours": 8}},
    ),
)

OVERSEEING = ("official", "lead", "inspector")

ABOVE_OWN = at(("lead", "inspector"), ("parent", "root")) | ADMIN
LEADING_OWN = at("lead", ("parent", "root")) | ADMIN
"""Who decide about `own` from above."""
DIRECTED = at(OVERSEEING, ("own", "child", "sibling", "parent")) | at(("lead", "inspector"), "root") | ADMIN
"""Who sees a directive of `parent`: in whose scope it was issued, and whom it is addressed to."""


def own_task(verb: str, lets_in: Callers, on: Making, sends: Request = EMPTY) -> Line:
    """On the task of `own`."""
    return Line(f"POST /v1/tasks/{{task_id}}/{verb}", lets_in, (SCOPED | KNOWN - STAFF) - lets_in, on, sends)


STANDARD = "/v1/standards/{standard_id}"
COMMENT = f"{STANDARD}/comments/{{comment_id}}"


ASSESSMENT = (
    role("GET /v1/units", KNOWN),
    role("GET /v1/units/{unit_id}", KNOWN, Stage.own),
    role("GET /v1/units/{unit_id}/scorecard", KNOWN, Stage.own),
    role(
        "POST /v1/units",
        ADMIN,
        sends=lambda stage, params: {"json": {"code": uuid4().hex, "name": "New", "level": "county", "parent_id": None}},
    ),
    Line(
        "POST /v1/units/{unit_id}/profiles",
        at("lead", "own") | ADMIN,
        KNOWN - at("lead", "own") - ADMIN,
        Stage.own,
        lambda stage, params: {"json": made.PROFILE},
    ),
    role("GET /v1/units/{unit_id}/profiles", KNOWN, Stage.own),
    role("GET /v1/units/{unit_id}/mechanism", OVERSEERS, Stage.own),
    role("GET /v1/public/units/{unit_id}/mechanism", EVERYBODY, Stage.own),
    role("GET /v1/public/units/{unit_id}/cooling", EVERYBODY, Stage.own),
    role("GET /v1/units/{unit_id}/peers", KNOWN, Stage.profiled),
    role("GET /v1/public/units/{unit_id}/profile", EVERYBODY, Stage.profiled),
    role("GET /v1/policies", KNOWN),
    role("POST /v1/policies", ADMIN, sends=lambda stage, params: {"json": made.policy(level="province", code="provincial")}),
    role("GET /v1/policies/effective", KNOWN, sends=asks(level="county", channel="thought")),
    role("GET /v1/policy-supplements", KNOWN),
    role(
        "POST /v1/policy-supplements",
        LEADERS,
        Stage.unsupplemented,
        lambda stage, params: {"json": {**made.supplement(), "unit_id": stage.units["own"]}},
    ),
    role("GET /v1/policy-supplements/{supplement_id}", KNOWN, Stage.supplement),
    role(
        "POST /v1/policies/simulate",
        at(("lead", "inspector"), ABOVE) | ADMIN,
        sends=lambda stage, params: {"json": made.simulation(stage.units["own"])},
    ),
    role("GET /v1/practice-policies", KNOWN),
    role("POST /v1/practice-policies", ADMIN, sends=lambda stage, params: {"json": made.practice_policy()}),
    role("GET /v1/practice-policies/effective", KNOWN, sends=asks(practice="visit_rhythm")),
    role("GET /v1/policies/{code}", KNOWN, lambda stage: code("default")),
    role("GET /v1/working-calendars", KNOWN),
    role("POST /v1/working-calendars", ADMIN, sends=lambda stage, params: {"json": made.working_calendar()}),
    role("GET /v1/working-calendars/{code}", KNOWN, Stage.working_calendar),
    role("GET /v1/standards", KNOWN),
    role("POST /v1/standards", ADMIN, sends=lambda stage, params: {"json": made.standard()}),
    role(f"GET {STANDARD}", KNOWN, Stage.standard),
    role(f"GET {STANDARD}/changes", KNOWN, Stage.standard),
    role(f"POST {STANDARD}/withdraw", ADMIN, Stage.draft, says(reason="Another one.")),
    Line(f"POST {STANDARD}/activate", ADMIN, KNOWN - ADMIN, Stage.draft, says(reason="As asked."), answers=frozenset({409})),
    role(f"GET {STANDARD}/comments", KNOWN, Stage.comment),
    role(f"POST {STANDARD}/comments", RESIDENTS, Stage.draft, lambda stage, params: {"json": made.comment()}),
    role(f"POST {COMMENT}/answer", ADMIN, Stage.comment, says(decision="adopted", reason="Version 2 does.")),
    Line(f"POST {COMMENT}/withdraw", SPEAKER, KNOWN - RESIDENTS, Stage.comment),
    role(f"GET {STANDARD}/dry-runs", KNOWN, Stage.dry_run),
    role(f"POST {STANDARD}/dry-runs", ADMIN, Stage.draft, lambda stage, params: {"json": made.past()}),
    role(f"GET {STANDARD}/dry-runs/{{run_id}}", KNOWN, Stage.dry_run),
    role("GET /v1/campaigns", KNOWN),
    role(
        "POST /v1/campaigns",
        ADMIN,
        Stage.standard,
        lambda stage, params: {"json": made.campaign(stage, params)},
    ),
    role("GET /v1/campaigns/{campaign_id}", KNOWN, Stage.campaign),
    role(
        "POST /v1/campaigns/{campaign_id}/scores",
        OWN_STAFF,
        Stage.scoring,
        lambda stage, params: {"json": made.score(stage, "self")},
    ),
    role(
        "POST /v1/campaigns/{campaign_id}/scores",
        at("inspector", ("sibling", "stranger")),
        Stage.scoring,
        lambda stage, params: {"json": made.score(stage, "inspector")},
    ),
    listing(
        "GET /v1/campaigns/{campaign_id}/scores",
        OVERSEERS,
        "score_id",
        at("official", "own") | at("lead", ABOVE) | INSPECTORS | ADMIN,
        Stage.scored,
    ),
    Line(
        "POST /v1/campaigns/{campaign_id}/scores/{score_id}/withdraw",
        at("official", "own"),
        RESIDENTS | ADMIN,
        Stage.scored,
        says(reason="I mixed up two units."),
    ),
    Line(
        "POST /v1/campaigns/{campaign_id}/exclusions",
        LEADING_OWN,
        KNOWN - LEADING_OWN,
        Stage.campaign_over_all,
        lambda stage, params: {"json": made.exclusion(stage)},
    ),
    role("POST /v1/campaigns/{campaign_id}/exclusions/{exclusion_id}/lift", LEADING_OWN, Stage.exclusion, says(reason="Dry.")),
    role("GET /v1/campaigns/{campaign_id}/coverage", KNOWN, Stage.campaign_over_all),
    role("GET /v1/public/campaigns/{campaign_id}/exclusions", EVERYBODY, Stage.exclusion),
    role("GET /v1/public/campaigns/{campaign_id}/coverage", EVERYBODY, Stage.campaign_over_all),
    role(
        "POST /v1/campaigns/{campaign_id}/stages",
        ADMIN,
        Stage.campaign_to_come,
        says(stages=[{"code": "first", "name": "First"}]),
    ),
    role("GET /v1/campaigns/{campaign_id}/stages", KNOWN, Stage.campaign_over_all),
    role("GET /v1/campaigns/{campaign_id}/units", KNOWN, Stage.campaign_over_all),
    Line("GET /v1/campaigns/{campaign_id}/units/{unit_id}/stage", SCOPED, RESIDENTS, Stage.own_in_campaign),
    role("POST /v1/directives", LEADERS, sends=lambda stage, params: {"json": made.directive("own", stage)}),
    listing("GET /v1/directives", OVERSEERS, "directive_id", DIRECTED, Stage.directive),
    Line("GET /v1/directives/{directive_id}", DIRECTED, RESIDENTS, Stage.directive),
    Line("GET /v1/directives/{directive_id}/rollout", DIRECTED, RESIDENTS, Stage.directive),
    listing(
        "GET /v1/tasks",
        OVERSEERS,
        "task_id",
        SCOPED,
        Stage.task,
        lambda stage, found: {"params": {"directive_id": found["directive_id"], "unit_id": stage.units["own"]}},
    ),
    Line("GET /v1/tasks/{task_id}", SCOPED, RESIDENTS, Stage.task),
    own_task("acknowledge", WORKERS, Stage.task),
    own_task("notes", WORKERS, Stage.task, says(text="First.")),
    own_task("done", WORKERS, Stage.task_acknowledged, says(**made.task_report())),
    own_task("send-back", LEADING_OWN, Stage.task_done, says(reason="It is dark.")),
    role("GET /v1/public/scoreboard", EVERYBODY),
    role(
        "GET /v1/public/three-rates",
        EVERYBODY,
        sends=lambda stage, params: {"params": {"unit_id": stage.units["own"]}},
    ),
)

APART = ("sibling", "stranger")
"""Places outside the chain of `own`."""
SIGNERS = at(("lead", "inspector"), APART)
GRADE = "/v1/grades/{grade_id}"
GRADE_READERS = INSPECTORS | OWN_STAFF | at("lead", ABOVE) | ADMIN
FIRST_VERSION: Mapping[str, str] = {"If-Match": '"1"'}


SIGNED_REPORT = "GET /v1/units/{unit_id}/report"
IN_ENGLISH = asks(language="en")


def signing(verb: str, **body: Any) -> Line:
    """Who reads it and is of the chain may not; a lead below does not read it."""
    forbidden = (KNOWN - LEADS | at("lead", ABOVE)) - SIGNERS
    return Line(
        f"POST {GRADE}/{verb}",
        SIGNERS,
        forbidden,
        Stage.grade,
        lambda stage, params: {"json": body, "headers": FIRST_VERSION},
    )


GRADES = (
    listing("GET /v1/decisions", OVERSEERS, "grade_id", IN_OFFICE, Stage.grade),
    role("GET /v1/public/decisions", EVERYBODY),
    role("POST /v1/campaigns/{campaign_id}/grades", INSPECTORS | ADMIN, Stage.own_campaign, EMPTY),
    listing("GET /v1/grades", OVERSEERS, "grade_id", GRADE_READERS | SIGNERS, Stage.grade),
    listing("GET /v1/grades", OVERSEERS, "grade_id", GRADE_READERS, Stage.published_grade),
    Line(f"GET {GRADE}", GRADE_READERS | SIGNERS, RESIDENTS, Stage.grade),
    Line(f"GET {GRADE}", GRADE_READERS, RESIDENTS, Stage.published_grade),
    Line(f"GET {GRADE}/recomputation", GRADE_READERS, RESIDENTS, Stage.published_grade),
    signing("sign"),
    role("POST /v1/grades/sign", INSPECTORS | LEADS, sends=says(grades=[{"grade_id": str(uuid4()), "version": 1}])),
    signing("return", reason="Counted twice."),
    listing("GET /v1/units/{unit_id}/grades", OVERSEERS, "grade_id", GRADE_READERS, Stage.published_grade),
    role("GET /v1/public/grades", EVERYBODY),
    role("GET /v1/public/units/{unit_id}/grade", EVERYBODY, Stage.published_grade),
    role("GET /v1/public/units/{unit_id}/report", EVERYBODY, Stage.own),
    role("GET /v1/units/{unit_id}/report", KNOWN, Stage.own),
    listing(SIGNED_REPORT, KNOWN, "signed", INSPECTORS | ADMIN, Stage.signed_report, IN_ENGLISH),
    listing(SIGNED_REPORT, KNOWN, "duty", OWN_STAFF | at("lead", ABOVE), Stage.signed_report, IN_ENGLISH),
    role("GET /v1/public/units/{unit_id}/grade/peers", EVERYBODY, Stage.published_grade),
    Line(
        f"POST {GRADE}/objections",
        OWN_STAFF,
        KNOWN - OFFICIALS - LEADS | at("lead", ("parent", "root")),
        Stage.published_grade,
        says(grounds="counted_wrongly", text="Two cases are not ours."),
    ),
    listing("GET /v1/objections", OVERSEERS, "objection_id", GRADE_READERS, Stage.objection),
    Line("GET /v1/objections/{objection_id}", GRADE_READERS, RESIDENTS, Stage.objection),
    Line(
        "POST /v1/objections/{objection_id}/decide",
        at("inspector", APART),
        KNOWN - at("inspector", APART),
        Stage.objection,
        says(outcome="dismissed", reason="They are yours."),
    ),
)

DRAWING = "/v1/campaigns/{campaign_id}/audits"
DRAWN = f"{DRAWING}/{{audit_id}}"
AUDITED = f"{DRAWN}/units/{{unit_id}}"
APART_INSPECT = at("inspector", APART)


def own_audited(stage: Stage, found: Params) -> Mapping[str, Any]:
    return {"json": {"units": 1, "size": 1, "unit_id": stage.units["own"]}}


AUDITS_OF_GRADES = (
    role(f"POST {DRAWING}", APART_INSPECT | ADMIN, Stage.grade_on_evidence, own_audited),
    listing(f"GET {DRAWING}", INSPECTORS | ADMIN, "audit_id", INSPECTORS | ADMIN, Stage.audit),
    role(f"GET {DRAWN}", INSPECTORS | ADMIN, Stage.audit),
    role(f"GET {AUDITED}", APART_INSPECT | ADMIN, Stage.audit),
    role(f"POST {AUDITED}/take", APART_INSPECT, Stage.audit, EMPTY),
    role(
        f"POST {AUDITED}/findings",
        at("inspector", "stranger"),
        Stage.taken_audit,
        names("evidence_id", finding="upheld", ground="as_recorded", note="The file says the same."),
    ),
    role(
        f"POST {AUDITED}/settle",
        at("inspector", "sibling"),
        Stage.untrue,
        says(settled_as="explained", reason="It was done elsewhere."),
    ),
    role("GET /v1/public/campaigns/{campaign_id}/audits", EVERYBODY, Stage.audit),
)

PLAN = "/v1/upgrade-plans/{plan_id}"
PLAN_DECIDERS = at(("lead", "inspector"), ("parent", "root")) | ADMIN


def carrying_out(verb: str, on: Making, **body: Any) -> Line:
    return Line(f"POST {PLAN}/{verb}", OWN_STAFF, KNOWN - OFFICIALS - LEADS | at("lead", ("parent", "root")), on, says(**body))


def deciding_plan(verb: str, **body: Any) -> Line:
    forbidden = (KNOWN - LEADS | at("lead", "own")) - PLAN_DECIDERS
    return Line(f"POST {PLAN}/{verb}", PLAN_DECIDERS, forbidden, Stage.upgrade_plan, says(**body))


UPGRADE_PLANS = (
    Line(
        "POST /v1/upgrade-plans",
        OFFICIALS | LEADS,
        KNOWN - OFFICIALS - LEADS,
        Stage.unqualified,
        lambda stage, params: {"json": made.upgrade_plan()},
        answers=OK | {409},
    ),
    listing("GET /v1/upgrade-plans", OVERSEERS, "plan_id", GRADE_READERS, Stage.upgrade_plan),
    Line(f"GET {PLAN}", GRADE_READERS, RESIDENTS, Stage.upgrade_plan),
    deciding_plan("accept"),
    deciding_plan("return", reason="Name the streets."),
    carrying_out("actions/{action_id}/done", Stage.accepted_plan, evidence_ids=[str(uuid4())]),
    carrying_out("reassess", Stage.carried_out_plan),
    role("GET /v1/public/units/{unit_id}/upgrade-plan", EVERYBODY, Stage.accepted_plan),
)


OUTCOME = "/v1/outcomes/{outcome_id}"
OUTCOMES = (
    listing("GET /v1/outcomes", OVERSEERS, "outcome_id", SCOPED, Stage.outcome),
    Line(f"GET {OUTCOME}", SCOPED, RESIDENTS, Stage.outcome),
    Line("POST /v1/outcomes", RECORDERS, KNOWN - STAFF, sends=lambda stage, params: {"json": made.outcome(stage)}),
    Line(
        f"POST {OUTCOME}/measurements",
        RECORDERS,
        KNOWN - STAFF,
        Stage.outcome,
        lambda stage, params: {"json": made.measurement()},
    ),
    Line(f"POST {OUTCOME}/publish", LEADERS, KNOWN - LEADS - ADMIN, Stage.outcome, EMPTY),
    Line(f"POST {OUTCOME}/confirm", NO_ONE, OVERSEERS, Stage.outcome, says(noticed="yes")),
    role(f"POST {OUTCOME}/confirm", RESIDENTS, Stage.public_outcome, says(noticed="yes")),
    listing("GET /v1/public/outcomes", EVERYBODY, "outcome_id", EVERYBODY, Stage.public_outcome),
    listing("GET /v1/public/outcomes", EVERYBODY, "outcome_id", NO_ONE, Stage.outcome),
)


def tagged_outcome(stage: Stage, found: Params) -> Mapping[str, Any]:
    return {"json": {"kind": "outcome", "id": found["work_id"]}}


PRIORITY = "/v1/priorities/{priority_id}"
PRIORITIES = (
    listing("GET /v1/priorities", KNOWN, "priority_id", KNOWN, Stage.priority),
    Line("POST /v1/priorities", LEADERS, KNOWN - LEADS - ADMIN, sends=lambda stage, params: {"json": made.priority(stage)}),
    Line(f"POST {PRIORITY}/end", LEADERS, KNOWN - LEADS - ADMIN, Stage.priority, says(until="2126-01-01")),
    Line(f"POST {PRIORITY}/tag", RECORDERS, KNOWN - STAFF, Stage.priority_and_work, tagged_outcome),
    Line(f"POST {PRIORITY}/untag", RECORDERS, KNOWN - STAFF, Stage.priority_and_work, tagged_outcome),
    Line("GET /v1/units/{unit_id}/effort", SCOPED, RESIDENTS, Stage.own),
    role(
        "GET /v1/public/effort",
        EVERYBODY,
        sends=lambda stage, params: {"params": {"unit_id": stage.units["own"], "month": "2026-01"}},
    ),
)

UPPERS = LEADS | INSPECTORS | ADMIN
WATCHERS = at(("lead", "inspector"), ABOVE) | ADMIN

ALARM_READERS_BELOW = at(("lead", "inspector"), "own")
ALARMS = (
    listing("GET /v1/alarms", UPPERS, "alarm_id", WATCHERS, Stage.alarm),
    Line(
        "POST /v1/alarms/{alarm_id}/clear", ABOVE_OWN, ALARM_READERS_BELOW | KNOWN - UPPERS, Stage.alarm, says(reason="A fair.")
    ),
    Line(
        "POST /v1/alarms/{alarm_id}/uphold", ABOVE_OWN, ALARM_READERS_BELOW | KNOWN - UPPERS, Stage.alarm, says(reason="Empty.")
    ),
    role("GET /v1/public/alarms", EVERYBODY),
)

CALLERS_BACK = at("inspector", ("parent", "root")) | ADMIN
CASE_CALL_BACK = "/v1/case-call-backs/{call_back_id}"


def drawn_case_confirmed(stage: Stage, found: Params) -> Mapping[str, Any]:
    return {"json": {"case_id": found["drawn_id"], "found": "confirmed"}}


CASE_CALL_BACKS = (
    listing("GET /v1/case-call-backs", INSPECTORS | ADMIN, "call_back_id", CALLERS_BACK, Stage.case_call_back),
    Line(
        "POST /v1/case-call-backs",
        CALLERS_BACK,
        at("inspector", "own") | NEVER_INSPECT,
        Stage.case_answered_long_ago,
        lambda stage, found: {"json": {"unit_id": stage.units["own"], "size": 1, "seed": "1 2 3", **found}},
    ),
    Line(f"GET {CASE_CALL_BACK}", CALLERS_BACK, NEVER_INSPECT, Stage.case_call_back),
    Line(f"POST {CASE_CALL_BACK}/results", CALLERS_BACK, NEVER_INSPECT, Stage.case_call_back, drawn_case_confirmed),
)


async def code(value: str) -> Params:
    return {"code": value}


HOOK = "/v1/webhooks/{webhook_id}"

GATEWAY = (
    role(
        "POST /v1/auth/token",
        EVERYBODY,
        sends=lambda stage, params: {"data": {"username": "resident", "password": PASSWORD}},
    ),
    role("GET /v1/me", KNOWN),
    role("GET /v1/accounts", ADMIN),
    role(
        "POST /v1/accounts",
        ADMIN,
        sends=lambda stage, params: {"json": {"username": uuid4().hex, "password": PASSWORD, "role": "resident"}},
    ),
    role("GET /v1/webhooks", ADMIN),
    role("POST /v1/webhooks", ADMIN, sends=lambda stage, params: {"json": made.webhook()}),
    role(f"GET {HOOK}", ADMIN, Stage.webhook),
    role(f"DELETE {HOOK}", ADMIN, Stage.webhook),
    role(f"POST {HOOK}/rotate-secret", ADMIN, Stage.webhook),
    role(f"POST {HOOK}/test", ADMIN, Stage.webhook),
    role(f"GET {HOOK}/deliveries", ADMIN, Stage.delivery),
    Line(
        f"POST {HOOK}/deliveries/{{delivery_id}}/retry",
        ADMIN,
        KNOWN - ADMIN,
        Stage.delivery,
        answers=OK | {409},
    ),
)

PARKED = tuple(
    line
    for service in ("assessment", "feedback", "gateway", "visits")
    for line in (
        role(f"GET /v1/operations/{service}/parked-events", ADMIN),
        Line(
            f"POST /v1/operations/{service}/parked-events/{{event_id}}/replay",
            ADMIN,
            KNOWN - ADMIN,
            Stage.parked_event,
            answers=frozenset({404}),
        ),
    )
)

TABLE = (
    *CASES,
    *RETALIATION,
    *TEMPLATES,
    *CATEGORIES,
    *OPINIONS,
    *IDENTITY_REQUESTS,
    *AUDIT,
    *RETENTION,
    *CONTACTS,
    *VISITS,
    *ACTIVITIES,
    *RESEARCH,
    *ASSESSMENT,
    *OUTCOMES,
    *PRIORITIES,
    *ALARMS,
    *CASE_CALL_BACKS,
    *GRADES,
    *AUDITS_OF_GRADES,
    *UPGRADE_PLANS,
    *GATEWAY,
    *PARKED,
)
