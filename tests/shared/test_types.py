"""Safe types: whatever they let through, PostgreSQL, JSON and a 64-bit client can hold."""

import json
import math
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from shared.types import Body, Code, Count, Day, Finite, Int64, Level, Limit, Line, Moment, Score, Share, Text, enum_check

TEXT = st.text(st.characters(), max_size=300)  # with surrogates and NUL


def accepted(kind: Any, value: object) -> Any:
    """What the type makes of a value, None when it refuses it."""
    try:
        return TypeAdapter(kind).validate_python(value)
    except ValidationError:
        return None


@given(TEXT)
def test_text_is_let_through_exactly_when_it_can_be_stored(value: str) -> None:
    storable = "\x00" not in value and not any("\ud800" <= character <= "\udfff" for character in value)
    assert accepted(Text, value) == (value if storable else None)


@given(TEXT)
def test_a_line_is_never_blank_too_long_or_unstorable(value: str) -> None:
    line = accepted(Line, value)
    if line is not None:
        assert line == line.strip(" \t\n\u3000")
        assert 1 <= len(line) <= 200
        assert "\x00" not in line
        line.encode()


@pytest.mark.parametrize("blank", ["", " ", "\n\t ", "\u3000", "\u2003"])
def test_blanks_are_neither_a_line_nor_a_body(blank: str) -> None:
    assert accepted(Line, blank) is None
    assert accepted(Body, blank) is None


TURNS_AND_BREAKS = [*map(chr, [*range(0x20), *range(0x7F, 0xA0), *range(0x2028, 0x202F), *range(0x2066, 0x206A)])]
NOTHING_TO_SEE = ["\u200b", "\u200d\ufe0f", "\u3164", "\u115f\u1160", "\u2800", "\u0301", "\ufeff", "\u2060 \u00ad", "\U000e0041"]


@pytest.mark.parametrize("character", TURNS_AND_BREAKS, ids=ascii)
def test_a_line_is_one_line_and_keeps_its_direction(character: str) -> None:
    assert accepted(Line, f"a{character}b") is None
    assert accepted(Body, f"a{character}b") == (None if character == "\x00" else f"a{character}b")


@pytest.mark.parametrize("text", NOTHING_TO_SEE, ids=ascii)
def test_a_line_has_something_to_see(text: str) -> None:
    assert accepted(Line, text) is None


@pytest.mark.parametrize(
    "text", ["为民服务", "नमस्ते", "שלום", "می‌خواهم", "👩\u200d👩\u200d👧", "e\u0301", "a\u00a0b", "\ue000", "?"], ids=ascii
)
def test_a_line_speaks_any_language(text: str) -> None:
    assert accepted(Line, text) == text


def test_lengths_are_those_of_the_text_without_its_margins() -> None:
    assert accepted(Line, " " * 500 + "x" * 200) == "x" * 200
    assert accepted(Line, "x" * 201) is None
    assert accepted(Body, "\u4f60" * 20_000) == "\u4f60" * 20_000
    assert accepted(Body, "x" * 20_001) is None


@given(TEXT)
def test_a_code_is_plain(value: str) -> None:
    code = accepted(Code, value)
    assert code is None or (code.isascii() and code.isprintable() and not set(code) & set("/ ,;'\"") and 1 <= len(code) <= 63)


@pytest.mark.parametrize("value", ["abc", "US-NY", "CN.33", "a_1", "330106"])
def test_codes_of_the_usual_registers_are_codes(value: str) -> None:
    assert accepted(Code, value) == value


@pytest.mark.parametrize("value", ["abc\n", "-a", "a b", "a/b", "é", "\u0660", "a" * 64, ""])
def test_what_only_looks_like_a_code_is_refused(value: str) -> None:
    assert accepted(Code, value) is None


@given(st.integers())
def test_integers_stay_within_their_columns(value: int) -> None:
    assert accepted(Int64, value) == (value if -(2**63) <= value < 2**63 else None)
    assert accepted(Count, value) == (value if 0 <= value < 2**31 else None)
    assert accepted(Limit, value) == (value if 1 <= value <= 100 else None)
    assert accepted(Score, value) == (value if 1 <= value <= 5 else None)


@given(st.floats(allow_nan=True, allow_infinity=True))
def test_floats_are_finite(value: float) -> None:
    assert accepted(Finite, value) == (value if math.isfinite(value) else None)
    assert accepted(Share, value) == (value if 0 <= value <= 1 else None)


@pytest.mark.parametrize("value", [True, 1.0, "3", 3.5, None])
def test_a_score_is_a_whole_number_and_nothing_that_passes_for_one(value: object) -> None:
    assert accepted(Score, value) is None


@given(st.datetimes(timezones=st.timezones()) | st.datetimes())
def test_a_moment_is_aware_in_utc_and_of_a_sensible_year(value: datetime) -> None:
    moment = accepted(Moment, value)
    if value.tzinfo is None:
        assert moment is None
    elif moment is not None:
        assert moment.tzinfo is UTC
        assert moment.timestamp() == value.timestamp()  # `==` is never true in an hour that a clock change skips or repeats
        assert 1899 <= moment.year <= 9001


@pytest.mark.parametrize(
    "value", [0, 1.5, True, None, "", "0", "-5", "1764115200", "1764115200000", "2026-05-01", "12:00", b"2026-05-01T09:00:00Z"]
)
def test_what_is_not_written_as_a_time_is_none(value: object) -> None:
    assert accepted(Moment, value) is None


@pytest.mark.parametrize("value", ["2026-05-01T09:00:00Z", "2026-05-01 11:00:00+02:00", "2026-05-01T09:00Z"])
def test_a_written_time_is_a_moment(value: str) -> None:
    assert accepted(Moment, value) == datetime(2026, 5, 1, 9, tzinfo=UTC)


@given(st.dates())
def test_a_day_is_of_a_sensible_year(value: date) -> None:
    assert accepted(Day, value.isoformat()) == (value if 1900 <= value.year <= 9000 else None)


@pytest.mark.parametrize(
    "value", [0, 20_000, True, None, "", "20000", "2026-05-01T00:00:00Z", "20260501", "2026-02-30", "2026-W18-5"]
)
def test_what_is_not_written_as_a_day_is_none(value: object) -> None:
    assert accepted(Day, value) is None


@given(st.recursive(st.none() | st.booleans() | st.floats() | TEXT, lambda inner: st.lists(inner) | st.dictionaries(TEXT, inner)))
def test_no_json_breaks_a_type(value: object) -> None:
    for kind in (Text, Line, Body, Code, Int64, Count, Finite, Share, Score, Limit, Moment, Day):
        result = accepted(kind, value)
        if isinstance(result, str | int | float):
            json.dumps(result, allow_nan=False).encode()


def test_enum_check_lists_the_values() -> None:
    assert enum_check("level", Level) == "level IN ('province', 'prefecture', 'county', 'township', 'grassroots')"
