"""Which language a caller hears."""

import pytest

from shared.languages import preferred_language


@pytest.mark.parametrize(
    ("accepted", "language"),
    [
        ("", "en"),
        ("zh", "zh"),
        ("zh-CN,zh;q=0.9,en;q=0.8", "zh"),
        ("en-GB, zh;q=0.5", "en"),
        ("en;q=0.3, zh;q=0.7", "zh"),
        ("de-DE,de;q=0.9,zh;q=0.2", "zh"),
        ("fr, de", "en"),
        ("zh;q=0, en", "en"),
        ("zh;q=9", "en"),
        ("zh;q=oops", "en"),
        ("*", "en"),
        (";;;,,,q=1", "en"),
    ],
)
def test_the_language_that_is_asked_for_first(accepted: str, language: str) -> None:
    assert preferred_language(accepted) == language
