"""Which post a contact goes to. Pure."""

from collections import deque
from collections.abc import Sequence
from heapq import heappop, heappush
from itertools import pairwise

from services.visits.proposals.rules.ground import Ground

A_HAIR = 1e-9
"""Loads are sums of fractions: what differs by less is the same."""
NEVER = float("inf")


def deal_in_turn(ground: Ground) -> list[int]:
    """Round robin: each contact goes to the next post in turn that may take it. What the planner is held against."""
    turn, dealt = 0, []
    for takers in ground.takers:
        post = min(takers, key=lambda post: (post - turn) % len(ground.posts))
        dealt.append(post)
        turn = post + 1
    return dealt


def place_nearest(ground: Ground, ceiling: float) -> list[int]:
    """Nearest first, while no post carries more than `ceiling` of what it can make.

    Each contact asks the posts from the nearest on. A post that is asked for more than it may carry sends on those who have the
    least farther to go to their next one. Who finds no room, and whose place is not known, goes where the load is least.
    """
    limits = [ceiling * post.visits_per_week + A_HAIR for post in ground.posts]
    loads = [post.owed for post in ground.posts]
    asked = [_choices(ground, contact) for contact in range(len(ground.contacts))]
    detours = [_detours(ground, contact, choices) for contact, choices in enumerate(asked)]
    at = [0] * len(asked)
    kept: list[list[tuple[float, int]]] = [[] for _ in ground.posts]
    asking = deque(range(len(asked)))
    left = []
    while asking:
        contact = asking.popleft()
        if at[contact] == len(asked[contact]):
            left.append(contact)
            continue
        post = asked[contact][at[contact]]
        heappush(kept[post], (detours[contact][at[contact]], contact))
        loads[post] += ground.weights[contact]
        while kept[post] and loads[post] > limits[post]:
            _, sent_on = heappop(kept[post])
            loads[post] -= ground.weights[sent_on]
            at[sent_on] += 1
            asking.append(sent_on)
    placed = {contact: post for post, those in enumerate(kept) for _, contact in those}
    placed |= _where_load_is_least(ground, left, loads)
    return [placed[contact] for contact in range(len(asked))]


def _choices(ground: Ground, contact: int) -> Sequence[int]:
    """Posts from the nearest on; those that are equally near are asked by each contact in another order."""
    if ground.contacts[contact].place is None:
        return ()
    row, many = ground.km[contact], len(ground.posts)
    return sorted(ground.takers[contact], key=lambda post: (row[post], (post - contact) % many))


def _detours(ground: Ground, contact: int, choices: Sequence[int]) -> Sequence[float]:
    """How much farther the post after each of the choices is."""
    row = ground.km[contact]
    return [*(row[after] - row[post] for post, after in pairwise(choices)), NEVER]


def _where_load_is_least(ground: Ground, contacts: Sequence[int], loads: Sequence[float]) -> dict[int, int]:
    """The most frequent first, because they are the hardest to fit in."""
    carried, placed = list(loads), {}
    for contact in sorted(contacts, key=lambda contact: (-ground.weights[contact], contact)):
        weight = ground.weights[contact]
        placed[contact] = min(
            ground.takers[contact],
            key=lambda post: ((carried[post] + weight) / ground.posts[post].visits_per_week, ground.km[contact][post], post),
        )
        carried[placed[contact]] += weight
    return placed
