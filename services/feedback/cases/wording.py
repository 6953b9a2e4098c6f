"""What the state of a case means in plain words, for its speaker and for everybody else. Pure.

A sentence needs no other knowledge: who is at work, what comes next, and until when. Days are those of the case's calendar.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from services.feedback.cases.rules import Part, State
from shared.events.feedback import EscalationCause
from shared.languages import Language


@dataclass(frozen=True, slots=True)
class Facts:
    """`unit`: the name of the unit that owes the case, or that an appeal waits for. `due_at`: the next deadline of that unit's
    answer, `overdue` if it has passed. `until`: the end of the speaker's present window, if one is open."""

    state: State
    unit: str
    due_at: datetime | None = None
    overdue: bool = False
    until: datetime | None = None
    appealed: bool = False


Sentences = Mapping[str, str]
FOR_SPEAKER: Mapping[Language, Sentences] = {
    Language.en: {
        "received": "{unit} has received it and must answer by {due}.",
        "acknowledged": "{unit} has taken it on and must answer by {due}.",
        "in_progress": "{unit} is working on it and must answer by {due}.",
        "overdue": "{unit} should have answered by {due}; the unit above is told.",
        "waiting_resident": "{unit} asked you something. Its time stands still until you write.",
        "answered": "{unit} has answered. Say until {until} whether anything has changed.",
        "confirmed_resolved": "Closed: you confirmed that it is resolved.",
        "closed_unconfirmed": "Closed: nobody said whether anything has changed.",
        "rejected": "{unit} did not take it on; it said why.",
        "appealed": "{unit} looks at the rejection again and must decide by {due}.",
        "withdrawn": "Closed: you took it back.",
        "appealable": "Until {until} you can ask the unit above to look at it again.",
        "reopenable": "Until {until} you can open it again.",
    },
    Language.zh: {
        "received": "{unit}已收到，须在{due}前答复。",
        "acknowledged": "{unit}已受理，须在{due}前答复。",
        "in_progress": "{unit}正在办理，须在{due}前答复。",
        "overdue": "{unit}本应在{due}前答复，已告知上级单位。",
        "waiting_resident": "{unit}向您提了问题，在您回复之前期限暂停计算。",
        "answered": "{unit}已答复。请在{until}前说明情况是否有变化。",
        "confirmed_resolved": "已办结：您确认问题已经解决。",
        "closed_unconfirmed": "已办结：没有人说明情况是否有变化。",
        "rejected": "{unit}没有受理，并说明了理由。",
        "appealed": "{unit}正在复核不予受理的决定，须在{due}前作出决定。",
        "withdrawn": "已撤回：您收回了意见。",
        "appealable": "在{until}前您可以请上级单位复核。",
        "reopenable": "在{until}前您可以重新提出。",
    },
}
FOR_OTHERS: Mapping[Language, Sentences] = {
    Language.en: {
        **FOR_SPEAKER[Language.en],
        "waiting_resident": "{unit} asked the resident something. Its time stands still until the resident writes.",
        "answered": "{unit} has answered. The resident may say until {until} whether anything has changed.",
        "confirmed_resolved": "Closed: the resident confirmed that it is resolved.",
        "withdrawn": "Closed: the resident took it back.",
        "appealable": "Until {until} the resident can ask the unit above to look at it again.",
        "reopenable": "Until {until} the resident can open it again.",
    },
    Language.zh: {
        **FOR_SPEAKER[Language.zh],
        "waiting_resident": "{unit}向居民提了问题，在居民回复之前期限暂停计算。",
        "answered": "{unit}已答复。居民可在{until}前说明情况是否有变化。",
        "confirmed_resolved": "已办结：居民确认问题已经解决。",
        "withdrawn": "已撤回：居民收回了意见。",
        "appealable": "在{until}前居民可以请上级单位复核。",
        "reopenable": "在{until}前居民可以重新提出。",
    },
}
HELD, KEPT = "held", "kept"
HOLDS: Mapping[Language, Sentences] = {
    Language.en: {
        HELD: "Unusually many opinions came at that time. It is worked on as ever, but neither shown to others nor counted in "
        "public figures until a unit above has looked.",
        KEPT: "Unusually many opinions came at that time. It is worked on as ever, but a unit above decided neither to show it "
        "to others nor to count it in public figures: {reason}",
    },
    Language.zh: {
        HELD: "当时收到的意见异常多。本意见照常办理，但在上级单位核查之前不向他人展示，也不计入公开统计。",
        KEPT: "当时收到的意见异常多。本意见照常办理，但上级单位决定不向他人展示，也不计入公开统计：{reason}",
    },
}
"""Why a case is not published."""
OWED = frozenset({State.received, State.acknowledged, State.in_progress})
CAN_COME_BACK = {
    State.confirmed_resolved: "reopenable",
    State.closed_unconfirmed: "reopenable",
    State.withdrawn: "reopenable",
    State.rejected: "appealable",
}
CAUSES: Mapping[Language, Mapping[EscalationCause, str]] = {
    Language.en: {
        EscalationCause.acknowledgement: "not acknowledged in time",
        EscalationCause.first_answer: "not answered in time",
        EscalationCause.next_answer: "no answer in time to what the resident wrote since",
        EscalationCause.resolution: "not resolved in time",
        EscalationCause.appeal: "appeal not decided in time",
        EscalationCause.reopening: "opened again {round} times",
    },
    Language.zh: {
        EscalationCause.acknowledgement: "逾期未受理",
        EscalationCause.first_answer: "逾期未答复",
        EscalationCause.next_answer: "居民来信后逾期未答复",
        EscalationCause.resolution: "逾期未解决",
        EscalationCause.appeal: "复核逾期未决定",
        EscalationCause.reopening: "重新提出{round}次",
    },
}
OWES, ABOVE = "owes", "above"
WHY: Mapping[Language, Mapping[str, str]] = {
    Language.en: {
        OWES: "It gets the case and must answer you.",
        ABOVE: "Its lead and its inspectors oversee the unit below; its officials read it too if a deadline passes.",
        Part.told: "It was told that a deadline passed, or asked to decide an appeal.",
        Part.joint: "It works on the case beside the unit that must answer you.",
        Part.former: "It had the case before, and reads on.",
    },
    Language.zh: {
        OWES: "它收到您的意见，必须答复您。",
        ABOVE: "其负责人和督查人员监督下级单位；期限一过，其工作人员也能看到。",
        Part.told: "它已被告知期限已过，或被请求复核。",
        Part.joint: "它与必须答复您的单位一起办理。",
        Part.former: "它曾经承办，仍可查看。",
    },
}
"""Why a unit is among those that can read a case: as its owner, above it, or for its part in it."""
_NO_DEADLINE = {Language.en: (" and must answer by {due}", ""), Language.zh: ("，须在{due}前答复", "")}
_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)


def tell_status(facts: Facts, language: Language, *, speaker: bool) -> str:
    """One or two sentences: how the case stands, and what its speaker can still do."""
    sentences = (FOR_SPEAKER if speaker else FOR_OTHERS)[language]
    told = [sentences[_sentence(facts)]]
    if facts.due_at is None:
        told[0] = told[0].replace(*_NO_DEADLINE[language])
    if facts.until is not None and not facts.appealed and facts.state in CAN_COME_BACK:
        told.append(sentences[CAN_COME_BACK[facts.state]])
    gap = " " if language is Language.en else ""
    return gap.join(told).format(unit=facts.unit, due=_day(facts.due_at, language), until=_day(facts.until, language))


def tell_held(reason: str, language: Language) -> str:
    """Why a case is not published; `reason` is that of the decision to keep it so, if there is one."""
    return HOLDS[language][KEPT if reason else HELD].format(reason=reason)


def tell_cause(cause: EscalationCause, round: int, language: Language) -> str:
    """Why a case became visible further up."""
    return CAUSES[language][cause].format(round=round)


def _sentence(facts: Facts) -> str:
    if facts.appealed:
        return "appealed"
    return "overdue" if facts.overdue and facts.state in OWED else facts.state


def _day(moment: datetime | None, language: Language) -> str:
    if moment is None:
        return ""
    if language is Language.zh:
        return f"{moment.year}年{moment.month}月{moment.day}日"
    return f"{moment.day} {_MONTHS[moment.month - 1]} {moment.year}"
