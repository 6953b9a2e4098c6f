import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.assessment.units.rules import check_level, codes_of, covers, path_of
from shared.errors import Invalid
from shared.types import Level

LEVELS = list(Level)
codes = st.from_regex(r"[a-z0-9][a-z0-9_-]{0,5}", fullmatch=True)


@pytest.mark.parametrize("parent", LEVELS)
@pytest.mark.parametrize("child", LEVELS)
def test_check_level_takes_only_lower_levels(parent: Level, child: Level) -> None:
    if LEVELS.index(child) > LEVELS.index(parent):
        check_level(child, parent)
    else:
        with pytest.raises(Invalid, match="level-not-below-parent"):
            check_level(child, parent)


def test_path_of_joins_codes_from_the_root() -> None:
    assert path_of("root", None) == "root"
    assert path_of("leaf", path_of("middle", "root")) == "root/middle/leaf"
    assert codes_of("root/middle/leaf") == ["root", "middle", "leaf"]


@pytest.mark.parametrize(
    ("upper", "lower", "covered"),
    [("a", "a", True), ("a", "a/b", True), ("a", "a/b/c", True), ("a/b", "a", False), ("a", "ab", False), ("a", "b/a", False)],
)
def test_covers(upper: str, lower: str, covered: bool) -> None:
    assert covers(upper, lower) is covered


@given(st.lists(codes, min_size=1, max_size=5, unique=True), st.lists(codes, min_size=1, max_size=5, unique=True))
def test_covers_is_a_prefix_of_codes(upper: list[str], lower: list[str]) -> None:
    assert covers("/".join(upper), "/".join(lower)) is (lower[: len(upper)] == upper)
