"""The languages that the product speaks, and which of them a caller wants to hear."""

import re
from contextvars import ContextVar
from enum import StrEnum
from functools import lru_cache


class Language(StrEnum):
    en = "en"
    zh = "zh"


_NAMES = {language.value: language for language in Language}
_current: ContextVar[Language] = ContextVar("language", default=Language.en)


def hear_language(accepted: str) -> None:
    """Remember for this request what its `Accept-Language` asks for."""
    _current.set(preferred_language(accepted))


def current_language() -> Language:
    return _current.get()


@lru_cache(maxsize=1_000)
def preferred_language(accepted: str) -> Language:
    """What an `Accept-Language` asks for first among what there is; English where it asks for neither."""
    best, weight = Language.en, 0.0
    for part in accepted.split(","):
        tag, _, options = part.strip().partition(";")
        language = _NAMES.get(tag.strip().lower().partition("-")[0])
        quality = _quality(options)
        if language is not None and quality > weight:
            best, weight = language, quality
    return best


def _quality(options: str) -> float:
    found = re.fullmatch(r"\s*q=(0(?:\.\d{0,3})?|1(?:\.0{0,3})?)\s*", options)
    return float(found[1]) if found else 0.0 if options else 1.0
