"""A province of twenty units and the people who write to them: who does what, when, at random but always the same.

What they try is written down; what came of it they learn only from the service.
"""

from collections import defaultdict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from heapq import heappop, heappush
from itertools import count
from random import Random
from uuid import UUID, uuid5

from services.feedback.appeals.actions import appeal_rejection, decide_appeal
from services.feedback.appeals.schemas import DecisionIn
from services.feedback.cases.actions.acknowledging import acknowledge_case
from services.feedback.cases.actions.judging import confirm_case
from services.feedback.cases.actions.reopening import reopen_case, withdraw_case
from services.feedback.cases.queries.access import Holder
from services.feedback.cases.rules import Decision
from services.feedback.cases.schemas import ConfirmationIn
from services.feedback.conversations.actions import add_message, answer_case, ask_resident, reject_case
from services.feedback.conversations.schemas import AnswerIn
from services.feedback.responsibility.actions.handing_over import hand_over_case
from services.feedback.responsibility.schemas import HandOverIn
from shared.auth import Principal, Role
from shared.policies import Channel
from shared.types import Level
from shared.uow import UnitOfWork
from tests.support.callers import principal

SPACE = UUID("00000000-0000-7000-8000-000000000020")
START = datetime(2026, 1, 5, 2, 0, tzinfo=UTC)
HOUR = 2
"""When people act, in UTC: at ten in Shanghai."""


def _tree() -> dict[str, str | None]:
    parents: dict[str, str | None] = {"province": None, "prefecture-1": "province", "prefecture-2": "province"}
    parents |= {f"county-{n}": f"prefecture-{1 + n // 3}" for n in range(1, 5)}
    parents |= {f"township-{n}": f"county-{1 + (n - 1) % 4}" for n in range(1, 7)}
    parents |= {f"village-{n}": f"township-{1 + (n - 1) % 6}" for n in range(1, 8)}
    return parents


PARENTS = _tree()
LEVELS = {
    "province": Level.province,
    "prefecture": Level.prefecture,
    "county": Level.county,
    "township": Level.township,
    "village": Level.grassroots,
}
SPEED = {"village-1": "never", "village-2": "late", "village-3": "late", "township-1": "late", "township-2": "never"}
"""Others do their work in time, when they do not forget it."""
FORGOTTEN = 0.3


def unit(code: str) -> UUID:
    return uuid5(SPACE, code)


CODES = {unit(code): code for code in PARENTS}


def above(code: str, about: str | None = None) -> list[str]:
    chain: list[str] = []
    parent = PARENTS[code]
    while parent is not None:
        chain.append(parent)
        parent = PARENTS[parent]
    return chain[chain.index(about) + 1 :] if about in chain else chain


@dataclass(frozen=True)
class Tried:
    """`done` is whether the service took it. `step` is that of an escalation that was acknowledged."""

    at: datetime
    act: str
    done: bool
    to: str = ""
    step: tuple[str, int, int] | None = None


@dataclass
class Life:
    """What is outside the service of one case."""

    id: UUID
    channel: Channel
    about: str | None
    anonymous: bool
    speaker: Principal
    opened_at: datetime
    unit: str
    state: str = "received"
    random: Random = field(default_factory=Random)
    first_unit: str = ""
    tried: list[Tried] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.first_unit = self.unit

    @property
    def who(self) -> Principal | Holder:
        return Holder(self.id) if self.anonymous else self.speaker


Act = Callable[[UnitOfWork], Awaitable[object]]


def chance(life: Life, share: float) -> bool:
    return life.random.random() < share


class Town:
    """The diary of everybody: what is tried at which moment."""

    def __init__(self) -> None:
        self.diary: list[tuple[datetime, int, Life, str, str]] = []
        self._numbers = count()

    def later(self, life: Life, now: datetime, days: tuple[float, float], act: str, to: str = "") -> None:
        """Sometime between so many days from now and so many, when people act."""
        moment = now + timedelta(days=life.random.uniform(*days))
        moment = max(moment.replace(hour=HOUR, minute=0, second=0, microsecond=0), now + timedelta(days=1))
        heappush(self.diary, (moment, next(self._numbers), life, act, to))

    def next(self) -> datetime | None:
        return self.diary[0][0] if self.diary else None

    def due(self, now: datetime) -> dict[UUID, list[tuple[Life, str, str]]]:
        """What is tried now, by case: one case's acts come one after another."""
        found: dict[UUID, list[tuple[Life, str, str]]] = defaultdict(list)
        while self.diary and self.diary[0][0] <= now:
            _, _, life, act, to = heappop(self.diary)
            found[life.id].append((life, act, to))
        return found

    def react(self, life: Life, now: datetime) -> None:
        """What the case's new state makes people plan."""
        match life.state:
            case "received":
                self._begin(life, now)
            case "in_progress":
                self._work(life, now)
            case "waiting_resident":
                if chance(life, 0.9):
                    self.later(life, now, (1, 25), "write")
            case "answered":
                self._judge(life, now)
            case "confirmed_resolved" | "withdrawn" if chance(life, 0.3):
                self.later(life, now, (1, 40), "reopen")
            case "rejected" if chance(life, 0.7):
                self.later(life, now, (1, 35), "appeal")

    def _begin(self, life: Life, now: datetime) -> None:
        speed = SPEED.get(life.unit, "prompt")
        if speed != "never" and chance(life, 0.4):
            self.later(life, now, (0, 3) if speed == "prompt" else (5, 20), "acknowledge")
        if chance(life, 0.04):
            self.later(life, now, (1, 60), "withdraw")
        if chance(life, 0.06):
            self.later(life, now, (1, 50), "hand_over", life.random.choice(sorted(PARENTS)))
        self._work(life, now)

    def _work(self, life: Life, now: datetime) -> None:
        speed = SPEED.get(life.unit, "prompt")
        if speed == "never" or chance(life, FORGOTTEN):
            return
        days = (1, 12) if speed == "prompt" else (15, 110)
        act = life.random.choices(("answer", "ask", "reject"), (80, 14, 6))[0]
        self.later(life, now, days, act)

    def _judge(self, life: Life, now: datetime) -> None:
        act = life.random.choices(("confirm", "refuse", "write", "reopen"), (55, 15, 12, 18))[0]
        if act == "reopen":  # after the answer has lapsed, or in vain
            self.later(life, now, (20, 70), "reopen")
        else:
            self.later(life, now, (1, 20), act)
        if act == "write" and SPEED.get(life.unit) != "never":
            self.later(life, now, (5, 60), life.random.choice(("say", "answer")))


def deed(life: Life, act: str, to: str) -> Act:
    """What the service is asked to do."""
    clerk, who, id = principal(Role.official, unit(life.unit)), life.who, life.id
    lead = principal(Role.lead, unit(to)) if to else clerk
    deeds: dict[str, Act] = {
        "acknowledge": lambda uow: acknowledge_case(uow, clerk, id),
        "ask": lambda uow: ask_resident(uow, clerk, id, "Which lamp is it?"),
        "answer": lambda uow: answer_case(uow, clerk, id, AnswerIn(text="It is mended.")),
        "say": lambda uow: add_message(uow, clerk, id, "We are on it."),
        "reject": lambda uow: reject_case(uow, clerk, id, "It is not ours."),
        "hand_over": lambda uow: hand_over_case(uow, clerk, id, HandOverIn(unit_id=unit(to), reason="It is theirs.")),
        "write": lambda uow: add_message(uow, who, id, "And the other one?"),
        "confirm": lambda uow: confirm_case(uow, who, id, ConfirmationIn(resolved=True)),
        "refuse": lambda uow: confirm_case(uow, who, id, ConfirmationIn(resolved=False)),
        "reopen": lambda uow: reopen_case(uow, who, id, "Dark again."),
        "withdraw": lambda uow: withdraw_case(uow, who, id, None),
        "appeal": lambda uow: appeal_rejection(uow, who, id, "It is yours."),
        "uphold": lambda uow: decide_appeal(uow, lead, id, DecisionIn(decision=Decision.uphold, reason="It is not.")),
        "overturn": lambda uow: decide_appeal(uow, lead, id, DecisionIn(decision=Decision.overturn, reason="It is.")),
    }
    return deeds[act]
