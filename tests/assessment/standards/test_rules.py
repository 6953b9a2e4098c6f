from decimal import Decimal
from typing import Any

import pytest

from services.assessment.standards.rules import FOLLOWS, Bands, State, Terms, changes, check_step, check_terms, check_usable
from shared.errors import Conflict, Invalid
from tests.assessment.office import a_standard


def terms(**fields: Any) -> Terms:
    asked = a_standard(weights=fields.pop("weights", None))
    criteria = fields.pop("criteria", asked["criteria"])
    return Terms.model_validate({"criteria": criteria, **fields})


def one(**fields: Any) -> Terms:
    """One criterion of the weight 100."""
    criterion = {"code": "a", "name": "A", "weight": 100, "source": "measured", "indicator": "response", "owner": "Letters"}
    return Terms.model_validate({"criteria": [{**criterion, **fields}]})


@pytest.mark.parametrize("weights", [(10, 45, 45), (0, 0, 100), (100, 0, 0)])
def test_check_terms_takes_weights_that_total_100(weights: tuple[int, int, int]) -> None:
    check_terms(terms(weights=dict(zip(("response", "resolution", "satisfaction"), weights, strict=True))))


PER_THOUSAND = {"by": "population", "per": 1000}


@pytest.mark.parametrize(
    ("asked", "slug"),
    [
        (terms(weights={"response": 10, "resolution": 45, "satisfaction": 44}), "weights-not-100"),
        (terms(weights={"response": 99}), "weights-not-100"),
        (terms(bands={"qualified": "0.60", "excellent": "0.60"}), "bands-not-rising"),
        (terms(level_bands={"county": {"qualified": "0.90", "excellent": "0.60"}}), "bands-not-rising"),
        (terms(criteria=[{**criterion, "code": "same"} for criterion in a_standard()["criteria"]]), "criterion-twice"),
        (one(indicator=None), "criterion-indicator"),
        (one(source="inspector"), "criterion-indicator"),
        (one(source="residents"), "criterion-source"),
        (one(indicator="resolution"), "criterion-source"),
        (one(indicator="visits_made"), "criterion-normalisation"),
        (one(normalisation=PER_THOUSAND), "criterion-normalisation"),
        (one(scale={"floor": "0.5", "target": "0.5"}), "scale-flat"),
        (one(scale={"floor": 0, "target": 2}), "scale-beyond-one"),
        (one(source="inspector", indicator=None, scale={"floor": 0, "target": 70}), "scale-beyond-one"),
        (terms(floors=[{"indicator": "visits_made", "at_least": "0.5"}]), "floor-not-a-share"),
        (terms(floors=[{"indicator": "response", "at_least": share} for share in ("0.5", "0.6")]), "floor-twice"),
    ],
)
def test_check_terms_refuses(asked: Terms, slug: str) -> None:
    with pytest.raises(Invalid, match=slug):
        check_terms(asked)


def test_check_terms_takes_every_kind_of_criterion() -> None:
    amount = one(indicator="visits_made", normalisation=PER_THOUSAND, scale={"floor": 20, "target": 80})
    for asked in (amount, one(scale={"floor": 1, "target": 0}), one(source="self", indicator=None)):
        check_terms(asked)


def test_changes_name_what_is_different_and_nothing_else() -> None:
    before = terms()
    criteria = [dict(criterion) for criterion in a_standard()["criteria"]]
    criteria[0] |= {"weight": 20, "minimum_sample": 10}
    criteria[1] |= {"code": "solved"}
    after = terms(
        criteria=criteria,
        floors=[{"indicator": "visits_on_time", "at_least": "0.50"}],
        bands={"qualified": "0.65"},
        level_bands={"township": {"qualified": "0.55"}},
        gates=["upheld_alarm"],
    )
    assert list(changes(before, after)) == [
        "response: weight 10 -> 20",
        "response: minimum_sample 5 -> 10",
        "solved: added (weight 45)",
        "resolution: removed (weight 45)",
        "floor of visits_on_time: none -> 0.5 over 5",
        "gate upheld_alarm: added",
        "bands: 0.60/0.85 -> 0.65/0.85",
        "bands of township: those of every level -> 0.55/0.85",
    ]
    assert "gate upheld_alarm: removed" in list(changes(after, before))
    assert list(changes(before, before)) == []
    assert list(changes(None, before)) == ["first version"]


@pytest.mark.parametrize("before", State)
@pytest.mark.parametrize("after", State)
def test_only_drafts_and_what_a_new_version_supersedes_change(before: State, after: State) -> None:
    if after in FOLLOWS[before]:
        check_step(before, after)
    else:
        with pytest.raises(Conflict, match="standard-state"):
            check_step(before, after)


def test_a_new_campaign_uses_an_active_version() -> None:
    check_usable(State.active)
    for state in set(State) - {State.active}:
        with pytest.raises(Conflict, match="standard-not-active"):
            check_usable(state)


def test_what_is_stored_says_the_same_to_the_last_digit() -> None:
    exact = terms(bands=Bands(qualified=Decimal("0.07"), excellent=Decimal("0.29")).model_dump())
    assert Terms.model_validate(exact.model_dump(mode="json")) == exact


def test_what_was_stored_before_there_were_gates_declares_none() -> None:
    stored = {name: value for name, value in terms().model_dump(mode="json").items() if name != "gates"}
    assert Terms.model_validate(stored) == terms()
    assert terms().gates == ()
