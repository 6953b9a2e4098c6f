"""Texts with gaps, as a table."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.feedback.templates.rules import NOTHING, Placeholder, check_text, fill_text
from shared.errors import Invalid

VALUES = {
    Placeholder.case_title: "The {lamp}",
    Placeholder.unit_name: "The village",
    Placeholder.due_date: "2026-04-01",
    Placeholder.opened_on: "2026-03-02",
    Placeholder.category: None,
}


@pytest.mark.parametrize(
    ("text", "filled"),
    [
        ("No gap.", "No gap."),
        ("{case_title}: by {due_date}.", "The {lamp}: by 2026-04-01."),
        ("{unit_name}{opened_on}", "The village2026-03-02"),
        ("{category}", NOTHING),
        ("{{case_title}} and }}{{", "{case_title} and }{"),
        ("关于“{case_title}”的答复", "关于“The {lamp}”的答复"),
    ],
)
def test_a_text_is_filled(text: str, filled: str) -> None:
    check_text(text)
    assert fill_text(text, VALUES) == filled


UNKNOWN = [
    "{name}",
    "{}",
    "{0}",
    "{__class__}",
    "{CASE_TITLE}",
    "{case_title.owner_id}",
    "{case_title[0]}",
    "{case_title!r}",
    "{case_title:>9}",
    "{due_date:{case_title}}",
    "{case_title,}",
]


@pytest.mark.parametrize("text", [*UNKNOWN, "{ case_title }"])
def test_an_unknown_placeholder_is_refused(text: str) -> None:
    with pytest.raises(Invalid) as refused:
        check_text(text)
    assert refused.value.slug == "unknown-placeholder"


@pytest.mark.parametrize("text", ["{", "}", "{case_title", "case_title}", "{{}", "{case_title!}", "{a{b}"])
def test_braces_that_do_not_match_are_refused(text: str) -> None:
    with pytest.raises(Invalid) as refused:
        check_text(text)
    assert refused.value.slug == "template-braces"


@given(st.text(st.sampled_from("{}!:[].a0 _") | st.characters(codec="utf-8")))
def test_a_text_is_refused_or_filled(text: str) -> None:
    try:
        check_text(text)
    except Invalid:
        return
    fill_text(text, VALUES)


@given(st.text(st.characters(codec="utf-8")))
def test_escaped_braces_come_back(text: str) -> None:
    escaped = text.replace("{", "{{").replace("}", "}}")
    check_text(escaped)
    assert fill_text(escaped, VALUES) == text
