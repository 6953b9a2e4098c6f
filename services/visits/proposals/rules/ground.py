"""Who is to be visited and who can go, and how far apart they are. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import asin, cos, dist, fsum, radians, sin
from typing import NamedTuple
from uuid import UUID

EARTH_KM = 6371.0
WEEK = 7
YEAR = 365


class Place(NamedTuple):
    latitude: float
    longitude: float


@dataclass(frozen=True, slots=True)
class Contact:
    """`due_in`: days from the start of the proposal until the next visit is due by the agreed rhythm, negative when overdue.

    `post_id` is whose it is now.
    """

    id: UUID
    unit_id: UUID
    place: Place | None
    rhythm_days: int
    due_in: int
    contacted: bool
    post_id: UUID | None = None

    @property
    def visits_per_week(self) -> float:
        return WEEK / self.rhythm_days

    @property
    def last_week(self) -> int:
        """The last week of the proposal in which a first visit is in time; for who is overdue already, within one rhythm."""
        return (self.due_in if self.due_in >= 0 else self.rhythm_days - 1) // WEEK

    @property
    def first_week(self) -> int:
        """Who was visited is left in peace for half the rhythm."""
        return max(0, self.due_in - self.rhythm_days // 2) // WEEK if self.contacted else 0


@dataclass(frozen=True, slots=True)
class Post:
    """`owed`: visits a week to contacts that are its own already and stay so. `units`: those whose contacts it may take."""

    id: UUID
    place: Place | None
    visits_per_week: int
    owed: float
    units: frozenset[UUID]


class Measures(NamedTuple):
    """What is published of a plan, and never worse than dealing out in turn.

    `max_load`: visits owed a week to what the post can make, of the most loaded one. `overdue`: contacts that are reached later
    than their rhythm asks. `km_per_year`: there and back, every visit on its own.
    """

    max_load: float
    overdue: int
    km_per_year: float

    def no_worse_than(self, other: "Measures") -> bool:
        return self.max_load <= other.max_load and self.overdue <= other.overdue and self.km_per_year <= other.km_per_year


class Reason(StrEnum):
    """Why a contact is given to a post."""

    kept = "kept"
    nearest = "nearest"
    nearest_with_room = "nearest_with_room"
    moved_for_balance = "moved_for_balance"
    place_unknown = "place_unknown"
    dealt_in_turn = "dealt_in_turn"


class Reach(StrEnum):
    """Whether the schedule holds the rhythm of a contact."""

    in_time = "in_time"
    late = "late"
    over_capacity = "over_capacity"


class Slot(NamedTuple):
    """When a contact is first visited, in days from the start, and whether its post has room for it whenever it comes round."""

    day: int
    held: bool

    def reach(self, contact: Contact) -> Reach:
        if not self.held:
            return Reach.over_capacity
        return Reach.in_time if self.day // WEEK <= contact.last_week else Reach.late


class Ground:
    """Contacts and posts in the order of their ids, so that nothing depends on the order in which they were read."""

    def __init__(self, contacts: Iterable[Contact], posts: Iterable[Post]) -> None:
        self.posts: Sequence[Post] = sorted(posts, key=lambda post: post.id)
        units = {unit: self._takers(unit) for unit in {unit for post in self.posts for unit in post.units}}
        known = sorted(contacts, key=lambda contact: contact.id)
        self.out_of_reach: Sequence[Contact] = [contact for contact in known if contact.unit_id not in units]
        self.contacts: Sequence[Contact] = [contact for contact in known if contact.unit_id in units]
        self.takers: Sequence[Sequence[int]] = [units[contact.unit_id] for contact in self.contacts]
        """By contact, the posts that may take it."""
        self.weights: Sequence[float] = [contact.visits_per_week for contact in self.contacts]
        spots = [_on_sphere(post.place) for post in self.posts]
        self.known: Sequence[Sequence[int | None]] = [
            [_km(_on_sphere(contact.place), spot) for spot in spots] for contact in self.contacts
        ]
        """Whole kilometres by contact and post, where both places are known."""
        self.km: Sequence[Sequence[float]] = [_filled(row) for row in self.known]
        """The same, and a post whose place is not known is as far as the others are on the mean."""

    def _takers(self, unit: UUID) -> Sequence[int]:
        return [number for number, post in enumerate(self.posts) if unit in post.units]

    def loads(self, post_of: Sequence[int]) -> list[float]:
        """Visits a week to what each post can make."""
        mine: list[list[float]] = [[post.owed] for post in self.posts]
        for contact, post in enumerate(post_of):
            mine[post].append(self.weights[contact])
        return [fsum(each) / post.visits_per_week for each, post in zip(mine, self.posts, strict=True)]

    def even_load(self) -> float:
        """What every post would carry if the visits could be shared out by capacity alone."""
        return fsum((*self.weights, *(post.owed for post in self.posts))) / sum(post.visits_per_week for post in self.posts)

    def measure(self, post_of: Sequence[int], slots: Sequence[Slot]) -> Measures:
        """Sums are rounded once, so that two plans of the same visits measure the same."""
        late = sum(slot.reach(contact) is not Reach.in_time for contact, slot in zip(self.contacts, slots, strict=True))
        ways = (2 * self.km[contact][post] * YEAR / self.contacts[contact].rhythm_days for contact, post in enumerate(post_of))
        return Measures(max(self.loads(post_of), default=0.0), late, fsum(ways))


def kilometres(one: Place | None, other: Place | None) -> int | None:
    """Along the ground, in whole ones: posts are known to a kilometre, and finer figures would tell where somebody lives. None
    where a place is not known."""
    return _km(_on_sphere(one), _on_sphere(other))


def _on_sphere(place: Place | None) -> tuple[float, float, float] | None:
    if place is None:
        return None
    latitude, longitude = radians(place.latitude), radians(place.longitude)
    return cos(latitude) * cos(longitude), cos(latitude) * sin(longitude), sin(latitude)


def _km(one: tuple[float, float, float] | None, other: tuple[float, float, float] | None) -> int | None:
    """By the chord between them."""
    return None if one is None or other is None else round(2 * EARTH_KM * asin(min(1.0, dist(one, other) / 2)))


def _filled(row: Sequence[int | None]) -> Sequence[float]:
    known = [km for km in row if km is not None]
    mean = fsum(known) / len(known) if known else 0.0
    return [mean if km is None else km for km in row]
