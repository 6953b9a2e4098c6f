"""The life of one case, as the issue tells it: states, clocks and chains, one plain object, without a database.

Time moves to each thing that is due and does it then; whoever compares a service with it has its jobs run at the same moments.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from shared.policies import CaseRules
from shared.working_time import Span
from tests.feedback.naive_time import NaiveCalendar

UNANSWERED = ("received", "acknowledged", "in_progress", "waiting_resident")
OPEN = (*UNANSWERED, "answered")
CLOSED = ("confirmed_resolved", "closed_unconfirmed", "rejected", "withdrawn")
MET = {
    "acknowledge": ["acknowledgement"],
    "ask": ["acknowledgement", "next_answer"],
    "answer": ["acknowledgement", "first_answer", "next_answer"],
    "say": ["next_answer"],
    "confirm": ["resolution"],
    "uphold": ["appeal"],
    "overturn": ["appeal"],
}
NEXT = {
    "acknowledge": "acknowledged",
    "ask": "waiting_resident",
    "answer": "answered",
    "reject": "rejected",
    "confirm": "confirmed_resolved",
    "refuse": "in_progress",
    "lapse": "closed_unconfirmed",
    "reopen": "in_progress",
    "withdraw": "withdrawn",
    "overturn": "in_progress",
}
WHERE = {
    "acknowledge": ("received",),
    "ask": UNANSWERED[:3],
    "answer": OPEN,
    "say": OPEN,
    "write": OPEN,
    "reject": UNANSWERED,
    "hand_over": UNANSWERED,
    "confirm": ("answered",),
    "refuse": ("answered",),
    "reopen": ("confirmed_resolved", "closed_unconfirmed", "withdrawn"),
    "withdraw": OPEN,
    "appeal": ("rejected",),
    "uphold": ("rejected",),
    "overturn": ("rejected",),
}
"""`say` is the unit's message, `write` the speaker's."""
OF_SPEAKER = ("write", "confirm", "refuse", "reopen", "withdraw", "appeal")


@dataclass
class ModelClock:
    kind: str
    round: int
    started_at: datetime
    due_at: datetime
    unit: str
    paused_at: datetime | None = None
    met_at: datetime | None = None
    breached_at: datetime | None = None
    stopped_at: datetime | None = None

    @property
    def owed(self) -> bool:
        return self.met_at is None and self.stopped_at is None

    @property
    def runs(self) -> bool:
        return self.owed and self.breached_at is None and self.paused_at is None


@dataclass
class ModelChain:
    cause: str
    round: int
    next_at: datetime | None
    told: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class ModelStep:
    cause: str
    round: int
    step: int
    unit: str
    at: datetime


Above = Callable[[str], Sequence[str]]
"""The units above one that the case is not about, nearest first."""


class ModelCase:
    def __init__(
        self, unit: str, now: datetime, rules: CaseRules, calendar: NaiveCalendar, above: Above, *, anonymous: bool = False
    ) -> None:
        self.unit, self.now, self.rules, self.calendar, self.above, self.anonymous = unit, now, rules, calendar, above, anonymous
        self.state = "received"
        self.clocks: list[ModelClock] = []
        self.chains: list[ModelChain] = []
        self.steps: list[ModelStep] = []
        self.reopened = 0
        self.judge_until: datetime | None = None
        self.reopenable_until: datetime | None = None
        self.appealable_until: datetime | None = None
        self.deciding: str | None = None
        self.answers_since_opened = 0
        self._start(self._heard(), "acknowledgement", "first_answer", "resolution")

    def _heard(self) -> datetime:
        """When something that the speaker did counts from."""
        return self.now.replace(minute=0, second=0, microsecond=0) if self.anonymous else self.now

    def _add(self, at: datetime, span: Span) -> datetime:
        return self.calendar.add(at, span.amount, span.unit.value)

    def _start(self, at: datetime, *kinds: str) -> None:
        for kind in kinds:
            span: Span = getattr(self.rules.deadlines, kind)
            round = sum(clock.kind == kind for clock in self.clocks)
            self.clocks.append(ModelClock(kind, round, at, self._add(at, span), span.unit.value))

    # what the passing of time does

    def next_due(self) -> datetime | None:
        times = [clock.due_at for clock in self.clocks if clock.runs]
        times += [chain.next_at for chain in self.chains if chain.next_at is not None]
        times += [self.judge_until] if self.judge_until is not None else []
        return min(times, default=None)

    def pass_until(self, moment: datetime) -> None:
        while (due := self.next_due()) is not None and due <= moment:
            self.now = max(self.now, due)
            self._work()
        self.now = moment

    def _work(self) -> None:
        for clock in sorted((clock for clock in self.clocks if clock.runs), key=lambda clock: clock.due_at):
            if clock.due_at <= self.now:
                clock.breached_at = self.now
                self.chains.append(ModelChain(clock.kind, clock.round, self._delay(1, self.now)))
        while due := [chain for chain in self.chains if chain.next_at is not None and chain.next_at <= self.now]:
            for chain in due:
                self._climb(chain)
        if self.judge_until is not None and self.judge_until <= self.now:
            self._become("lapse", self.now)
            self.reopenable_until = self._add(self.now, self.rules.reopen_within)

    def _delay(self, step: int, after: datetime) -> datetime | None:
        return self._add(after, self.rules.escalation[step - 1]) if step <= len(self.rules.escalation) else None

    def _left(self, chain: ModelChain) -> list[str]:
        if chain.cause == "reopening":
            first = self.rules.escalate_after_reopenings or 0
            return [] if chain.told else list(self.above(self.unit))[chain.round - first :][:1]
        owing = self.deciding if chain.cause == "appeal" else self.unit
        assert owing is not None
        return [unit for unit in self.above(owing) if unit not in chain.told]

    def _climb(self, chain: ModelChain) -> None:
        at, chain.next_at = chain.next_at, None
        left = self._left(chain)
        if not left:
            return
        assert at is not None
        told_at = at if chain.cause == "reopening" else self.now
        chain.told.append(left[0])
        self.steps.append(ModelStep(chain.cause, chain.round, len(chain.told), left[0], told_at))
        if self._left(chain):
            chain.next_at = self._delay(len(chain.told) + 1, told_at)

    # what people do

    def can(self, act: str) -> bool:
        if self.state not in WHERE[act]:
            return False
        match act:
            case "reopen":
                return self.reopenable_until is not None and self.now <= self.reopenable_until
            case "appeal":
                window = self.appealable_until is not None and self.now <= self.appealable_until
                return window and bool(self.above(self.unit))
            case "uphold" | "overturn":
                return self.deciding is not None
            case _:
                return True

    def act(self, act: str, to: str = "") -> None:
        assert self.can(act)
        at = self._heard() if act in OF_SPEAKER else self.now
        reply = act == "write" and self.state == "waiting_resident"
        wants = act in ("write", "refuse")
        self._become(act, at, reply=reply)
        answered = any(clock.kind == "first_answer" and clock.met_at for clock in self.clocks)
        if wants and answered and not any(clock.kind == "next_answer" and clock.owed for clock in self.clocks):
            self._start(at, "next_answer")
        match act:
            case "answer":
                self.judge_until = self._add(at, self.rules.confirm_within)
                self.answers_since_opened += 1
            case "reject":
                self.appealable_until = self._add(at, self.rules.appeal_within)
            case "confirm" | "withdraw":
                self.reopenable_until = self._add(at, self.rules.reopen_within)
            case "reopen":
                self._reopen(at)
            case "overturn":
                self.deciding = self.appealable_until = None
                self._owe_again(at)
            case "uphold":
                self.deciding = None
            case "appeal":
                self.deciding, self.appealable_until = self.above(self.unit)[0], None
                self._start(at, "appeal")
            case "hand_over":
                self.unit = to

    def _owe_again(self, at: datetime) -> None:
        answered = any(clock.kind == "first_answer" and clock.met_at for clock in self.clocks)
        self._start(at, *([] if answered else ["first_answer"]), "resolution")
        self.answers_since_opened = 0

    def _reopen(self, at: datetime) -> None:
        self.reopened += 1
        self.reopenable_until = None
        self._owe_again(at)
        first = self.rules.escalate_after_reopenings
        if first is not None and self.reopened >= first:
            self.chains.append(ModelChain("reopening", self.reopened, at))

    def _become(self, act: str, at: datetime, *, reply: bool = False) -> None:
        self.state = "in_progress" if reply else NEXT.get(act, self.state)
        if self.state != "answered":
            self.judge_until = None
        still = at.replace(minute=0, second=0, microsecond=0) if self.anonymous else at
        owed = [clock for clock in self.clocks if clock.owed]
        for clock in owed:
            if clock.paused_at is not None and self.state != "waiting_resident":
                clock.due_at = self.calendar.resume(clock.due_at, clock.paused_at, still, clock.unit)
                clock.paused_at = None
        for clock in owed:
            if clock.kind in MET.get(act, []):
                clock.met_at = at
                self._end(clock)
            elif self.state in CLOSED:
                clock.stopped_at = at
                self._end(clock)
            elif self.state == "waiting_resident" and clock.runs and clock.kind in ("first_answer", "resolution"):
                clock.paused_at = still if clock.due_at > still else None

    def _end(self, clock: ModelClock) -> None:
        for chain in self.chains:
            if (chain.cause, chain.round) == (clock.kind, clock.round):
                chain.next_at = None

    def acknowledge_step(self, index: int) -> None:
        step = self.steps[index]
        (chain,) = [chain for chain in self.chains if (chain.cause, chain.round) == (step.cause, step.round)]
        if chain.next_at is not None and step.step == len(chain.told):
            chain.next_at = self._delay(step.step + 1, self.now)
