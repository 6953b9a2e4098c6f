import pytest

from services.visits.sync.rules import made_it


@pytest.mark.parametrize(
    ("base_version", "left", "made"),
    [(7, None, False), (7, 8, True), (8, 8, False), (9, 8, False)],
    ids=["never theirs", "left later", "left in the version they have", "heard that it left"],
)
def test_somebody_made_a_visit_that_left_only_after_their_phone_had_heard_last(
    base_version: int, left: int | None, made: bool
) -> None:
    assert made_it(base_version, left=left) is made
