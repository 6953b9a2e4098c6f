from collections import Counter

import pytest

from services.importing.submissions import Unit
from services.importing.units import settle_names
from shared.types import Level


def unit(name: str, code: str = "water") -> Unit:
    return Unit(code=code, name=name, level=Level.county)


@pytest.mark.parametrize(
    ("rows", "name"),
    [
        ({"Water Works": 1}, "Water Works"),
        ({"Water Works": 3, "Meter Room": 2}, "Water Works"),
        ({"Water Works": 2, "Meter Room": 2}, "WATER"),
        ({"Pipes": 3, "Meter Room": 2, "Pumps": 2}, "WATER"),
    ],
)
def test_the_name_of_most_rows_wins_else_the_code(rows: dict[str, int], name: str) -> None:
    assert settle_names(Counter({unit(each): count for each, count in rows.items()})) == [unit(name)]


def test_one_unit_per_code() -> None:
    settled = settle_names(Counter([unit("Water Works"), unit("Water Works"), unit("Roads", code="roads")]))
    assert settled == [unit("Water Works"), unit("Roads", code="roads")]
