"""What is said in a case: messages of both sides, and the unit's question, answer or refusal.

What a unit says in a case it says in every open case that is merged into it too, each with its own thread, state and clocks.
"""

from uuid import UUID

from sqlalchemy import select
from sqlmodel import col

from services.feedback.cases.actions.acknowledging import record_acknowledgement
from services.feedback.cases.actions.advancing import advance, permit
from services.feedback.cases.actions.clocks import terms_of
from services.feedback.cases.queries.access import Access, Holder, nearest_above, open_case, open_followers
from services.feedback.cases.queries.reading import show_case
from services.feedback.cases.rules import TRANSITIONS, VERBS_OF, Side, Verb, side_of, speaking
from services.feedback.cases.schemas import CaseOut
from services.feedback.cases.sealing import seal
from services.feedback.conversations.models import Message
from services.feedback.conversations.queries import show_message
from services.feedback.conversations.rules import MessageKind, RejectionGround
from services.feedback.conversations.schemas import AnswerIn, MessageOut
from services.feedback.decisions.actions import tell_decision
from services.feedback.decisions.rules import Kind, Rule
from services.feedback.errors import not_yours_to_do
from shared.auth import Principal
from shared.errors import NotFound
from shared.events.feedback import CaseAnswered, CaseMessageAdded, CaseQuestionAsked, CaseRejected, ClockKind, DecidedAbout
from shared.uow import UnitOfWork


async def add_message(uow: UnitOfWork, who: Principal | Holder, case_id: UUID, text: str) -> MessageOut:
    """Either side speaks again; the speaker's word takes the case out of waiting, and its clocks go on.

    Events: CaseMessageAdded. Raises `NotFound`, `Forbidden`, `Conflict` once the case is closed.
    """
    access = await open_case(uow, who, case_id, lock=True)
    permit(access, Verb.message)
    message = await _write(uow, access, text)
    for follower in await _followers(uow, access, Verb.message):
        await _write(uow, follower, text)
    return show_message(uow, access, message)


async def ask_resident(uow: UnitOfWork, principal: Principal, case_id: UUID, text: str) -> CaseOut:
    """The unit needs to hear more; until the speaker writes, the clocks of its answer and of the resolution stand still.

    Events: CaseAcknowledged where nobody had acknowledged, CaseQuestionAsked. Raises `NotFound`, `Forbidden`, `Conflict`.
    """
    access = await open_case(uow, principal, case_id, lock=True)
    permit(access, Verb.ask)
    for asked in (access, *await _followers(uow, access, Verb.ask)):
        await _ask(uow, asked, text)
    return await show_case(uow, access)


async def answer_case(uow: UnitOfWork, principal: Principal, case_id: UUID, said: AnswerIn) -> CaseOut:
    """The unit answers; a first answer also acknowledges a case that nobody had acknowledged.

    Events: CaseAcknowledged where it does, CaseAnswered. Raises `NotFound`, `Forbidden`, `Conflict`.
    """
    access = await open_case(uow, principal, case_id, lock=True)
    permit(access, Verb.answer)
    for answered in (access, *await _followers(uow, access, Verb.answer)):
        await _answer(uow, answered, said)
    return await show_case(uow, access)


async def reject_case(
    uow: UnitOfWork, principal: Principal, case_id: UUID, reason: str, ground: RejectionGround = RejectionGround.other
) -> CaseOut:
    """The unit declines the case; the reason is its last message to the speaker. No clock is met by it, all are stopped.

    The speaker may appeal for a while, where there is a unit above that the case is not about.

    Events: CaseRejected, DecisionMade. Raises `NotFound`, `Forbidden`, `Conflict`.
    """
    access = await open_case(uow, principal, case_id, lock=True)
    permit(access, Verb.reject)
    for rejected in (access, *await _followers(uow, access, Verb.reject)):
        await _reject(uow, rejected, reason, ground)
    return await show_case(uow, access)


async def read_messages(uow: UnitOfWork, who: Principal | Holder, case_id: UUID, up_to: UUID | int) -> CaseOut:
    """The caller's side has seen the conversation up to a message; what it had seen before stays seen.

    For those who may write in it. Raises `NotFound` (also message-not-found), `Forbidden`.
    """
    access = await open_case(uow, who, case_id, lock=True)
    if Verb.message not in VERBS_OF[access.party]:
        raise not_yours_to_do("mark its messages as read")
    which = col(Message.id) == up_to if isinstance(up_to, UUID) else col(Message.number) == up_to
    number = await uow.session.scalar(select(col(Message.number)).where(col(Message.case_id) == case_id, which))
    if number is None:
        raise NotFound("message-not-found", "No message of this case has this id or number: list them first.")
    _mark_read(access, number)
    return await show_case(uow, access)


async def _followers(uow: UnitOfWork, access: Access, verb: Verb) -> list[Access]:
    """The cases in which the unit says the same: those merged into this one that are open and take the verb now."""
    if side_of(access.party) is Side.resident:
        return []
    return [follower for follower in await open_followers(uow, access) if (follower.case.state, verb) in TRANSITIONS]


async def _write(uow: UnitOfWork, access: Access, text: str) -> Message:
    await advance(uow, access, speaking(access.case.state, access.party))
    message = _append(uow, access, MessageKind.message, text)
    event = CaseMessageAdded(
        case_id=message.case_id,
        unit_id=access.case.unit_id,
        message_id=message.id,
        by_unit=message.by is Side.unit,
        added_at=message.added_at,
    )
    await uow.record(event, coarse=access.coarse)
    return message


async def _ask(uow: UnitOfWork, access: Access, text: str) -> None:
    case = access.case
    met = await advance(uow, access, Verb.ask)
    message = _append(uow, access, MessageKind.question, text)
    await record_acknowledgement(uow, case, met)
    await uow.record(CaseQuestionAsked(case_id=case.id, unit_id=case.unit_id, message_id=message.id, asked_at=message.added_at))


async def _answer(uow: UnitOfWork, access: Access, said: AnswerIn) -> None:
    case = access.case
    met = await advance(uow, access, Verb.answer)
    message = _append(uow, access, MessageKind.answer, said.text)
    case.outcome = seal(uow, case, said.outcome) or case.outcome
    case.judge_until = terms_of(uow, case).judge_until(message.added_at)
    await record_acknowledgement(uow, case, met)
    first = next((clock for clock in met if clock.kind is ClockKind.first_answer), None)
    event = CaseAnswered(
        case_id=case.id,
        unit_id=case.unit_id,
        finding_id=case.finding_id,
        answered_at=message.added_at,
        first=first is not None,
        in_time=first is None or message.added_at <= first.due_at,
    )
    await uow.record(event)


async def _reject(uow: UnitOfWork, access: Access, reason: str, ground: RejectionGround) -> None:
    case = access.case
    await advance(uow, access, Verb.reject, reason=reason)
    message = _append(uow, access, MessageKind.rejection, reason)
    appealable = await nearest_above(uow, case) is not None
    case.appealable_until = terms_of(uow, case).appealable_until(message.added_at) if appealable else None
    event = CaseRejected(case_id=case.id, unit_id=case.unit_id, finding_id=case.finding_id, rejected_at=message.added_at)
    await uow.record(event)
    await tell_decision(
        uow,
        Kind.rejected,
        Rule.rejected,
        ground,
        about=DecidedAbout.case,
        id=case.id,
        unit_id=case.unit_id,
        at=message.added_at,
        role=access.role,
        by_unit_id=access.unit_id,
    )


def _append(uow: UnitOfWork, access: Access, kind: MessageKind, text: str) -> Message:
    """Who writes has seen what came before; but a unit that answers one case with another has not seen what was said in both."""
    case, side = access.case, side_of(access.party)
    unseen = side is Side.unit and access.standing.merged and case.read_by_unit < case.message_count
    case.message_count += 1
    case.last_said_by = side
    if not unseen:
        _mark_read(access, case.message_count)
    message = Message(
        id=access.new_id(uow),
        case_id=case.id,
        number=case.message_count,
        by=side,
        unit_id=None if side is Side.resident else access.unit_id or case.unit_id,
        kind=kind,
        text=seal(uow, case, text),
        added_at=access.moment(uow),
    )
    uow.session.add(message)
    return message


def _mark_read(access: Access, number: int) -> None:
    case = access.case
    if side_of(access.party) is Side.resident:
        case.read_by_resident = max(case.read_by_resident, number)
    else:
        case.read_by_unit = max(case.read_by_unit, number)
