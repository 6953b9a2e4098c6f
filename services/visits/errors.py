"""Answers of this service that more than one noun gives. What a caller may not see is answered as what does not exist."""

from shared.errors import NotFound


def unit_not_found() -> NotFound:
    return NotFound("unit-not-found", "No unit has this id. List the units with GET /v1/units.")


def plan_not_found() -> NotFound:
    return NotFound("visit-plan-not-found", "There is no visit plan with this id that you may see.")


def visit_not_found() -> NotFound:
    return NotFound("visit-not-found", "There is no visit with this id that you may see.")


def post_not_found() -> NotFound:
    return NotFound("post-not-found", "There is no post with this id that you may see.")


def contact_not_found() -> NotFound:
    return NotFound("contact-not-found", "There is no contact with this id that you may see.")


def request_not_found() -> NotFound:
    return NotFound("visit-request-not-found", "There is no request for a visit in this case that you may see.")


def calendar_not_found() -> NotFound:
    return NotFound("calendar-not-found", "There is no such calendar. Open one with POST /v1/calendars.")


def finding_not_found() -> NotFound:
    return NotFound("finding-not-found", "There is no finding with this id that you may see.")


def template_not_found() -> NotFound:
    return NotFound(
        "visit-template-not-found", "There is no such visit template that you may use. List them with GET /v1/visit-templates."
    )


def promise_not_found() -> NotFound:
    return NotFound("promise-not-found", "There is no promise with this id that you may see.")


def call_back_not_found() -> NotFound:
    return NotFound("call-back-not-found", "There is no call-back with this id that you may see.")


def proposal_not_found() -> NotFound:
    return NotFound("visit-proposal-not-found", "There is no visit proposal with this id that you may see.")
