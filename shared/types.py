"""Safe types for everything that comes in: what PostgreSQL, JSON or a 64-bit client cannot hold is refused at the door."""

import re
import unicodedata
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Annotated, Any

from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints
from pydantic_core import PydanticCustomError


def _storable(value: str) -> str:
    if "\x00" in value:
        raise PydanticCustomError("text_nul", "must not contain the NUL character")
    if not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError:
            raise PydanticCustomError("text_surrogate", "must not contain lone surrogates") from None
    return value


def _plain(value: str) -> str:
    """What is shown in lists beside others' lines must not break, reorder or vanish there."""
    if UNPRINTED.search(value):
        raise PydanticCustomError("line_control", "must be one line, without control characters or marks that turn its direction")
    if not value.isascii() and not any(map(_is_seen, value)):
        raise PydanticCustomError("line_invisible", "must have a visible character")
    return value


def _is_seen(character: str) -> bool:
    return character not in BLANK_LETTERS and unicodedata.category(character) not in UNSEEN


def _written(value: object) -> object:
    """Pydantic takes a number, also one in quotes, for seconds since 1970: nobody who sends one means that."""
    if isinstance(value, datetime) or (isinstance(value, str) and value[4:5] == "-"):
        return value
    raise PydanticCustomError("time_form", "must be a time as RFC 3339 writes it, for example 2026-05-01T09:00:00Z")


def _sensible(moment: datetime) -> datetime:
    """Years that calendars, PostgreSQL and every client's date type share."""
    if not 1900 <= moment.year <= 9000:
        raise PydanticCustomError("time_range", "must lie between the years 1900 and 9000")
    return moment.astimezone(UTC)


def _written_day(value: object) -> object:
    """Pydantic takes a number for a day too, and a time at midnight."""
    if isinstance(value, str) and DAY.fullmatch(value):
        return value
    raise PydanticCustomError("day_form", "must be a day as RFC 3339 writes it, for example 2026-05-01")


def _sensible_day(day: date) -> date:
    if not 1900 <= day.year <= 9000:
        raise PydanticCustomError("day_range", "must lie between the years 1900 and 9000")
    return day


DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
UNPRINTED = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
UNSEEN = frozenset({"Cc", "Cf", "Cs", "Mc", "Me", "Mn", "Zl", "Zp", "Zs"})
BLANK_LETTERS = frozenset("\u115f\u1160\u2800\u3164\uffa0")
"""Letters and symbols by their category, blanks to the eye: Hangul fillers and the empty Braille cell."""
Text = Annotated[str, AfterValidator(_storable)]
Line = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200), AfterValidator(_storable), AfterValidator(_plain)
]
Body = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=20_000), AfterValidator(_storable)]
Code = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$")]
Int64 = Annotated[int, Field(ge=-(2**63), le=2**63 - 1)]
Count = Annotated[int, Field(ge=0, le=2**31 - 1)]
Finite = Annotated[float, Field(allow_inf_nan=False)]
Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
Latitude = Annotated[Finite, Field(strict=True, ge=-90, le=90)]
Longitude = Annotated[Finite, Field(strict=True, ge=-180, le=180)]
Score = Annotated[int, Field(ge=1, le=5, strict=True)]
Limit = Annotated[int, Field(ge=1, le=100)]
Moment = Annotated[AwareDatetime, BeforeValidator(_written), AfterValidator(_sensible)]
Day = Annotated[date, BeforeValidator(_written_day), AfterValidator(_sensible_day)]


def coarse(degrees: float, decimals: int) -> float:
    """A coordinate as it is kept: with 3 decimals to about 100 m, with 2 to about a kilometre."""
    return round(degrees, decimals) + 0.0  # no negative zero


class In(BaseModel):
    """A request body: an unknown field is a mistake of the caller's, not something to drop in silence."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class NothingIn(In):
    """An empty object."""


class Out(BaseModel):
    """An answer: every field is always there."""

    model_config = ConfigDict(frozen=True, from_attributes=True)


class Level(StrEnum):
    province = "province"
    prefecture = "prefecture"
    county = "county"
    township = "township"
    grassroots = "grassroots"


def enum_check(column: str, values: type[StrEnum]) -> str:
    """SQL of a check constraint that holds a text column to an enumeration."""
    allowed = ", ".join(f"'{value.value}'" for value in values)
    return f"{column} IN ({allowed})"


JsonObject = dict[str, Any]
