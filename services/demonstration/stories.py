"""What the demonstration tells: units, accounts, and the life of each case. Data, and nothing else."""

from dataclasses import dataclass
from typing import Any

from shared.types import Level


@dataclass(frozen=True, slots=True)
class DemoUnit:
    code: str
    name: str
    level: Level
    parent: str | None


@dataclass(frozen=True, slots=True)
class DemoAccount:
    username: str
    role: str
    unit: str | None


@dataclass(frozen=True, slots=True)
class Step:
    """After `days` since the case was opened, `who` (speaker or official) does `verb` with `body`."""

    days: int
    who: str
    verb: str
    body: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Story:
    """One case. `day` counts from the beginning of the demonstration; without a speaker it is anonymous."""

    day: int
    unit: str
    title: str
    body: str
    channel: str
    speaker: str | None
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class DemoVisit:
    day: int
    unit: str
    official: str
    purpose: str
    place: str
    outcome: str | None
    finding: str | None


UNITS = (
    DemoUnit("yunling", "Yunling Province 云岭省", Level.province, None),
    DemoUnit("qingshui", "Qingshui Prefecture 清水州", Level.prefecture, "yunling"),
    DemoUnit("baihe", "Baihe County 白河县", Level.county, "qingshui"),
    DemoUnit("gaoshan", "Gaoshan County 高山县", Level.county, "qingshui"),
    DemoUnit("hekou", "Hekou Township 河口乡", Level.township, "baihe"),
    DemoUnit("liulin", "Liulin Township 柳林镇", Level.township, "baihe"),
    DemoUnit("baiyun", "Baiyun Township 白云乡", Level.township, "gaoshan"),
    DemoUnit("heping", "Heping Village 和平村", Level.grassroots, "hekou"),
    DemoUnit("nanwan", "Nanwan Village 南湾村", Level.grassroots, "hekou"),
    DemoUnit("dongjie", "Dongjie Neighbourhood 东街社区", Level.grassroots, "liulin"),
    DemoUnit("xiling", "Xiling Village 西岭村", Level.grassroots, "baiyun"),
)

OFFICIALS = {"heping": "heping-official", "nanwan": "nanwan-official", "dongjie": "dongjie-official", "xiling": "xiling-official"}
RESIDENTS = ("resident-1", "resident-2", "resident-3", "resident-4")

ACCOUNTS = (
    DemoAccount("province-lead", "lead", "yunling"),
    DemoAccount("county-lead", "lead", "baihe"),
    DemoAccount("township-official", "official", "hekou"),
    *(DemoAccount(username, "official", unit) for unit, username in OFFICIALS.items()),
    DemoAccount("inspector", "inspector", "qingshui"),
    DemoAccount("second-admin", "admin", None),
    *(DemoAccount(username, "resident", None) for username in RESIDENTS),
)

_ACKNOWLEDGE = Step(1, "official", "acknowledge", {})
_ANSWER = Step(5, "official", "answer", {"text": "We have looked at it together and mended it. 已经处理。", "outcome": "Mended"})


def _judged(resolved: bool, score: int) -> Step:
    return Step(9, "speaker", "confirm", {"resolved": resolved, "satisfied": resolved, "score": score})


PLOTS: dict[str, tuple[Step, ...]] = {
    "resolved": (_ACKNOWLEDGE, _ANSWER, _judged(True, 5)),
    "refused": (_ACKNOWLEDGE, _ANSWER, _judged(False, 2)),
    "received": (),
    "acknowledged": (_ACKNOWLEDGE,),
    "waiting": (_ACKNOWLEDGE, Step(3, "official", "ask", {"text": "Which lane do you mean? 请问是哪条巷子？"})),
    "answered": (_ACKNOWLEDGE, _ANSWER),
    "rejected": (_ACKNOWLEDGE, Step(4, "official", "reject", {"reason": "The path belongs to a private yard."})),
    "withdrawn": (_ACKNOWLEDGE, Step(2, "speaker", "withdraw", {})),
    "reopened": (
        _ACKNOWLEDGE,
        _ANSWER,
        _judged(True, 4),
        Step(16, "speaker", "reopen", {"reason": "It broke again after the rain."}),
    ),
    "talked": (
        _ACKNOWLEDGE,
        Step(2, "speaker", "messages", {"text": "It is worst in the morning. 早上最严重。"}),
        _ANSWER,
        Step(6, "speaker", "messages", {"text": "Thank you, I will look on Sunday."}),
        _judged(True, 4),
    ),
}

_TOPICS = (
    ("The well runs dry in summer 夏天井干了", "Since June we carry water from the lower lane.", "public_opinion"),
    ("No light at the school gate 校门口没有路灯", "The children come home in the dark.", "public_opinion"),
    ("Please visit my mother 请来看望我母亲", "She lives alone above the mill and would like company.", "emotional"),
    ("The bus leaves before the clinic closes 班车太早", "Could the last bus wait half an hour?", "thought"),
    ("People worry about the new quarry 大家担心新采石场", "In the tea house it is the only subject.", "public_sentiment"),
    ("Rubbish lies at the river bend 河湾有垃圾", "It has not been collected for three weeks.", "public_opinion"),
    ("The clerk was patient and kind 办事员很耐心", "I wish to say thank you.", "public_opinion"),
    ("When will the road be paved? 路什么时候铺", "We were told spring, then autumn.", "thought"),
)


def _stories(unit: str, first_day: int, plots: tuple[str, ...]) -> tuple[Story, ...]:
    """One story per plot, four days apart; every fifth speaker stays anonymous."""
    found = []
    for number, plot in enumerate(plots):
        title, body, channel = _TOPICS[number % len(_TOPICS)]
        speaker = None if number % 5 == 4 and plot in ANONYMOUS_PLOTS else RESIDENTS[number % len(RESIDENTS)]
        found.append(Story(first_day + 4 * number, unit, f"{title} · {unit} {number + 1}", body, channel, speaker, PLOTS[plot]))
    return tuple(found)


ANONYMOUS_PLOTS = frozenset({"resolved", "refused", "received", "acknowledged", "answered"})

STORIES = (
    *_stories("heping", 20, ("resolved",) * 7 + ("talked", "answered", "acknowledged", "waiting")),
    *_stories(
        "nanwan", 10, ("answered", "refused", "received", "refused", "resolved", "refused", "refused", "received", "refused")
    ),
    *_stories(
        "dongjie", 15, ("resolved", "talked", "refused", "rejected", "resolved", "withdrawn", "reopened", "resolved", "refused")
    ),
    *_stories("xiling", 60, ("answered", "received", "resolved")),
    Story(118, "xiling", "A new bench by the spring 泉边想要长椅", "The old people rest there.", "thought", "resident-1", ()),
)

VISITS = (
    DemoVisit(
        30,
        "heping",
        "heping-official",
        "Hear how the water runs 了解用水",
        "The upper lane",
        "done",
        "Pressure is too low upstairs",
    ),
    DemoVisit(55, "nanwan", "nanwan-official", "Look at the school path 看上学路", "The east side", "done", None),
    DemoVisit(
        80,
        "dongjie",
        "dongjie-official",
        "Meet those who live alone 看望独居老人",
        "Dongjie, block two",
        "refused_by_resident",
        None,
    ),
    DemoVisit(90, "xiling", "xiling-official", "Ask about the harvest 了解收成", "The terraces", None, None),
    DemoVisit(119, "heping", "heping-official", "Come back about the water 回访用水", "The upper lane", None, None),
)

DAYS = 120
"""How long ago the demonstration begins."""
