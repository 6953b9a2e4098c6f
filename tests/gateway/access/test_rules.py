import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.gateway.access.rules import LONGEST_PAUSE, AccountRole, check_unit, fold_username, pause_after
from shared.errors import Invalid


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("Li.Wei", "li.wei"),
        ("  officer-7 ", "officer-7"),
        ("李伟明", "李伟明"),
        ("Ｌｉｗｅｉ", "liwei"),
        ("STRASSE", "strasse"),
        ("straße", "strasse"),
        ("ab", None),
        ("_under", None),
        ("a b c", None),
        ("nul\x00here", None),
        ("x" * 65, None),
        ("ﷺ" * 100, None),
        ("\ud800abc", None),
        ("", None),
    ],
)
def test_a_user_name_has_one_form(typed: str, kept: str | None) -> None:
    assert fold_username(typed) == kept


@given(st.text(max_size=300))
def test_folding_twice_changes_nothing(typed: str) -> None:
    folded = fold_username(typed)
    assert folded is None or fold_username(folded) == folded


@pytest.mark.parametrize("role", list(AccountRole))
def test_only_those_who_act_for_a_unit_need_one(role: AccountRole) -> None:
    if role in ("official", "lead"):
        with pytest.raises(Invalid, match="unit-required"):
            check_unit(role, None)
    else:
        check_unit(role, None)


def test_the_pause_grows_and_ends_at_its_longest() -> None:
    assert [pause_after(n) for n in (0, 4, 5, 6, 7, 10_000)] == [0, 0, 1, 2, 4, LONGEST_PAUSE]
