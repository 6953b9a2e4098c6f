"""What must not be written down about persons: their faith, their politics, their health. Pure.

It reads what visits bring, and what is said of whom they are to: contacts, posts, plans, research and activities.

A small vocabulary, not a censor: it stops the note that an official makes out of habit, and says what to write instead. It looks
for words about persons and lets words about services pass: the clinic may be closed, the cancer ward full, the road to the temple
flooded. Whoever means to write around it can; whoever is stopped by mistake chooses another word.
"""

import re
import unicodedata
from collections.abc import Mapping
from enum import StrEnum

from shared.errors import Invalid


class Private(StrEnum):
    faith = "faith"
    politics = "politics"
    health = "health"


ENGLISH: Mapping[Private, tuple[str, ...]] = {
    Private.faith: (
        r"religio(?:n|us)",
        r"(?<!good )(?<!bad )faith",
        "christian",
        "catholic",
        "protestant",
        "muslim",
        "buddhist",
        "[td]aoist",
        "hindu",
        "jew(?:ish)?",
        "sikh",
        "atheist",
        "believer",
        "church-?goer",
        "worshipper",
        "pray(?:s|ed|ing)?",
        "bapti[sz]ed",
        "falun gong",
    ),
    Private.politics: (
        r"politic(?:s|al|ally)",
        "party member(?:ship)?",
        "communist",
        "democrat",
        "dissident",
        "separatist",
        "anti-(?:government|party)",
        "petitioner",
        "vote[sd]? for",
    ),
    Private.health: (
        r"\Ahealth\Z",
        "(?:state of|ill|poor|bad|mental) health",
        "health (?:condition|status|problem)",
        "ill(?:ness)?",
        "sick(?:ness)?",
        "disease",
        "diabet(?:es|ic)",
        "cancer",
        "tumou?r",
        "hiv",
        "epilep(?:sy|tic)",
        "depress(?:ed|ion)",
        "schizophreni(?:a|c)",
        "psycho(?:sis|tic)",
        "dementia",
        "alzheimer",
        "parkinson",
        "autis(?:m|tic)",
        "tuberculosis",
        "hepatitis",
        "pregnan(?:t|cy|cies)",
        "abortion",
        "alcoholi(?:c|sm)",
        "addict(?:ed|ion)?",
        "bedridden",
        "diagnos(?:ed|is|es)",
    ),
}
"""Whole words, in any case, with or without a plural `s` or a possessive."""
SERVICES = (
    "affair|allowance|aid|benefit|care|centre|center|clinic|drug|hospital|insurance|leave|medicine|nurse|office|pay|prevention|"
    "screening|service|test|testing|vaccination|vaccine|ward"
)
"""A word right before one of these, or right after one of these and `for`, speaks of a service and not of a person."""
CHINESE: Mapping[Private, tuple[str, ...]] = {
    Private.faith: (
        "信教|信仰|信佛|信奉|信徒|教徒|穆斯林|做礼拜|受洗|拜佛|无神论|法轮功|宗教",
        "事务",
    ),
    Private.politics: (
        "党员|入党|退党|政治立场|政治观点|政治面貌|政见|异见|异议人士|上访户|反党|反政府|分裂分子|投票给",
        "活动|服务|中心|示范|电教",
    ),
    Private.health: (
        "生病|患病|患有|病人|患者|病情|病史|癌症|肿瘤|糖尿病|高血压|艾滋病|肝炎|肺结核|精神病|抑郁症|痴呆|癫痫|怀孕|堕胎|吸毒|酗酒|"
        "卧病|健康状况",
        "院|科|门诊|病房|筛查|检查|防治|药|疫苗|保险|补助|服务|中心|护理",
    ),
}
"""What the text may not hold, unless it goes on with one of the second, which make it a service."""
INSTEAD = "Write what service is missing or what has to be done, not what a person believes, thinks or suffers from."


def _english(words: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile(rf"(?<![\w-])(?:{'|'.join(words)})(?:s|'s|s')?(?![\w-])(?! (?:{SERVICES})s?\b)")


def _chinese(words: str, services: str) -> re.Pattern[str]:
    return re.compile(f"(?:{words})" + (f"(?!{services})" if services else ""))


PATTERNS: Mapping[Private, tuple[re.Pattern[str], ...]] = {
    private: (_english(ENGLISH[private]), _chinese(*CHINESE[private])) for private in Private
}
AIDS = re.compile(rf"(?<![\w-])AIDS(?![\w-])(?! (?:{SERVICES})s?\b)")
"""In capitals only: others are hearing aids."""
SERVICE_FOR = re.compile(rf"\b(?:{SERVICES})s? (?:for|against) (?:the )?\Z")
REACH = 32
"""Characters that are looked at before a word: enough for the longest service."""


def private_kind(text: str) -> Private | None:
    """What the text tells of a person, if it does."""
    plain = " ".join(unicodedata.normalize("NFKC", text).replace("’", "'").split())
    if _tells(AIDS, plain):
        return Private.health
    folded = plain.casefold()
    return next((private for private, patterns in PATTERNS.items() if any(_tells(p, folded) for p in patterns)), None)


def _tells(pattern: re.Pattern[str], text: str) -> bool:
    return any(SERVICE_FOR.search(text, max(0, found.start() - REACH), found.start()) is None for found in pattern.finditer(text))


def private_code(code: str) -> Private | None:
    """The same of a code, whose parts are words."""
    return private_kind(re.sub(r"[._-]+", " ", code))


def check_notes(notes: Mapping[str, str | None]) -> None:
    """`notes` by the names of their fields. Raises `Invalid` (sensitive-note), which never repeats what was written."""
    refuse({field: private_kind(text) for field, text in notes.items() if text})


def refuse(found: Mapping[str, Private | None]) -> None:
    """Raises `Invalid` (sensitive-note) when there is anything to refuse."""
    kinds = {field: private for field, private in found.items() if private is not None}
    if kinds:
        told = ", ".join(f"{field} ({private})" for field, private in kinds.items())
        errors = [{"field": field, "message": f"tells of {private}"} for field, private in kinds.items()]
        raise Invalid(
            "sensitive-note",
            f"Nothing is kept about a person's faith, politics or health: {told}. {INSTEAD}",
            more={"errors": errors},
        )
