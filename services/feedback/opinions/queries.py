"""Proofs of what was filed."""

from uuid import UUID

from services.feedback.cases.models import Case
from services.feedback.cases.queries.access import Holder, is_speaker, open_case
from services.feedback.cases.sealing import LOST, unseal
from services.feedback.errors import opinion_not_found
from services.feedback.ledger.queries import prove
from services.feedback.ledger.rules import content_of
from services.feedback.ledger.schemas import ProofOut
from services.feedback.opinions.models import Opinion
from shared.auth import Principal
from shared.uow import UnitOfWork


async def prove_own(uow: UnitOfWork, principal: Principal, opinion_id: UUID) -> ProofOut:
    """Only its speaker may. Raises `NotFound` (opinion-not-found), `Conflict` (proof-not-ready, no-proof)."""
    opinion = await uow.session.get(Opinion, opinion_id)
    case = await uow.session.get(Case, opinion.case_id) if opinion else None
    if opinion is None or case is None or not is_speaker(uow, principal, {"owner_id": case.owner_id}):
        raise opinion_not_found()
    return await _prove(uow, opinion, case)


async def prove_held(uow: UnitOfWork, holder: Holder) -> ProofOut:
    """Raises `Conflict` (proof-not-ready, no-proof)."""
    case = (await open_case(uow, holder, holder.case_id)).case
    assert case.opinion_id is not None, "only opinions have receipts"
    return await _prove(uow, await uow.session.get_one(Opinion, case.opinion_id), case)


async def _prove(uow: UnitOfWork, opinion: Opinion, case: Case) -> ProofOut:
    content = None
    title, body = unseal(uow, case.id, case.title), unseal(uow, case.id, case.body)
    if body is not None and LOST not in (title, body):
        content = content_of(case.channel, title, body, unit_id=opinion.unit_id, filed_at=opinion.submitted_at)
    return await prove(uow, opinion.id, content)
