"""Why a plan cannot be given to somebody, and over how long their load is reckoned."""

from datetime import timedelta
from enum import StrEnum

MOST_PLANS = 1_000
WEEKS = 4
AHEAD = timedelta(weeks=WEEKS)


class Obstacle(StrEnum):
    plan_ended = "plan_ended"
    out_of_chain = "out_of_chain"


def obstacle(*, ended: bool, in_chain: bool) -> Obstacle | None:
    """What keeps a plan with whoever has it."""
    if ended:
        return Obstacle.plan_ended
    return None if in_chain else Obstacle.out_of_chain
