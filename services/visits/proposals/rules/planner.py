"""Who visits whom: nearest first, load shared by capacity, and never worse than dealing out in turn. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from uuid import UUID

from services.visits.proposals.rules.ground import WEEK, Contact, Ground, Measures, Post, Reach, Reason, Slot
from services.visits.proposals.rules.placing import deal_in_turn, place_nearest
from services.visits.proposals.rules.scheduling import spread, start_in_turn

SLACK = 1.05
"""A post may carry so much more than its even share before the nearest contacts go to the next post."""
TRIES = (0.0, 0.25, 0.5, 1.0)
"""How far from the even share towards what the most loaded post carries when contacts are dealt out in turn."""
PASSES = 8
WORTH = 1e-6
"""Kilometres: an exchange that saves less is none."""


@dataclass(frozen=True, slots=True)
class Assignment:
    """What is proposed for a contact, and the figures that explain it; loads are shares of what the post can make.

    Kilometres are None where a place is not known.
    """

    contact_id: UUID
    post_id: UUID
    first_day: int
    reason: Reason
    reach: Reach
    km: int | None
    nearest_post_id: UUID
    nearest_km: int | None
    load_before: float
    load_after: float


@dataclass(frozen=True, slots=True)
class Proposal:
    """`needed` and `capacity` are visits a week, what the posts owe already included. `out_of_reach`: no post may take them."""

    assignments: Sequence[Assignment]
    measures: Measures
    round_robin: Measures
    needed: float
    capacity: int
    out_of_reach: Sequence[UUID]


@dataclass(frozen=True, slots=True)
class Draft:
    """By contact, the post and the slot; `nearest_first` unless it came from dealing out in turn."""

    post_of: Sequence[int]
    slots: Sequence[Slot]
    nearest_first: bool = True


def propose(contacts: Iterable[Contact], posts: Iterable[Post], *, weeks: int, first_weekday: int) -> Proposal:
    """The same for the same contacts and posts, in whatever order they come. Needs a post."""
    ground = Ground(contacts, posts)
    dealt = deal_in_turn(ground)
    in_turn = Draft(dealt, start_in_turn(ground, dealt, weeks, first_weekday), nearest_first=False)
    bar = ground.measure(in_turn.post_of, in_turn.slots)
    drafts = (
        (draft, ground.measure(draft.post_of, draft.slots)) for draft in _drafts(ground, in_turn, bar, weeks, first_weekday)
    )
    draft, measures = next(found for found in drafts if found[1].no_worse_than(bar))
    return Proposal(
        assignments=_explained(ground, draft),
        measures=measures,
        round_robin=bar,
        needed=ground.even_load() * sum(post.visits_per_week for post in ground.posts),
        capacity=sum(post.visits_per_week for post in ground.posts),
        out_of_reach=[contact.id for contact in ground.out_of_reach],
    )


def _drafts(ground: Ground, in_turn: Draft, bar: Measures, weeks: int, first_weekday: int) -> Iterator[Draft]:
    """From the best to the one that is never worse than dealing out in turn, because it only exchanges."""
    for ceiling in ceilings(ground.even_load(), bar.max_load):
        post_of = place_nearest(ground, ceiling)
        yield exchange(ground, Draft(post_of, spread(ground, post_of, weeks, first_weekday)))
    yield exchange(ground, Draft(in_turn.post_of, spread(ground, in_turn.post_of, weeks, first_weekday), nearest_first=False))
    yield exchange(ground, in_turn)


def ceilings(even: float, most: float) -> list[float]:
    """What no post may carry more than, from the fairest on: the even share with some slack, but no more than a post can make
    as long as that is enough for all, and never more than the most loaded post when dealt out in turn."""
    slack = even * SLACK if even > 1 else min(even * SLACK, 1.0)
    fair = min(slack, most)
    return sorted({fair + step * (most - fair) for step in TRIES})


def exchange(ground: Ground, draft: Draft) -> Draft:
    """Contacts of one rhythm change places, posts and days, where that saves way: no load changes, and no more are late."""
    post_of, slots = list(draft.post_of), list(draft.slots)
    for _ in range(PASSES):
        if not sum(_exchange_between(ground, post_of, slots, group) for group in _alike(ground, post_of)):
            break
    return Draft(post_of, slots, draft.nearest_first)


Group = tuple[int, Sequence[int], int, Sequence[int]]
"""Two posts, each with its contacts of one rhythm and one unit's reach."""


def _alike(ground: Ground, post_of: Sequence[int]) -> list[Group]:
    groups: defaultdict[tuple[int, Sequence[int]], defaultdict[int, list[int]]] = defaultdict(lambda: defaultdict(list))
    for contact, post in enumerate(post_of):
        groups[ground.contacts[contact].rhythm_days, tuple(ground.takers[contact])][post].append(contact)
    return [
        (one, at_posts[one], other, at_posts[other])
        for _, at_posts in sorted(groups.items())
        for one, other in combinations(sorted(at_posts), 2)
    ]


def _exchange_between(ground: Ground, post_of: list[int], slots: list[Slot], group: Group) -> int:
    """Who saves most by going over first, each against the one who saves most by coming back."""
    one, ones, other, others = group
    over = sorted(
        ((ground.km[contact][one] - ground.km[contact][other], contact) for contact in ones if post_of[contact] == one),
        reverse=True,
    )
    back = sorted(
        ((ground.km[contact][other] - ground.km[contact][one], contact) for contact in others if post_of[contact] == other),
        reverse=True,
    )
    done = 0
    for (saved, first), (saved_back, second) in zip(over, back, strict=False):
        if saved + saved_back <= WORTH:
            break
        if _may_change(ground, slots, first, second):
            post_of[first], post_of[second] = other, one
            slots[first], slots[second] = slots[second], slots[first]
            done += 1
    return done


def _may_change(ground: Ground, slots: Sequence[Slot], first: int, second: int) -> bool:
    one, other = ground.contacts[first], ground.contacts[second]
    now = (slots[first].reach(one), slots[second].reach(other))
    then = (slots[second].reach(one), slots[first].reach(other))
    in_peace = all(slots[day].day // WEEK >= contact.first_week for day, contact in ((second, one), (first, other)))
    return in_peace and then.count(Reach.in_time) >= now.count(Reach.in_time)


def _explained(ground: Ground, draft: Draft) -> list[Assignment]:
    loads = ground.loads(draft.post_of)
    return [_explain(ground, draft, loads, contact) for contact in range(len(ground.contacts))]


def _explain(ground: Ground, draft: Draft, loads: Sequence[float], contact: int) -> Assignment:
    wanted, number, slot = ground.contacts[contact], draft.post_of[contact], draft.slots[contact]
    post, row = ground.posts[number], ground.km[contact]
    nearest = min(ground.takers[contact], key=lambda each: (row[each], each != number, each))
    return Assignment(
        contact_id=wanted.id,
        post_id=post.id,
        first_day=slot.day,
        reason=_reason(ground, draft, loads, contact, nearest),
        reach=slot.reach(wanted),
        km=ground.known[contact][number],
        nearest_post_id=ground.posts[nearest].id,
        nearest_km=ground.known[contact][nearest],
        load_before=post.owed / post.visits_per_week,
        load_after=loads[number],
    )


def _reason(ground: Ground, draft: Draft, loads: Sequence[float], contact: int, nearest: int) -> Reason:
    wanted, number = ground.contacts[contact], draft.post_of[contact]
    if wanted.post_id == ground.posts[number].id:
        return Reason.kept
    if wanted.place is None:
        return Reason.place_unknown
    if nearest == number:
        return Reason.nearest
    if not draft.nearest_first:
        return Reason.dealt_in_turn
    more = ground.weights[contact] / ground.posts[nearest].visits_per_week
    return Reason.nearest_with_room if loads[nearest] + more > 1.0 else Reason.moved_for_balance
