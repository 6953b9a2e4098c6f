"""What a category asks for, and what a text sounds like, as tables."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.feedback.cases.rules import Channel
from services.feedback.categories.rules import (
    LONGEST_STRING,
    Attribute,
    Category,
    Datatype,
    check_definition,
    check_use,
    phrase_of,
    rank,
    sound_of,
)
from shared.errors import Conflict, DomainError, Invalid
from shared.languages import Language

VALUES = {"big": "Big", "small": "Small"}


def attribute(datatype: Datatype, *, required: bool = False) -> Attribute:
    return Attribute("it", datatype, required, VALUES if datatype.endswith("list") else {})


def category(code: str = "light", *keywords: str, attributes: Sequence[Attribute] = (), retired: bool = False) -> Category:
    return Category(
        id=UUID(int=1),
        code=code,
        names={Language.en: code, Language.zh: code},
        channels=frozenset({Channel.public_opinion, Channel.thought}),
        phrases=[phrase_of(keyword) for keyword in keywords],
        default_unit_id=None,
        level=None,
        attributes={each.code: each for each in attributes},
        retired=retired,
    )


def refusal(wrong: Category, channel: Channel = Channel.thought, **given: Any) -> str:
    with pytest.raises(DomainError) as refused:
        check_use(wrong, channel, given)
    assert isinstance(refused.value, Conflict if wrong.retired else Invalid)
    return f"{refused.value.slug}: {refused.value.detail}"


def test_a_category_says_who_may_use_it_and_with_what() -> None:
    assert refusal(category(retired=True)).startswith("category-retired: ")
    wrong_channel = refusal(category(), Channel.emotional)
    assert wrong_channel.startswith("category-channel: ")
    assert "the channels thought, public_opinion, not for emotional" in wrong_channel
    assert refusal(category(), it=1) == "unknown-attribute: The category light has no attribute it. Its attributes: none."
    missing = category(attributes=[attribute(Datatype.number, required=True)])
    assert refusal(missing) == "attribute-missing: The category light needs the attribute it, a number."
    assert check_use(missing, Channel.thought, {"it": 3}) == {"it": 3}
    assert check_use(category(attributes=[attribute(Datatype.number)]), Channel.thought, {}) == {}


@pytest.mark.parametrize(
    ("datatype", "value", "kept"),
    [
        (Datatype.string, "P 12", "P 12"),
        (Datatype.string, "灯", "灯"),
        (Datatype.string, "x" * LONGEST_STRING, "x" * LONGEST_STRING),
        (Datatype.number, 4, 4),
        (Datatype.number, -4.5, -4.5),
        (Datatype.datetime, "2026-03-02T09:30:00Z", "2026-03-02T09:30:00Z"),
        (Datatype.datetime, "2026-03-02T09:30:00+08:00", "2026-03-02T01:30:00Z"),
        (Datatype.text, "Two\nlines", "Two\nlines"),
        (Datatype.singlevaluelist, "big", "big"),
        (Datatype.multivaluelist, ["small", "big"], ["small", "big"]),
        (Datatype.multivaluelist, ("big",), ["big"]),
    ],
)
def test_a_fitting_attribute_is_kept(datatype: Datatype, value: Any, kept: Any) -> None:
    assert check_use(category(attributes=[attribute(datatype)]), Channel.thought, {"it": value}) == {"it": kept}


@pytest.mark.parametrize(
    ("datatype", "value"),
    [
        (Datatype.string, ""),
        (Datatype.string, "Two\nlines"),
        (Datatype.string, "x" * (LONGEST_STRING + 1)),
        (Datatype.string, 4),
        (Datatype.string, ("big",)),
        (Datatype.number, "4"),
        (Datatype.number, ("big",)),
        (Datatype.datetime, "yesterday"),
        (Datatype.datetime, "2026-03-02T09:30:00"),
        (Datatype.datetime, "2026-03-02"),
        (Datatype.datetime, "0001-01-01T00:00:00+14:00"),
        (Datatype.datetime, 1),
        (Datatype.text, ""),
        (Datatype.text, 4),
        (Datatype.singlevaluelist, "Big"),
        (Datatype.singlevaluelist, ("big",)),
        (Datatype.multivaluelist, "big"),
        (Datatype.multivaluelist, ()),
        (Datatype.multivaluelist, ("big", "big")),
        (Datatype.multivaluelist, ("big", "huge")),
    ],
)
def test_an_unfit_attribute_is_refused_with_what_would_fit(datatype: Datatype, value: Any) -> None:
    said = refusal(category(attributes=[attribute(datatype)]), it=value)
    assert said.startswith("attribute-value: The attribute it must be ")
    if datatype.endswith("list"):
        assert said.endswith("of big, small.")


@pytest.mark.parametrize(
    ("channels", "attributes", "slug"),
    [
        ([Channel.thought, Channel.thought], [], "channel-twice"),
        ([Channel.thought], [("a", Datatype.text, []), ("a", Datatype.number, [])], "attribute-twice"),
        ([Channel.thought], [("a", Datatype.singlevaluelist, [])], "attribute-values"),
        ([Channel.thought], [("a", Datatype.multivaluelist, ["x", "x"])], "attribute-values"),
        ([Channel.thought], [("a", Datatype.number, ["x"])], "attribute-values"),
    ],
)
def test_a_definition_that_contradicts_itself_is_refused(channels: Any, attributes: Any, slug: str) -> None:
    with pytest.raises(Invalid) as refused:
        check_definition(channels, attributes)
    assert refused.value.slug == slug


def test_a_whole_definition_is_taken() -> None:
    check_definition([Channel.thought, Channel.emotional], [("a", Datatype.text, []), ("b", Datatype.singlevaluelist, ["x"])])


LAMP = category("light", "street light", "lamp", "路灯", "照明")
WATER = category("water", "well", "water", "自来水", "停水")
NOISE = category("noise", "noise", "loud music", "噪音")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("The LAMPS are broken", ["light"]),
        ("Two street lights, one lamp", ["light"]),
        ("The lamplighter", []),
        ("A wellness centre", []),
        ("The well by the lamp; no water", ["water", "light"]),
        ("loud, music", ["noise"]),
        ("music, loud", []),
        ("村口的路灯坏了", ["light"]),
        ("路灯照明不足", ["light"]),
        ("晚上噪音大，自来水停水，路灯也不亮", ["water", "light", "noise"]),
        ("我家停水三天", ["water"]),
        ("水停了", []),
        ("ＬＡＭＰ", ["light"]),
        ("lamp坏了", ["light"]),
        ("", []),
        ("!?", []),
    ],
)
def test_a_text_sounds_like_categories(text: str, found: list[str]) -> None:
    assert [each.code for _, each in rank(sound_of(text), [NOISE, LAMP, WATER])] == found


def test_the_most_keywords_come_first_and_then_the_code() -> None:
    twice, once = category("b", "lamp", "pole"), category("a", "lamp")
    assert [(count, each.code) for count, each in rank(sound_of("The lamp on its pole"), [once, twice])] == [(2, "b"), (1, "a")]
    assert [each.code for _, each in rank(sound_of("lamp"), [twice, once])] == ["a", "b"]


def test_a_keyword_without_a_word_is_never_heard() -> None:
    assert rank(sound_of("What? !"), [category("odd", "?", "!")]) == []


@given(st.text(), st.text(min_size=1))
def test_any_text_and_any_keyword(text: str, keyword: str) -> None:
    found = rank(sound_of(text), [category("a", keyword)])
    assert len(found) <= 1


@given(st.text(st.characters(min_codepoint=0x4E00, max_codepoint=0x9FFF), min_size=2), st.text(), st.text())
def test_chinese_is_found_wherever_it_stands(keyword: str, before: str, after: str) -> None:
    assert rank(sound_of(f"{before} {keyword} {after}"), [category("a", keyword)])
