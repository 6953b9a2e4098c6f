"""How long a speaker is watched over, who looks into a report of retaliation, and by when. Pure."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from enum import StrEnum
from uuid import UUID

from services.feedback.cases.rules import unblamed
from shared.errors import Conflict, Invalid
from shared.languages import Language

WATCH = timedelta(days=180)
CHECK_IN_EVERY = timedelta(days=30)
ACKNOWLEDGE_WITHIN = timedelta(days=7)
DECIDE_WITHIN = timedelta(days=30)
"""The watch lasts from filing, and anew from each report. Directive (EU) 2019/1937 gives seven days to acknowledge a report, and
three months to say what was done about it; here somebody may be in danger, so a third of those must do."""

MOST_ACCUSED = 20
"""How many units one report may name."""


class ReportState(StrEnum):
    reported = "reported"
    acknowledged = "acknowledged"
    decided = "decided"


class Verb(StrEnum):
    acknowledge = "acknowledge"
    decide = "decide"


TRANSITIONS: Mapping[tuple[ReportState, Verb], ReportState] = {
    (ReportState.reported, Verb.acknowledge): ReportState.acknowledged,
    (ReportState.reported, Verb.decide): ReportState.decided,
    (ReportState.acknowledged, Verb.decide): ReportState.decided,
}

INSPECTS, CLIMBED = "inspects", "climbed"
WHY: Mapping[Language, Mapping[str, str]] = {
    Language.en: {
        INSPECTS: "It looks into your report of retaliation: its lead and its inspectors read it, and nobody else does.",
        CLIMBED: "Its lead and its inspectors read your report of retaliation too, because the unit below was late.",
    },
    Language.zh: {
        INSPECTS: "它负责调查您对打击报复的举报：只有其负责人和督查人员能看到。",
        CLIMBED: "下级单位逾期未处理，因此其负责人和督查人员也能看到您对打击报复的举报。",
    },
}
"""Why a unit reads a report."""

ADVICE: Mapping[Language, str] = {
    Language.en: "If somebody harms or threatens you because you spoke, report it with POST {way}. The report goes past the unit "
    "of your case to one above it, and you are shown who reads it. If you are in danger now, get yourself to safety first.",
    Language.zh: "如果有人因您反映情况而伤害或威胁您，请用 POST {way} 举报。举报不经过承办单位，直接送达其上级单位，"
    "谁能看到会向您列明。如果您现在有危险，请先确保自身安全。",
}
"""For whoever says that they are not safe; `way` is the route that takes a report."""


def watched_until(opened_at: datetime, reported_at: Iterable[datetime]) -> datetime:
    return max([opened_at, *reported_at]) + WATCH


def check_watch(until: datetime, now: datetime) -> None:
    """Raises `Conflict` (watch-over)."""
    if now > until:
        raise Conflict(
            "watch-over", f"The watch over this opinion ended on {until:%Y-%m-%d}: submit a new opinion about what happened."
        )


def next_check_in(opened_on: date, last_on: date | None, until: date, today: date) -> date | None:
    """The day from which one is due; it may have passed. None when the watch ends before."""
    due_on = (last_on or opened_on) + CHECK_IN_EVERY
    return due_on if max(due_on, today) <= until else None


def next_state(state: ReportState, verb: Verb) -> ReportState:
    """Raises `Conflict` (report-state)."""
    if (state, verb) not in TRANSITIONS:
        raise Conflict("report-state", f"This report is {state}, so it takes no {verb}: read it again.")
    return TRANSITIONS[state, verb]


def due_at(state: ReportState, acknowledge_by: datetime, decide_by: datetime) -> datetime | None:
    """The deadline that counts now."""
    deadlines = {ReportState.reported: acknowledge_by, ReportState.acknowledged: decide_by}
    return deadlines.get(state)


def overseers(chain: Sequence[UUID], blamed: Collection[UUID], never: Collection[UUID]) -> list[UUID]:
    """Those of a chain (nearest first) that may look into a report: not blamed, not below a blamed one, and not among `never`."""
    return [unit_id for unit_id in unblamed(chain, blamed) if unit_id not in never]


def inspecting(
    chain: Sequence[UUID], owners: Iterable[Sequence[UUID]], blamed: Collection[UUID], never: Collection[UUID]
) -> UUID | None:
    """The nearest that may look into a report, above the case's unit (`chain`) and above every unit that owed the case before
    (`owners`, a chain each). None if there is none."""
    above_all = [set(owner[1:]) for owner in (chain, *owners)]
    fit = (unit_id for unit_id in overseers(chain, blamed, never) if all(unit_id in above for above in above_all))
    return next(fit, None)


def topmost(chains: Iterable[Sequence[UUID]], blamed: Collection[UUID]) -> UUID:
    """Where no unit above is left: of the units at the lower end of these chains, the first of those highest up that are neither
    blamed nor below a blamed one; also one that owed the case or works on it, for else a unit could keep a report from everybody
    by handing the case round. Raises `Invalid` (no-inspector-left)."""
    fit = [chain for chain in chains if not any(unit_id in blamed for unit_id in chain)]
    if not fit:
        raise Invalid(
            "no-inspector-left",
            "Every unit that could look into this is concerned itself: name fewer units in `by`, or turn to somebody outside.",
        )
    return min(fit, key=len)[0]


def check_retaliating(substantiated: bool, unit_id: UUID | None, deciding: Collection[UUID]) -> None:
    """`deciding` is the unit that decides and those above it, which it cannot judge. Raises `Invalid` (retaliating-unit-needed,
    retaliating-unit-unfit)."""
    if substantiated and unit_id is None:
        raise Invalid("retaliating-unit-needed", "Say in `unit_id` which unit retaliated.")
    if not substantiated and unit_id is not None:
        raise Invalid("retaliating-unit-unfit", "Where nothing was found no unit retaliated: leave `unit_id` out.")
    if unit_id in deciding:
        raise Invalid("retaliating-unit-unfit", "No unit decides about itself or a unit above it: let the unit above decide.")
