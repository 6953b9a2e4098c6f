"""Events as feedback and visits tell them, with only what a test wants to say."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from shared.auth import Role
from shared.events.envelope import Event
from shared.events.feedback import (
    AppealDecided,
    CaseAcknowledged,
    CaseAnswered,
    CaseConfirmed,
    CaseEscalatedV2,
    CaseHandedOver,
    CaseLapsed,
    CaseOpened,
    CaseRejected,
    CaseReopened,
    CaseSource,
    CaseWithdrawn,
    ClockBreachedV2,
    ClockKind,
    DecidedAbout,
    DecisionMade,
    EscalationCause,
    RetaliationClimbed,
    RetaliationDecided,
    RetaliationReported,
)
from shared.events.visits import (
    ActivityHeld,
    ActivityPlanned,
    CancelCause,
    VisitCancelled,
    VisitCounted,
    VisitEffect,
    VisitMissed,
    VisitPlanned,
    VisitRecorded,
)

START = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
"""Half an hour after the tests' clock."""

NO_RATE = {"value": None, "n": 0, "low": None, "high": None, "suppressed": False}
NO_VISITS = {
    **dict.fromkeys(("planned", "done", "done_late", "missed", "refused", "with_findings", "counted"), 0),
    "on_time": NO_RATE,
}
"""What a scorecard says where there were none."""


def after(hours: float) -> datetime:
    return START + timedelta(hours=hours)


class Story:
    """The events of one case or visit of one unit; `hours` count from `START`."""

    def __init__(self, unit: Any, id: UUID | None = None) -> None:
        self.unit_id = UUID(unit["id"])
        self.id = id or uuid4()

    @property
    def case(self) -> dict[str, UUID]:
        return {"case_id": self.id, "unit_id": self.unit_id}

    @property
    def visit(self) -> dict[str, UUID]:
        return {"visit_id": self.id, "plan_id": self.id, "unit_id": self.unit_id}

    def opened(self, hours: float = 0) -> Event:
        return CaseOpened(
            **self.case,
            source=CaseSource.opinion,
            opinion_id=self.id,
            finding_id=None,
            visit_id=None,
            channel="public_opinion",
            category=None,
            opened_at=after(hours),
            clocks=(),
        )

    def acknowledged(self, hours: float = 1, *, in_time: bool = True) -> Event:
        return CaseAcknowledged(**self.case, acknowledged_at=after(hours), in_time=in_time)

    def answered(self, hours: float = 2, *, first: bool = True, in_time: bool = True) -> Event:
        return CaseAnswered(**self.case, finding_id=None, answered_at=after(hours), first=first, in_time=in_time)

    def confirmed(self, hours: float = 3, *, resolved: bool = True, satisfied: bool | None = None, judgement: int = 1) -> Event:
        said = {"resolved": resolved, "satisfied": satisfied, "score": None}
        return CaseConfirmed(**self.case, **said, finding_id=None, judgement=judgement, confirmed_at=after(hours))

    def lapsed(self, hours: float = 3) -> Event:
        return CaseLapsed(**self.case, finding_id=None, lapsed_at=after(hours))

    def reopened(self, hours: float = 4, *, judgement: int = 1) -> Event:
        return CaseReopened(**self.case, judgement=judgement, reopened_count=1, reopened_at=after(hours), clocks=())

    def rejected(self, hours: float = 2) -> Event:
        return CaseRejected(**self.case, finding_id=None, rejected_at=after(hours))

    def withdrawn(self, hours: float = 2) -> Event:
        return CaseWithdrawn(**self.case, withdrawn_at=after(hours))

    def breached(self, hours: float = 5, *, kind: ClockKind = ClockKind.first_answer) -> Event:
        return ClockBreachedV2(**self.case, kind=kind, due_at=after(hours), breached_at=after(hours))

    def escalated(self, hours: float = 5, *, cause: EscalationCause = EscalationCause.first_answer) -> Event:
        return CaseEscalatedV2(**self.case, to_unit_id=uuid4(), cause=cause, round=0, step=1, escalated_at=after(hours))

    def handed_over(self, hours: float = 3, *, count: int = 1) -> Event:
        told = {"finding_id": None, "from_unit_id": uuid4(), "handed_over_count": count}
        return CaseHandedOver(**self.case, **told, handed_over_at=after(hours))

    def decided(self, hours: float = 4, *, overturned: bool = True) -> Event:
        return AppealDecided(**self.case, by_unit_id=uuid4(), overturned=overturned, decided_at=after(hours), clocks=())

    def planned(self, hours: float = 0) -> Event:
        return VisitPlanned(**self.visit, window_starts_at=after(hours), window_ends_at=after(hours + 1))

    def missed(self, hours: float = 1) -> Event:
        return VisitMissed(**self.visit, window_ends_at=after(hours), missed_at=after(hours))

    def cancelled(self, hours: float = 1) -> Event:
        return VisitCancelled(**self.visit, cause=CancelCause.plan_changed, cancelled_at=after(hours))

    def counted(self, hours: float = 1) -> Event:
        return VisitCounted(**self.visit, by=VisitEffect.finding, occurred_at=after(hours), counted_at=after(hours))

    def recorded(self, hours: float = 1, *, findings: int = 0, outcome: str = "done") -> Event:
        return VisitRecorded(
            **self.visit, outcome=outcome, occurred_at=after(hours), recorded_at=after(hours), late=False, findings=findings
        )


def decision_made(
    unit: Any, about: DecidedAbout = DecidedAbout.case, *, role: Role | None = Role.official, hours: float = 0
) -> DecisionMade:
    """A rejection, as feedback tells it for the register."""
    return DecisionMade(
        decision_id=uuid4(),
        about=about,
        subject_id=uuid4(),
        unit_id=UUID(unit["id"]),
        kind="case.rejected",
        rule="case.rejected-with-reason",
        reason="not_our_duty",
        role=role,
        by_unit_id=UUID(unit["id"]) if role else None,
        decided_at=after(hours),
    )


def activity_planned(unit: Any, activity_id: UUID, hours: float = 0) -> Event:
    told = {"activity_id": activity_id, "unit_id": UUID(unit["id"]), "kind": "forum", "linked": True}
    return ActivityPlanned(**told, starts_at=after(hours), planned_at=after(hours))


def activity_held(unit: Any, activity_id: UUID, hours: float = 1) -> Event:
    sides = dict.fromkeys(("officials", "residents", "official_turns", "resident_turns", "needs"), 1)
    return ActivityHeld(activity_id=activity_id, unit_id=UUID(unit["id"]), kind="forum", **sides, recorded_at=after(hours))


def retaliation_reported(unit: Any, report_id: UUID, hours: float = 0) -> list[Event]:
    """A report that `unit` looks into, and did not decide in time."""
    at, inspecting = after(hours), UUID(unit["id"])
    return [
        RetaliationReported(report_id=report_id, unit_id=inspecting, reported_at=at),
        RetaliationClimbed(report_id=report_id, unit_id=inspecting, climbed_at=at),
    ]


def retaliation_decided(unit: Any, hours: float = 0, *, substantiated: bool = True, report_id: UUID | None = None) -> Event:
    """That `unit` retaliated, or that nobody did."""
    return RetaliationDecided(
        report_id=report_id or uuid4(),
        unit_id=UUID(unit["id"]) if substantiated else None,
        substantiated=substantiated,
        decided_at=after(hours),
    )


def judged_cases(
    unit: Any, *, due: int, in_time: int, judged: int, resolved: int, rated: int, satisfied: int, hours: float = 0
) -> list[Event]:
    """`due` cases, the first `in_time` of them answered in time and the others late, the first `judged` of them judged, ..."""
    events: list[Event] = []
    for number in range(due):
        story = Story(unit)
        events += [story.opened(hours), story.acknowledged(hours + 1), story.answered(hours + 2, in_time=number < in_time)]
        if number < judged:
            opinion = number < satisfied if number < rated else None
            events.append(story.confirmed(hours + 3, resolved=number < resolved, satisfied=opinion))
    return events
