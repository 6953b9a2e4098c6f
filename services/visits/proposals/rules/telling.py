"""What limits a proposal, and why a contact goes to a post, in plain words. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

from services.visits.proposals.rules.ground import Reach, Reason
from shared.languages import Language


@dataclass(frozen=True, slots=True)
class Limits:
    """`needed` and `capacity` are visits a week; the others count contacts."""

    needed: float
    capacity: int
    overdue: int
    over_capacity: int
    out_of_reach: int
    place_unknown: int
    dealt_in_turn: int


@dataclass(frozen=True, slots=True)
class Grounds:
    """What a contact was given to a post for; loads are shares of what the post can make."""

    reason: Reason
    reach: Reach
    km: int | None
    nearest_km: int | None
    load_before: float
    load_after: float


LIMITS: Mapping[Language, Mapping[str, str]] = {
    Language.en: {
        "short": "The contacts ask for {needed:.1f} visits a week and the posts can make {capacity}: whoever is most overdue "
        "comes first, and {over_capacity} contacts cannot be visited as often as agreed.",
        "overdue": "{overdue} contacts are reached later than agreed.",
        "over_capacity": "{over_capacity} of them come round in weeks in which their post is full.",
        "out_of_reach": "{out_of_reach} contacts go to nobody: a post takes contacts of its own unit and of the units below it.",
        "place_unknown": "{place_unknown} contacts have no known place and go where the load is least.",
        "dealt_in_turn": "Nearest first would have made load, overdue contacts or way worse than dealing out in turn: "
        "contacts are dealt out in turn, and only change places where that saves way.",
    },
    Language.zh: {
        "short": "联系对象每周需要走访{needed:.1f}次，各岗位每周只能完成{capacity}次："
        "逾期最久的优先，{over_capacity}个联系对象无法按约定频次走访。",
        "overdue": "{overdue}个联系对象的走访将晚于约定时间。",
        "over_capacity": "其中{over_capacity}个轮到的那一周，其岗位已排满。",
        "out_of_reach": "{out_of_reach}个联系对象没有岗位可以接收：岗位只接收本单位及下级单位的联系对象。",
        "place_unknown": "{place_unknown}个联系对象地点不详，分给负担最轻的岗位。",
        "dealt_in_turn": "若按就近分配，负担、逾期或路程中会有一项不如轮流分配：因此轮流分配，仅在能缩短路程时互换。",
    },
}
REASONS: Mapping[Language, Mapping[Reason, str]] = {
    Language.en: {
        Reason.kept: "It stays with the post that it has, {away}.",
        Reason.nearest: "This is the nearest post, {away}.",
        Reason.nearest_with_room: "The nearest post, {nearest_away}, has no room left; this one is {away}.",
        Reason.moved_for_balance: "The nearest post, {nearest_away}, would carry more than its share; this one is {away}.",
        Reason.place_unknown: "Its place is not known: it goes where the load is least.",
        Reason.dealt_in_turn: "It was dealt out in turn, {away}; to send all to the nearest post, here {nearest_away}, would "
        "have been worse on load, overdue contacts or way.",
    },
    Language.zh: {
        Reason.kept: "仍由原岗位负责，{away}。",
        Reason.nearest: "这是最近的岗位，{away}。",
        Reason.nearest_with_room: "最近的岗位（{nearest_away}）已排满；本岗位{away}。",
        Reason.moved_for_balance: "最近的岗位（{nearest_away}）将超出应担份额；本岗位{away}。",
        Reason.place_unknown: "地点不详：分给负担最轻的岗位。",
        Reason.dealt_in_turn: "轮流分配所得，{away}；若都分给最近的岗位（此处{nearest_away}），负担、逾期或路程会更差。",
    },
}
REACHES: Mapping[Language, Mapping[Reach, str]] = {
    Language.en: {
        Reach.late: "The first visit comes later than agreed, because weeks before are full.",
        Reach.over_capacity: "The post is full in a week in which it comes round: it cannot be visited as often as agreed.",
    },
    Language.zh: {
        Reach.late: "首次走访晚于约定时间，因为此前各周已排满。",
        Reach.over_capacity: "轮到的某一周该岗位已排满：无法按约定频次走访。",
    },
}
LOAD: Mapping[Language, str] = {
    Language.en: "The post carries {load_after:.0%} of what it can make, before it {load_before:.0%}.",
    Language.zh: "该岗位负担为其能力的{load_after:.0%}，此前为{load_before:.0%}。",
}
AWAY: Mapping[Language, str] = {Language.en: "about {km} km away", Language.zh: "相距约{km}公里"}
NEAR: Mapping[Language, str] = {Language.en: "less than a kilometre away", Language.zh: "相距不足一公里"}
SOMEWHERE: Mapping[Language, str] = {Language.en: "how far away is not known", Language.zh: "距离不详"}
BETWEEN: Mapping[Language, str] = {Language.en: " ", Language.zh: ""}


def tell_limits(limits: Limits, language: Language) -> list[str]:
    """A sentence for each thing that limits the proposal; none where everybody is reached as agreed."""
    values = {name: getattr(limits, name) for name in Limits.__slots__}
    short = limits.needed > limits.capacity
    said = {
        "short": short,
        "overdue": limits.overdue > 0,
        "over_capacity": limits.over_capacity > 0 and not short,
        "out_of_reach": limits.out_of_reach > 0,
        "place_unknown": limits.place_unknown > 0,
        "dealt_in_turn": limits.dealt_in_turn > 0,
    }
    return [LIMITS[language][name].format(**values) for name, holds in said.items() if holds]


def explain(grounds: Grounds, language: Language) -> str:
    """Why this post, with the figures that decided it."""
    away, nearest_away = _away(grounds.km, language), _away(grounds.nearest_km, language)
    sentences = [
        REASONS[language][grounds.reason].format(away=away, nearest_away=nearest_away),
        REACHES[language].get(grounds.reach, ""),
        LOAD[language].format(load_after=grounds.load_after, load_before=grounds.load_before),
    ]
    return BETWEEN[language].join(sentence for sentence in sentences if sentence)


def _away(km: int | None, language: Language) -> str:
    if km is None:
        return SOMEWHERE[language]
    return AWAY[language].format(km=km) if km else NEAR[language]
