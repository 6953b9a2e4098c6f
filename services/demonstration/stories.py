"""What the demonstration tells: units, accounts, and the life of each case. Data, and nothing else."""

from dataclasses import dataclass, field, replace
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

    days: float
    who: str
    verb: str
    body: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Topic:
    """What residents talk about, and what the unit answers when it answers."""

    title: str
    body: str
    channel: str
    category: str
    answer: str
    outcome: str


@dataclass(frozen=True, slots=True)
class Story:
    """One case. `day` counts from the beginning of the demonstration; without a speaker it is anonymous."""

    day: int
    unit: str
    topic: Topic
    speaker: str | None
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class DemoVisit:
    """By the unit's official. Without an outcome it is still to come, or was missed."""

    day: int
    unit: str
    purpose: str
    place: str
    outcome: str | None = None
    finding: str | None = None


@dataclass(frozen=True, slots=True)
class DemoContact:
    """A household that agrees on this day to visits by the official of the unit, from the next day on; each is made."""

    day: int
    unit: str
    post: str
    label: str
    place: str
    purpose: str
    rhythm_days: int


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

_ACKNOWLEDGE = Step(1.2, "official", "acknowledge")
_ASK = Step(3.1, "official", "ask", {"text": "Could you say more exactly where and when? 请问具体在哪里、什么时候？"})
_ANSWER = Step(5.3, "official", "answer")
"""What it says is the topic's."""


def _judged(resolved: bool, score: int) -> Step:
    return Step(9.4, "speaker", "confirm", {"resolved": resolved, "satisfied": resolved, "score": score})


PLOTS: dict[str, tuple[Step, ...]] = {
    "resolved": (_ACKNOWLEDGE, _ANSWER, _judged(True, 5)),
    "refused": (_ACKNOWLEDGE, _ANSWER, _judged(False, 2)),
    "received": (),
    "acknowledged": (_ACKNOWLEDGE,),
    "waiting": (_ACKNOWLEDGE, _ASK),
    "answered": (_ACKNOWLEDGE, _ANSWER),
    "rejected": (
        _ACKNOWLEDGE,
        Step(
            4.2, "official", "reject", {"reason": "This is the county's to decide; we have told it. 此事由县里决定，我们已转达。"}
        ),
    ),
    "withdrawn": (_ACKNOWLEDGE, Step(2.1, "speaker", "withdraw", {"reason": "It is settled already. 已经解决了。"})),
    "reopened": (
        _ACKNOWLEDGE,
        _ANSWER,
        _judged(True, 4),
        Step(16.3, "speaker", "reopen", {"reason": "It is as before since the rain. 下雨以后又和从前一样。"}),
    ),
    "talked": (
        _ACKNOWLEDGE,
        _ASK,
        Step(4.4, "speaker", "messages", {"text": "By the mill, and mostly in the morning. 磨坊旁边，早上最多。"}),
        _ANSWER,
        _judged(True, 4),
    ),
}

_TOPICS = (
    Topic(
        "The well runs dry in summer 夏天井干了",
        "Since June we carry water from the lower lane.",
        "public_opinion",
        "water",
        "A second pump has run since Monday. 周一起第二台水泵已运行。",
        "Water on every day of the summer",
    ),
    Topic(
        "No light at the school gate 校门口没有路灯",
        "The children come home in the dark.",
        "public_opinion",
        "lighting",
        "Two lamps stand there now; tell us if they fail. 已装两盏路灯。",
        "The school gate is lit until ten",
    ),
    Topic(
        "Please visit my mother 请来看望我母亲",
        "She lives alone above the mill and would like company.",
        "emotional",
        "care",
        "We were with her on Tuesday and come every week. 每周都会去看望。",
        "A visit every week",
    ),
    Topic(
        "The bus leaves before the clinic closes 班车太早",
        "Could the last bus wait half an hour?",
        "thought",
        "transport",
        "From the first of the month it leaves at half past five. 下月起五点半发车。",
        "The last bus waits for the clinic",
    ),
    Topic(
        "People worry about the new quarry 大家担心新采石场",
        "In the tea house it is the only subject.",
        "public_sentiment",
        "land",
        "There is a meeting on Friday, and the plans lie open until then. 周五开会，图纸公开。",
        "The plans are open to everybody",
    ),
    Topic(
        "Rubbish lies at the river bend 河湾有垃圾",
        "It has not been collected for three weeks.",
        "public_opinion",
        "waste",
        "It is cleared, and the cart comes on Thursdays again. 已清理，周四恢复收运。",
        "Collected every Thursday",
    ),
    Topic(
        "The office is closed when we are free 我们有空时办事处关门",
        "Who works in the fields can come only in the evening.",
        "public_opinion",
        "office",
        "On Wednesdays we stay until eight. 每周三开到晚上八点。",
        "Open on Wednesday evenings",
    ),
    Topic(
        "When will the road be paved? 路什么时候铺",
        "We were told spring, then autumn.",
        "thought",
        "roads",
        "The first half is paved by the end of the month. 月底前铺好前半段。",
        "Half of the road this month",
    ),
)


def _stories(unit: str, pace: float, first_topic: int, *plots: tuple[int, str]) -> tuple[Story, ...]:
    """One story per (day, plot); a `pace` of 2 takes everybody about twice as long. Every fifth speaker stays anonymous."""
    found = []
    for number, (day, plot) in enumerate(plots):
        topic = _TOPICS[(first_topic + number) % len(_TOPICS)]
        speaker = None if number % 5 == 4 else RESIDENTS[number % len(RESIDENTS)]
        steps = tuple(_paced(step, pace * VARIETY[number % len(VARIETY)]) for step in PLOTS[plot])
        found.append(Story(day, unit, topic, speaker, steps))
    return tuple(found)


VARIETY = (1.0, 0.8, 1.3)


def _paced(step: Step, pace: float) -> Step:
    """Other days, the same hour."""
    return replace(step, days=round(step.days * pace) + step.days % 1)


STORIES = (
    *_stories(
        "heping",
        0.7,
        0,
        *((day, "resolved") for day in range(20, 48, 4)),
        (50, "talked"),
        (58, "answered"),
        (111, "answered"),
        (114, "waiting"),
        (118, "acknowledged"),
    ),
    *_stories(
        "nanwan",
        2.2,
        3,
        (10, "answered"),
        (14, "refused"),
        (18, "received"),
        (24, "refused"),
        (30, "resolved"),
        (37, "refused"),
        (44, "refused"),
        (52, "received"),
        (60, "refused"),
    ),
    *_stories(
        "dongjie",
        1.0,
        5,
        (15, "resolved"),
        (20, "talked"),
        (26, "refused"),
        (33, "rejected"),
        (38, "resolved"),
        (45, "withdrawn"),
        (50, "reopened"),
        (57, "resolved"),
        (66, "refused"),
    ),
    *_stories("xiling", 1.4, 1, (60, "answered"), (66, "received"), (72, "resolved"), (119, "received")),
)

VISITS = (
    DemoVisit(
        30, "heping", "Hear how the water runs 了解用水", "The upper lane", "done", "Pressure is too low upstairs 楼上水压太低"
    ),
    DemoVisit(55, "nanwan", "Look at the way to school 看上学路", "The east side", "done"),
    DemoVisit(80, "dongjie", "Meet those who live alone 看望独居老人", "Dongjie, block two", "refused_by_resident"),
    DemoVisit(90, "xiling", "Ask about the harvest 了解收成", "The terraces"),
    DemoVisit(119, "dongjie", "Ask again, if it suits 方便时再去看望", "Dongjie, block two"),
    DemoVisit(124, "heping", "Come back about the water 回访用水", "The upper lane"),
)

CONTACTS = (
    DemoContact(
        60,
        "heping",
        "Contact of the upper lane 上巷联络员",
        "The household above the mill 磨坊上面那户",
        "The last door of the upper lane 上巷最后一家",
        "See how they are, and whether the water runs 看望并了解用水",
        30,
    ),
)

DAYS = 120
"""How long ago the demonstration begins."""
