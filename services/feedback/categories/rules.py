"""What a category asks of an opinion, and which categories a text sounds like. Pure.

The datatypes of attributes are those of Open311's GeoReport v2.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any
from unicodedata import normalize
from uuid import UUID

from services.feedback.cases.rules import Channel
from shared.errors import Conflict, Invalid
from shared.languages import Language
from shared.types import Level

MOST_ATTRIBUTES, MOST_VALUES, MOST_KEYWORDS = 30, 200, 50
LONGEST_STRING, LONGEST_TEXT = 200, 5_000
LARGEST_NUMBER = 2**53
"""Every client holds numbers up to here as they are."""

Value = str | int | float | Sequence[str]


class Datatype(StrEnum):
    string = "string"
    number = "number"
    datetime = "datetime"
    text = "text"
    singlevaluelist = "singlevaluelist"
    multivaluelist = "multivaluelist"


LISTS = frozenset({Datatype.singlevaluelist, Datatype.multivaluelist})


@dataclass(frozen=True, slots=True)
class Attribute:
    """`values` are the names by the keys that may be chosen; only lists have any."""

    code: str
    datatype: Datatype
    required: bool
    values: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Category:
    """A registered category. `default_unit_id` or the unit at `level` above an area gets what names no unit."""

    id: UUID
    code: str
    names: Mapping[Language, str]
    channels: frozenset[Channel]
    phrases: Sequence[str]
    default_unit_id: UUID | None
    level: Level | None
    attributes: Mapping[str, Attribute]
    retired: bool


def check_definition(channels: Sequence[Channel], attributes: Sequence[tuple[str, Datatype, Sequence[str]]]) -> None:
    """`attributes` are code, datatype and keys. Raises `Invalid` (channel-twice, attribute-twice, attribute-values)."""
    if len(set(channels)) < len(channels):
        raise Invalid("channel-twice", "Name each channel once in `channels`.")
    codes = [code for code, _, _ in attributes]
    if len(set(codes)) < len(codes):
        raise Invalid("attribute-twice", "Each attribute needs a code of its own.")
    for code, datatype, keys in attributes:
        if datatype in LISTS and (not keys or len(set(keys)) < len(keys)):
            raise Invalid("attribute-values", f"The attribute {code} is a list: give it `values`, each with a key of its own.")
        if datatype not in LISTS and keys:
            raise Invalid("attribute-values", f"The attribute {code} is a {datatype}: only lists have `values`.")


def check_use(category: Category, channel: Channel, given: Mapping[str, Value]) -> dict[str, Any]:
    """The attributes as they are kept, times in UTC.

    Raises `Conflict` (category-retired), `Invalid` (category-channel, unknown-attribute, attribute-missing, attribute-value).
    """
    if category.retired:
        raise Conflict("category-retired", f"The category {category.code} is in use no more: choose one of GET /v1/categories.")
    if channel not in category.channels:
        fit = ", ".join(each for each in Channel if each in category.channels)
        raise Invalid("category-channel", f"The category {category.code} is for the channels {fit}, not for {channel}.")
    for code in given:
        if code not in category.attributes:
            known = ", ".join(category.attributes) or "none"
            raise Invalid("unknown-attribute", f"The category {category.code} has no attribute {code}. Its attributes: {known}.")
    for code, attribute in category.attributes.items():
        if attribute.required and code not in given:
            raise Invalid(
                "attribute-missing", f"The category {category.code} needs the attribute {code}, a {attribute.datatype}."
            )
    return {code: _kept(category.attributes[code], value) for code, value in given.items()}


def _kept(attribute: Attribute, value: Value) -> Any:
    match attribute.datatype, value:
        case (Datatype.string, str()) if 0 < len(value) <= LONGEST_STRING and value.isprintable():
            return value
        case (Datatype.text, str()) if 0 < len(value) <= LONGEST_TEXT:
            return value
        case Datatype.number, int() | float():
            return value
        case Datatype.datetime, str():
            return _moment(attribute, value)
        case (Datatype.singlevaluelist, str()) if value in attribute.values:
            return value
        case (Datatype.multivaluelist, list() | tuple()) if value and _distinct_keys(value, attribute.values):
            return list(value)
    raise _unfit(attribute)


def _distinct_keys(keys: Sequence[str], known: Mapping[str, str]) -> bool:
    return len(set(keys)) == len(keys) and all(key in known for key in keys)


def _moment(attribute: Attribute, written: str) -> str:
    try:
        moment = datetime.fromisoformat(written)
        if moment.tzinfo is not None and 1900 <= moment.year <= 9000:
            return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
    except (ValueError, OverflowError):
        pass
    raise _unfit(attribute)


def _unfit(attribute: Attribute) -> Invalid:
    wanted = {
        Datatype.string: f"a line of 1 to {LONGEST_STRING} characters",
        Datatype.number: "a number",
        Datatype.datetime: "a time with its zone, such as 2026-03-02T09:30:00Z",
        Datatype.text: f"a text of 1 to {LONGEST_TEXT} characters",
        Datatype.singlevaluelist: f"one of {', '.join(attribute.values)}",
        Datatype.multivaluelist: f"a list of one or more, each once, of {', '.join(attribute.values)}",
    }[attribute.datatype]
    return Invalid("attribute-value", f"The attribute {attribute.code} must be {wanted}.")


_WORD = re.compile(r"[^\W_\u2e80-\U0003ffff]+")
_IDEOGRAPHS = re.compile(r"[\u2e80-\U0003ffff]")


def phrase_of(keyword: str) -> str:
    """A keyword in the form that `sound_of` texts are searched for: words stand between spaces, Chinese stands as it is."""
    folded = _fold(keyword)
    return folded.strip() if _IDEOGRAPHS.search(folded) else _words(folded)


def sound_of(text: str) -> str:
    """A text in the form in which phrases are found: its words in order, then the whole of it for Chinese."""
    folded = _fold(text)
    return f"{_words(folded)}\n{folded}"


def rank(sound: str, categories: Iterable[Category]) -> list[tuple[int, Category]]:
    """Those that share a phrase with the text, and how many; the most first, then the one with the longer phrases."""
    found = []
    for category in categories:
        heard = {phrase for phrase in category.phrases if phrase.strip() and phrase in sound}
        if heard:
            found.append((len(heard), sum(map(len, heard)), category))
    found.sort(key=lambda each: (-each[0], -each[1], each[2].code))
    return [(count, category) for count, _, category in found]


def _fold(text: str) -> str:
    return normalize("NFKC", text).casefold()


def _words(folded: str) -> str:
    """Every word in the singular, as far as an ending tells, between spaces."""
    words = (word[:-1] if len(word) > 3 and word.endswith("s") else word for word in _WORD.findall(folded))
    return f" {' '.join(words)} "
