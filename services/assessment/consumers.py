"""What this service does when others tell it something: one table, event type -> handler."""

from services.assessment.alarms.actions import keep_closing
from services.assessment.decisions.actions import enter_decision
from services.assessment.indicators import actions
from services.assessment.priorities.actions import keep_activity
from services.assessment.simulations import actions as replays
from shared.consumer import Handlers
from shared.events.envelope import Record
from shared.events.feedback import (
    AppealDecided,
    CaseAcknowledged,
    CaseAnswered,
    CaseConfirmed,
    CaseEscalated,
    CaseEscalatedV2,
    CaseHandedOver,
    CaseLapsed,
    CaseOpened,
    CaseQuestionAsked,
    CaseRejected,
    CaseReopened,
    CaseWithdrawn,
    ClockBreached,
    ClockBreachedV2,
    DecisionMade,
    RetaliationDecided,
)
from shared.events.visits import (
    ActivityHeld,
    ActivityPlanned,
    PromiseBroken,
    PromiseKept,
    PromiseWithdrawn,
    VisitCancelled,
    VisitCounted,
    VisitMissed,
    VisitPlanned,
    VisitRecorded,
)
from shared.uow import UnitOfWork


async def on_case_opened(uow: UnitOfWork, event: CaseOpened, record: Record) -> None:
    await actions.keep_case_opened(uow, event)
    await replays.keep_case_opened(uow, event)


async def on_case_acknowledged(uow: UnitOfWork, event: CaseAcknowledged, record: Record) -> None:
    await actions.keep_case_acknowledged(uow, event)


async def on_case_answered(uow: UnitOfWork, event: CaseAnswered, record: Record) -> None:
    await actions.keep_case_answered(uow, event)
    await keep_closing(uow, event.unit_id, event.case_id, event.answered_at)


async def on_case_rejected(uow: UnitOfWork, event: CaseRejected, record: Record) -> None:
    await keep_closing(uow, event.unit_id, event.case_id, event.rejected_at)
    await replays.keep_case_rejected(uow, event)


async def on_case_withdrawn(uow: UnitOfWork, event: CaseWithdrawn, record: Record) -> None:
    await replays.keep_case_withdrawn(uow, event)


async def on_case_confirmed(uow: UnitOfWork, event: CaseConfirmed, record: Record) -> None:
    await actions.keep_case_confirmed(uow, event)


async def on_case_lapsed(uow: UnitOfWork, event: CaseLapsed, record: Record) -> None:
    await actions.keep_case_lapsed(uow, event)
    await replays.keep_case_lapsed(uow, event)


async def on_case_reopened(uow: UnitOfWork, event: CaseReopened, record: Record) -> None:
    await actions.keep_case_reopened(uow, event)


async def on_case_handed_over(uow: UnitOfWork, event: CaseHandedOver, record: Record) -> None:
    await actions.keep_case_handed_over(uow, event)


async def on_appeal_decided(uow: UnitOfWork, event: AppealDecided, record: Record) -> None:
    await actions.keep_appeal_decided(uow, event)


async def on_clock_breached(uow: UnitOfWork, event: ClockBreached | ClockBreachedV2, record: Record) -> None:
    await actions.keep_clock_breached(uow, event)
    await replays.keep_clock_breached(uow, event)


async def on_case_question_asked(uow: UnitOfWork, event: CaseQuestionAsked, record: Record) -> None:
    await replays.keep_question_asked(uow, event)


async def on_case_escalated(uow: UnitOfWork, event: CaseEscalated | CaseEscalatedV2, record: Record) -> None:
    await actions.keep_case_escalated(uow, event)


async def on_retaliation_decided(uow: UnitOfWork, event: RetaliationDecided, record: Record) -> None:
    await actions.keep_retaliation_decided(uow, event)


async def on_decision_made(uow: UnitOfWork, event: DecisionMade, record: Record) -> None:
    await enter_decision(uow, event)


async def on_visit_planned(uow: UnitOfWork, event: VisitPlanned, record: Record) -> None:
    await actions.keep_visit_planned(uow, event)


async def on_visit_recorded(uow: UnitOfWork, event: VisitRecorded, record: Record) -> None:
    await actions.keep_visit_recorded(uow, event)


async def on_visit_missed(uow: UnitOfWork, event: VisitMissed, record: Record) -> None:
    await actions.keep_visit_missed(uow, event)


async def on_visit_cancelled(uow: UnitOfWork, event: VisitCancelled, record: Record) -> None:
    await actions.keep_visit_cancelled(uow, event)


async def on_visit_counted(uow: UnitOfWork, event: VisitCounted, record: Record) -> None:
    await actions.keep_visit_counted(uow, event)


async def on_promise_kept(uow: UnitOfWork, event: PromiseKept, record: Record) -> None:
    await actions.keep_promise_kept(uow, event)


async def on_promise_broken(uow: UnitOfWork, event: PromiseBroken, record: Record) -> None:
    await actions.keep_promise_broken(uow, event)


async def on_promise_withdrawn(uow: UnitOfWork, event: PromiseWithdrawn, record: Record) -> None:
    await actions.keep_promise_withdrawn(uow, event)


async def on_activity_planned(uow: UnitOfWork, event: ActivityPlanned, record: Record) -> None:
    await keep_activity(uow, event.activity_id, event.unit_id, None)


async def on_activity_held(uow: UnitOfWork, event: ActivityHeld, record: Record) -> None:
    await keep_activity(uow, event.activity_id, event.unit_id, event.recorded_at)


CONSUMES: Handlers = {
    CaseOpened: on_case_opened,
    CaseAcknowledged: on_case_acknowledged,
    CaseAnswered: on_case_answered,
    CaseRejected: on_case_rejected,
    CaseConfirmed: on_case_confirmed,
    CaseLapsed: on_case_lapsed,
    CaseReopened: on_case_reopened,
    CaseHandedOver: on_case_handed_over,
    AppealDecided: on_appeal_decided,
    ClockBreached: on_clock_breached,
    ClockBreachedV2: on_clock_breached,
    CaseQuestionAsked: on_case_question_asked,
    CaseWithdrawn: on_case_withdrawn,
    CaseEscalated: on_case_escalated,
    CaseEscalatedV2: on_case_escalated,
    RetaliationDecided: on_retaliation_decided,
    DecisionMade: on_decision_made,
    VisitPlanned: on_visit_planned,
    VisitRecorded: on_visit_recorded,
    VisitMissed: on_visit_missed,
    VisitCancelled: on_visit_cancelled,
    VisitCounted: on_visit_counted,
    PromiseKept: on_promise_kept,
    PromiseBroken: on_promise_broken,
    PromiseWithdrawn: on_promise_withdrawn,
    ActivityPlanned: on_activity_planned,
    ActivityHeld: on_activity_held,
}
