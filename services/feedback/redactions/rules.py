"""What looks like personal data, and a text without a passage. Pure."""

import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from shared.languages import Language

REDACTED = "▮▮▮"
SHORTEST, LONGEST = 2, 500


class PersonalData(StrEnum):
    email = "email"
    identity_number = "identity_number"
    phone = "phone"


_LOOKS_LIKE: Mapping[PersonalData, re.Pattern[str]] = {
    PersonalData.email: re.compile(r"[^\s@]{1,64}@[^\s@.]{1,63}\.[^\s@]"),
    PersonalData.identity_number: re.compile(r"(?<!\d)\d{17}[\dXx](?!\d)"),
    PersonalData.phone: re.compile(r"(?<![\d.])(?:\+\d{1,3}[ -]?)?\(?\d{3,4}\)?(?:[ -]?\d){6,9}(?!\d)(?!\.\d)"),
}
_NUMBER = re.compile("[0-9０-９]{3}")
ADVICE: Mapping[Language, Mapping[PersonalData, str]] = {
    Language.en: {
        PersonalData.email: "This seems to hold an e-mail address. Whoever handles the case reads it.",
        PersonalData.identity_number: "This seems to hold the number of an identity card. Whoever handles the case reads it.",
        PersonalData.phone: "This seems to hold a telephone number. Whoever handles the case reads it.",
    },
    Language.zh: {
        PersonalData.email: "内容中似乎有电子邮箱地址，承办人员会看到。",
        PersonalData.identity_number: "内容中似乎有身份证号码，承办人员会看到。",
        PersonalData.phone: "内容中似乎有电话号码，承办人员会看到。",
    },
}


def find_personal_data(text: str) -> list[PersonalData]:
    """What kinds of it the text seems to hold; a name or an address is not found. Nearly every text has no sign of any, which is
    soon seen."""
    signs = {PersonalData.email} if "@" in text else set()
    if _NUMBER.search(text):
        signs |= {PersonalData.identity_number, PersonalData.phone}
    return [kind for kind, looks_like in _LOOKS_LIKE.items() if kind in signs and looks_like.search(text)]


def advise(text: str, language: Language) -> list[str]:
    """A sentence for each kind."""
    return [ADVICE[language][kind] for kind in find_personal_data(text)]


def without(passage: str, words: Any) -> Any:
    """Texts, also those inside a value of JSON, without the passage; the value itself where it does not stand there."""
    if isinstance(words, str):
        return words.replace(passage, REDACTED)
    if isinstance(words, Mapping):
        return {name: without(passage, value) for name, value in words.items()}
    if isinstance(words, list | tuple):
        return [without(passage, value) for value in words]
    return words
