"""REST of opinions."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError
from starlette.types import Receive, Scope, Send

from services.feedback.cases.queries.access import Holder
from services.feedback.cases.rules import Protection
from services.feedback.challenges.routes import PROVING, UNPROVEN, GuardedQueryRoute, let_in
from services.feedback.ledger.schemas import ProofOut
from services.feedback.opinions import actions, queries
from services.feedback.opinions.schemas import OpinionIn, OpinionOut
from services.feedback.protection.routes import Desk, through_gateway
from services.feedback.protection.schemas import Shown
from shared.auth import ANONYMOUS, Caller, Known, Principal, get_principal
from shared.http import EdgeRoute, ProblemRoute, Uow, replayed
from shared.idempotency import HEADER, Seal, make_seal


class IntakeRoute(ProblemRoute):
    """Described by its signature like every route, but run without a session of its own and without FastAPI's general
    machinery for parameters and errors: the body is parsed and checked in one pass, and what goes wrong is told by the
    application's own handlers. That halves the cost of a request."""

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        super().__init__(path, endpoint, **options)
        self.app = self._take

    async def _take(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive, send)
        principal = get_principal(request)
        answer: Response = await self.endpoint(request, principal, read_opinion(await request.body()))
        await answer(scope, receive, send)


router = APIRouter(prefix="/v1/opinions", route_class=IntakeRoute, tags=["opinions"])
proving = APIRouter(prefix="/v1/opinions", route_class=EdgeRoute, tags=["opinions"])
receipts = APIRouter(prefix="/v1/receipts", route_class=GuardedQueryRoute, tags=["receipts"], dependencies=through_gateway)


@router.post("", status_code=201, response_model=OpinionOut, responses=UNPROVEN, openapi_extra=PROVING)
async def submit_opinion(request: Request, principal: Caller, body: OpinionIn) -> Response:
    """Say something to a unit, by name, in confidence, or anonymously; 201 only once it is committed.

    `readers` are all the units that can read it. An anonymous speaker gets a `receipt`, the one way back to the case; so does
    somebody for whom it was written down, who may also make the case an account's with it: POST /v1/receipts/claim.
    """
    await let_in(request, principal, body.channel)
    speaker = ANONYMOUS if body.protection is Protection.anonymous else principal
    seal = await _seal(request, speaker)
    answer = await actions.submit_opinion(request.app.state.counter, principal, body, seal)
    if answer.replayed:
        return replayed(answer.status, answer.body)
    return Response(answer.body, answer.status, media_type="application/json")


@proving.get("/{opinion_id}/proof")
async def get_opinion_proof(uow: Uow, principal: Known, opinion_id: UUID) -> ProofOut:
    """Proof that you filed this, once its day is sealed. `massline verify` checks it without any server.

    It shows your words to whoever finds it: fetch it only if you need it.
    """
    return await queries.prove_own(uow, principal, opinion_id)


@receipts.post("/proof")
async def get_receipt_proof(uow: Uow, desk: Desk, body: Shown) -> ProofOut:
    """The same by receipt."""
    return await queries.prove_held(uow, Holder(await desk.show(body.receipt)))


def read_opinion(body: bytes) -> OpinionIn:
    """Raises `RequestValidationError`, as FastAPI would."""
    try:
        return OpinionIn.model_validate_json(body)
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False, include_context=False)
        raise RequestValidationError([{**problem, "loc": ("body", *problem["loc"])} for problem in found]) from None


async def _seal(request: Request, caller: Principal) -> Seal | None:
    key = request.headers.get(HEADER)
    if key is None:
        return None
    pepper = request.app.state.settings.pepper.get_secret_value()
    path = request.scope["path"]
    return make_seal(pepper, key=key, caller=caller, method=request.method, path=path, body=await request.body())
