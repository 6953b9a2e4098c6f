"""What looks like personal data, and a text without a passage."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.feedback.redactions.rules import ADVICE, REDACTED, PersonalData, advise, find_personal_data, without
from shared.languages import Language


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Call me: 138 1234 5678.", [PersonalData.phone]),
        ("Call +86 13812345678", [PersonalData.phone]),
        ("电话13812345678，急", [PersonalData.phone]),
        ("(010) 6552-9988", [PersonalData.phone]),
        ("write to somebody@example.org", [PersonalData.email]),
        ("身份证11010519491231002X", [PersonalData.identity_number]),
        ("It costs 1200 yuan since 2024-05-01.", []),
        ("Bus 104 at 8:30, room 12, 3.14159265358", []),
        ("The lamp is broken.", []),
        ("", []),
    ],
)
def test_what_is_pointed_out(text: str, found: list[PersonalData]) -> None:
    assert find_personal_data(text) == found
    for language in Language:
        assert advise(text, language) == [ADVICE[language][kind] for kind in found]


@given(st.text(max_size=200))
def test_no_text_is_too_odd(text: str) -> None:
    assert set(find_personal_data(text)) <= set(PersonalData)


@given(st.text(min_size=2, max_size=5), st.lists(st.text(max_size=10), max_size=5))
def test_a_passage_is_gone_wherever_it_stood(passage: str, around: list[str]) -> None:
    text = passage.join(around)
    assert without(passage, text).replace(REDACTED, "\0").find(passage) == -1 or passage in REDACTED
    assert without(passage, {"a": [text, 1, None]}) == {"a": [without(passage, text), 1, None]}
