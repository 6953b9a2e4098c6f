"""Who may say what, how, and to whom, as tables."""

from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.feedback.cases.rules import Assistance, Channel, Kind, Protection
from services.feedback.opinions.rules import (
    KINDS,
    address,
    check_identity,
    check_import,
    check_sharing,
    check_visit,
    kind_of,
    rounded,
)
from shared.errors import Invalid
from shared.types import Level

DEFAULTS = {
    Channel.thought: Kind.question,
    Channel.emotional: Kind.help,
    Channel.public_sentiment: Kind.observation,
    Channel.public_opinion: Kind.report,
}
FITTING = {
    (Channel.thought, Kind.question),
    (Channel.thought, Kind.proposal),
    (Channel.emotional, Kind.help),
    (Channel.public_sentiment, Kind.observation),
    (Channel.public_opinion, Kind.proposal),
    (Channel.public_opinion, Kind.complaint),
    (Channel.public_opinion, Kind.report),
    (Channel.public_opinion, Kind.commendation),
}


@pytest.mark.parametrize("channel", Channel)
@pytest.mark.parametrize("kind", Kind)
def test_a_channel_takes_its_kinds_and_names_them_to_others(channel: Channel, kind: Kind) -> None:
    if (channel, kind) in FITTING:
        assert kind_of(channel, kind) is kind
        return
    with pytest.raises(Invalid) as refused:
        kind_of(channel, kind)
    assert refused.value.slug == "kind-unfit"
    assert refused.value.detail.endswith(f"It takes: {', '.join(KINDS[channel])}.")


@pytest.mark.parametrize("channel", Channel)
def test_what_an_opinion_is_taken_for_that_does_not_say(channel: Channel) -> None:
    assert kind_of(channel, None) is DEFAULTS[channel]


@pytest.mark.parametrize("channel", Channel)
def test_a_visit_is_asked_for_on_one_channel(channel: Channel) -> None:
    check_visit(channel, False)
    if channel is Channel.emotional:
        check_visit(channel, True)
    else:
        with pytest.raises(Invalid, match="visit-unfit"):
            check_visit(channel, True)


@pytest.mark.parametrize("protection", Protection)
@pytest.mark.parametrize("about", [(), (UUID(int=1),)])
def test_what_is_protected_is_not_shared(protection: Protection, about: tuple[UUID, ...]) -> None:
    check_sharing(False, protection, about)
    if protection is Protection.named and not about:
        check_sharing(True, protection, about)
    else:
        with pytest.raises(Invalid, match="sharing-unprotected"):
            check_sharing(True, protection, about)


@pytest.mark.parametrize("protection", Protection)
def test_only_an_anonymous_opinion_takes_no_identity(protection: Protection) -> None:
    check_identity(protection, given=False)
    if protection is not Protection.anonymous:
        check_identity(protection, given=True)
        return
    with pytest.raises(Invalid, match="anonymous-with-identity"):
        check_identity(protection, given=True)


def test_an_import_cannot_be_anonymous() -> None:
    check_import(Protection.named)
    check_import(Protection.confidential)
    with pytest.raises(Invalid, match="import-not-anonymous"):
        check_import(Protection.anonymous)


@pytest.mark.parametrize("unfit", [{"assistance": Assistance.phone}, {"attributes": True}, {"shared": True}, {"identity": True}])
def test_an_import_has_not_what_only_a_speaker_gives(unfit: dict[str, Any]) -> None:
    with pytest.raises(Invalid, match="import-unfit") as refused:
        check_import(Protection.named, **unfit)
    assert f"`{next(iter(unfit))}`" in refused.value.detail


VILLAGE, TOWNSHIP, COUNTY, OFFICE = (UUID(int=number) for number in range(1, 5))
AREA = ((VILLAGE, Level.grassroots), (TOWNSHIP, Level.township), (COUNTY, Level.county))


@pytest.mark.parametrize(
    ("unit_id", "area", "default", "level", "found"),
    [
        (VILLAGE, (), None, None, VILLAGE),
        (VILLAGE, (), OFFICE, Level.county, VILLAGE),
        (None, (), OFFICE, None, OFFICE),
        (None, (), OFFICE, Level.county, OFFICE),
        (None, AREA, None, Level.county, COUNTY),
        (None, AREA, None, Level.grassroots, VILLAGE),
        (None, AREA, OFFICE, Level.township, TOWNSHIP),
        (None, AREA, OFFICE, Level.province, OFFICE),
        (None, AREA, OFFICE, None, OFFICE),
        (None, ((VILLAGE, Level.county), *AREA), None, Level.county, VILLAGE),
    ],
)
def test_the_unit_that_an_opinion_is_said_to(unit_id: Any, area: Any, default: Any, level: Any, found: UUID) -> None:
    assert address(unit_id, area, default, level) == found


@pytest.mark.parametrize(
    ("unit_id", "area", "level", "slug", "says"),
    [
        (VILLAGE, AREA, None, "unit-or-area", "not both"),
        (VILLAGE, AREA, Level.county, "unit-or-area", "not both"),
        (None, (), None, "unit-needed", "Give `unit_id`: its category"),
        (None, AREA, None, "unit-needed", "Give `unit_id`: its category"),
        (None, (), Level.county, "unit-needed", "or `area_id`: this category is for the county"),
        (None, AREA, Level.province, "unit-needed", "lies in no unit of the level province"),
    ],
)
def test_without_a_way_to_a_unit_it_says_what_to_give(unit_id: Any, area: Any, level: Any, slug: str, says: str) -> None:
    with pytest.raises(Invalid) as refused:
        address(unit_id, area, None, level)
    assert refused.value.slug == slug
    assert says in refused.value.detail


@pytest.mark.parametrize(
    ("degrees", "kept", "of_anonymous"),
    [
        (31.230416, 31.23, 31.23),
        (121.473701, 121.474, 121.47),
        (-33.86785, -33.868, -33.87),
        (90.0, 90.0, 90.0),
        (-180.0, -180.0, -180.0),
        (-0.0001, 0.0, 0.0),
    ],
)
def test_a_coordinate_is_kept_coarse(degrees: float, kept: float, of_anonymous: float) -> None:
    assert rounded(degrees, Protection.named) == rounded(degrees, Protection.confidential) == kept
    assert rounded(degrees, Protection.anonymous) == of_anonymous
    assert not str(rounded(degrees, Protection.named)).startswith("-0.0")


@given(st.floats(-180, 180))
def test_no_coordinate_is_finer_than_its_grid(degrees: float) -> None:
    for protection, grid in ((Protection.named, 1000), (Protection.anonymous, 100)):
        cell = rounded(degrees, protection) * grid
        assert abs(cell - round(cell)) < 1e-6
        assert abs(rounded(degrees, protection) - degrees) <= 0.5 / grid + 1e-9
