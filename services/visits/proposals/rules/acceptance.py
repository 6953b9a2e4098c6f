"""When a proposal may be made and accepted, and what has changed since. Pure."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from enum import StrEnum
from typing import NamedTuple, TypeVar
from uuid import UUID

from shared.errors import Conflict, Invalid

Thing = TypeVar("Thing")
AHEAD = timedelta(days=366)
KEPT = timedelta(days=30)
"""How long a proposal waits to be accepted, once there is a newer one of its unit."""
MOST_CONTACTS = 10_000
NAMED = 20
"""Of what has changed so many are named."""


class ProposalState(StrEnum):
    """`accepting`: plans are being made, in the background."""

    proposed = "proposed"
    accepting = "accepting"
    accepted = "accepted"


class Outcome(StrEnum):
    """What acceptance made of a contact; `left` where it changed before its turn came."""

    planned = "planned"
    left = "left"


class Standing(NamedTuple):
    """What a proposal rests on, of a contact; `km` to the post that is proposed for it."""

    rhythm_days: int
    post_id: UUID | None
    km: int | None


class Capacity(NamedTuple):
    """What it rests on, of a post; `owed` to contacts that are its own."""

    visits_per_week: int
    owed: float


def check_start(starts_on: date, today: date) -> None:
    """Raises `Invalid`."""
    if not today <= starts_on <= today + AHEAD:
        raise Invalid("proposal-start", f"starts_on must be today ({today}) or a day within a year from it.")


def check_size(contacts: int, posts: int) -> None:
    """Raises `Conflict` (no-posts, no-contacts) and `Invalid` (too-many-contacts)."""
    if posts == 0:
        raise Conflict("no-posts", "This unit and the units below it have no post: register them with POST /v1/posts.")
    if contacts == 0:
        raise Conflict("no-contacts", "There is no contact to propose a post for: they must have agreed to be visited.")
    if contacts > MOST_CONTACTS:
        raise Invalid("too-many-contacts", f"A proposal takes up to {MOST_CONTACTS:,} contacts: make one for each unit below.")


def check_acceptable(state: ProposalState, starts_on: date, today: date) -> None:
    """Raises `Conflict`."""
    if state is not ProposalState.proposed:
        raise Conflict("proposal-accepted", "This proposal was accepted before.")
    if starts_on < today:
        raise Conflict("proposal-too-old", f"Its first visits were to begin on {starts_on}: make a new proposal.")


def check_unchanged(contacts: Sequence[UUID], posts: Sequence[UUID]) -> None:
    """The contacts and posts that have changed since. Raises `Conflict` that names the first of them."""
    if contacts or posts:
        raise Conflict(
            "proposal-outdated",
            f"{len(contacts)} contacts and {len(posts)} posts have changed since this was proposed: make a new proposal.",
            more={"contact_ids": [str(each) for each in contacts[:NAMED]], "post_ids": [str(each) for each in posts[:NAMED]]},
        )


def changed(before: Mapping[UUID, Thing], now: Mapping[UUID, Thing]) -> list[UUID]:
    """The ids of what is another now, or is not there any more."""
    return [each for each, standing in before.items() if now.get(each) != standing]
