"""What counts as one word, on both sides of a search."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.feedback.cases.words import case_terms, search_of, terms_of
from shared.errors import Invalid
from tests.feedback.house import House

FOUND = [
    ("The lamps are broken", "lamp"),
    ("A lamp", "LAMPS"),
    ("It was repaired", "repair"),
    ("Please repair it", "repairing"),
    ("two cities", "city"),
    ("Brücke gesperrt", "BRÜCKE"),
    ("ＬＡＭＰ ２", "lamp 2"),
    ("村口路灯坏了", "路灯"),
    ("村口路灯坏了", "路灯坏了"),
    ("村口路灯坏了", "村"),
    ("村口路灯坏了", "了"),
    ("LED路灯 坏了", "led 坏了 路灯"),
    ("卫生院，很好", "卫生院"),
]
NOT_FOUND = [
    ("The lamp is broken", "lamb"),
    ("The lamp is broken", "lamp road"),
    ("村口路灯坏了", "路坏"),
    ("灯在路上", "路灯"),
    ("卫生。生院", "卫生院"),
    ("村口路灯", "路灯坏"),
    ("category=light", "category=light x"),
]
HOLDS = "SELECT CAST($1 AS tsvector) @@ CAST($2 AS tsquery) AS found"


async def holds(house: House, text: str, asked: str) -> bool:
    (row,) = await house.rows(HOLDS, terms_of(text), search_of(asked))
    return bool(row["found"])


async def test_postgresql_finds_what_is_there_and_nothing_else(house: House) -> None:
    for text, asked in FOUND:
        assert await holds(house, text, asked), (text, asked)
    for text, asked in NOT_FOUND:
        assert not await holds(house, text, asked), (text, asked)


async def test_a_facet_is_no_word(house: House) -> None:
    terms = case_terms({"title": "channel=thought", "channel": "emotional", "category": "it's\\odd"})
    for asked, found in (("'channel=emotional'", True), ("'channel=thought'", False), ("'category=it''s\\\\odd'", True)):
        (row,) = await house.rows(HOLDS, terms, asked)
        assert row["found"] is found, asked


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(alphabet=st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), max_size=60))
async def test_postgresql_reads_every_text_and_finds_it_by_itself(house: House, text: str) -> None:
    try:
        asked = search_of(text)
    except Invalid:
        await house.rows("SELECT CAST($1 AS tsvector)", terms_of(text))
        return
    (row,) = await house.rows(HOLDS, terms_of(text), asked)
    assert row["found"]


@pytest.mark.parametrize("asked", ["?", "。，！", "&|!()", "_", "'"])
def test_a_question_without_a_word_is_refused(asked: str) -> None:
    with pytest.raises(Invalid) as refused:
        search_of(asked)
    assert refused.value.slug == "nothing-to-search"


async def test_the_longest_chinese_text_can_be_kept(house: House) -> None:
    text = "村口路灯坏了" * 3_333
    assert await holds(house, text, "路灯坏了")
