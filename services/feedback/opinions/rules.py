"""Who may say what, how, and to whom. Pure."""

from collections.abc import Collection, Mapping, Sequence
from uuid import UUID

from services.feedback.cases.rules import Assistance, Channel, Kind, Protection
from shared.errors import Invalid
from shared.types import Level, coarse

MOST_ABOUT = 20
DECIMALS, FEWER_DECIMALS = 3, 2
"""Of degrees: about 100 m, and about 1 km for an anonymous speaker."""

KINDS: Mapping[Channel, Sequence[Kind]] = {
    Channel.thought: (Kind.question, Kind.proposal),
    Channel.emotional: (Kind.help,),
    Channel.public_sentiment: (Kind.observation,),
    Channel.public_opinion: (Kind.report, Kind.complaint, Kind.proposal, Kind.commendation),
}
"""What each channel takes; first what it takes an opinion for that does not say."""


def kind_of(channel: Channel, said: Kind | None) -> Kind:
    """Raises `Invalid` (kind-unfit)."""
    fitting = KINDS[channel]
    if said is None:
        return fitting[0]
    if said not in fitting:
        raise Invalid("kind-unfit", f"The channel {channel} takes no {said}. It takes: {', '.join(fitting)}.")
    return said


def check_visit(channel: Channel, wants_visit: bool) -> None:
    """Raises `Invalid` (visit-unfit)."""
    if wants_visit and channel is not Channel.emotional:
        raise Invalid("visit-unfit", f"Ask for a visit on the channel {Channel.emotional}, or leave `wants_visit` out.")


def check_sharing(shared: bool, protection: Protection, about: Collection[object]) -> None:
    """What every resident may read cannot be kept from those that it is about. Raises `Invalid` (sharing-unprotected)."""
    if shared and (protection is not Protection.named or about):
        raise Invalid(
            "sharing-unprotected",
            f"What is shared is not protected: leave `shared` out, or choose the protection {Protection.named} and leave "
            "out whom it is about.",
        )


def check_identity(protection: Protection, *, given: bool) -> None:
    """Raises `Invalid` (anonymous-with-identity)."""
    if given and protection is Protection.anonymous:
        raise Invalid(
            "anonymous-with-identity",
            f"An anonymous opinion keeps no name: leave `identity` out, or choose the protection {Protection.confidential}.",
        )


def check_import(
    protection: Protection,
    assistance: Assistance | None = None,
    *,
    attributes: bool = False,
    shared: bool = False,
    identity: bool = False,
) -> None:
    """Another system's record has its exact time and its source: no anonymity can be promised. Nobody spoke here, so there is no
    consent to sharing nor to keeping a name; and its category is that system's word, with no attributes of ours.

    Raises `Invalid`.
    """
    if protection is Protection.anonymous:
        raise Invalid("import-not-anonymous", "A record with an `origin` cannot be anonymous: leave `protection` out.")
    unfit = {"assistance": assistance is not None, "attributes": attributes, "shared": shared, "identity": identity}
    for name, given in unfit.items():
        if given:
            raise Invalid("import-unfit", f"A record with an `origin` has no `{name}`: leave it out.")


def address(
    unit_id: UUID | None, area: Sequence[tuple[UUID, Level]], default_unit_id: UUID | None = None, level: Level | None = None
) -> UUID:
    """The unit that an opinion is said to: the one that it names, or the one that its category has for it.

    `area` is the unit of an area and those above it, nearest first; `default_unit_id` and `level` are the category's.
    Raises `Invalid` (unit-or-area, unit-needed).
    """
    if unit_id is not None and area:
        raise Invalid("unit-or-area", "Give `unit_id`, and it goes there, or `area_id`, and its category says where: not both.")
    above = (each for each, its_level in area if its_level is level)
    found = unit_id or next(above, default_unit_id)
    if found is not None:
        return found
    if level is None:
        raise Invalid("unit-needed", "Give `unit_id`: its category, if it has one, does not say which unit this is for.")
    if area:
        raise Invalid("unit-needed", f"The area lies in no unit of the level {level}: give `unit_id`, or an area further down.")
    raise Invalid("unit-needed", f"Give `unit_id`, or `area_id`: this category is for the {level} that an area lies in.")


def rounded(degrees: float, protection: Protection) -> float:
    """A coordinate as it is kept."""
    decimals = FEWER_DECIMALS if protection is Protection.anonymous else DECIMALS
    return coarse(degrees, decimals)
