"""What is said in a case: messages of both sides, and the unit's question, answer or refusal."""

from uuid import UUID

from services.feedback.cases.actions import advance, permit, record_acknowledgement
from services.feedback.cases.queries import Access, Holder, open_case, show_case
from services.feedback.cases.rules import ClockPolicy, Verb, speaking
from services.feedback.cases.schemas import CaseOut
from services.feedback.conversations.models import Message
from services.feedback.conversations.rules import Side, side_of
from services.feedback.conversations.schemas import AnswerIn, MessageOut
from shared.auth import Principal
from shared.events.feedback import CaseAnswered, CaseMessageAdded, CaseQuestionAsked, CaseRejected, ClockKind
from shared.uow import UnitOfWork


def _append(uow: UnitOfWork, access: Access, text: str) -> Message:
    case = access.case
    case.message_count += 1
    message = Message(
        id=access.new_id(uow),
        case_id=case.id,
        number=case.message_count,
        by=side_of(access.party),
        text=text,
        added_at=access.moment(uow),
    )
    uow.session.add(message)
    return message


async def add_message(uow: UnitOfWork, who: Principal | Holder, case_id: UUID, text: str) -> MessageOut:
    """Either side speaks again; the speaker's word takes the case out of waiting, and its clocks go on.

    Events: CaseMessageAdded. Raises `NotFound`, `Forbidden`, `Conflict` once the case is closed.
    """
    access = await open_case(uow, who, case_id, lock=True)
    permit(access, Verb.message)
    await advance(uow, access, speaking(access.case.state, access.party))
    message = _append(uow, access, text)
    event = CaseMessageAdded(
        case_id=case_id,
        unit_id=access.case.unit_id,
        message_id=message.id,
        by_unit=message.by is Side.unit,
        added_at=message.added_at,
    )
    await uow.record(event, coarse=access.coarse)
    return MessageOut.model_validate(message)


async def ask_resident(uow: UnitOfWork, principal: Principal, case_id: UUID, text: str) -> CaseOut:
    """The unit needs to hear more; until the speaker writes, the clocks of its answer and of the resolution stand still.

    Events: CaseAcknowledged where nobody had acknowledged, CaseQuestionAsked. Raises `NotFound`, `Forbidden`, `Conflict`.
    """
    access = await open_case(uow, principal, case_id, lock=True)
    permit(access, Verb.ask)
    case = access.case
    met = await advance(uow, access, Verb.ask)
    message = _append(uow, access, text)
    await record_acknowledgement(uow, case, met)
    await uow.record(CaseQuestionAsked(case_id=case_id, unit_id=case.unit_id, message_id=message.id, asked_at=message.added_at))
    return await show_case(uow, access)


async def reject_case(uow: UnitOfWork, principal: Principal, case_id: UUID, reason: str) -> CaseOut:
    """The unit declines the case; the reason is its last message to the speaker. No clock is met by it, all are stopped.

    Events: CaseRejected. Raises `NotFound`, `Forbidden`, `Conflict`.
    """
    access = await open_case(uow, principal, case_id, lock=True)
    permit(access, Verb.reject)
    case = access.case
    await advance(uow, access, Verb.reject, reason=reason)
    message = _append(uow, access, reason)
    await uow.record(
        CaseRejected(case_id=case_id, unit_id=case.unit_id, finding_id=case.finding_id, rejected_at=message.added_at)
    )
    return await show_case(uow, access)


async def answer_case(uow: UnitOfWork, policy: ClockPolicy, principal: Principal, case_id: UUID, said: AnswerIn) -> CaseOut:
    """The unit answers; a first answer also acknowledges a case that nobody had acknowledged.

    Events: CaseAcknowledged where it does, CaseAnswered. Raises `NotFound`, `Forbidden`, `Conflict`.
    """
    access = await open_case(uow, principal, case_id, lock=True)
    permit(access, Verb.answer)
    case = access.case
    met = await advance(uow, access, Verb.answer)
    message = _append(uow, access, said.text)
    case.outcome = said.outcome or case.outcome
    case.judge_until = message.added_at + policy.close_unconfirmed_after
    await record_acknowledgement(uow, case, met)
    first = next((clock for clock in met if clock.kind is ClockKind.first_answer), None)
    event = CaseAnswered(
        case_id=case_id,
        unit_id=case.unit_id,
        finding_id=case.finding_id,
        answered_at=message.added_at,
        first=first is not None,
        in_time=first is None or message.added_at <= first.due_at,
    )
    await uow.record(event)
    return await show_case(uow, access)
