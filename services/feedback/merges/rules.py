"""Which cases may be answered together. Pure."""

from collections.abc import Collection
from uuid import UUID

from services.feedback.cases.rules import TRANSITIONS, State, Verb
from shared.errors import Conflict, Invalid

MOST_MERGED = 500
"""How many cases may be answered with one: what is said in it is written to each."""


def check_main(case_id: UUID, main_id: UUID, state: State, merged_into: UUID | None) -> None:
    """Raises `Invalid` (merge-with-itself), `Conflict` (main-merged, main-answered): there are neither chains nor circles."""
    if main_id == case_id:
        raise Invalid("merge-with-itself", "A case cannot be merged into itself: name another one.")
    if merged_into is not None:
        raise Conflict("main-merged", f"The case {main_id} is merged into {merged_into} itself: merge into that one.")
    if (state, Verb.merge) not in TRANSITIONS:
        raise Conflict("main-answered", f"The case {main_id} is {state}: only one that is not answered yet can answer others.")


def check_pair(units: Collection[UUID], about: Collection[frozenset[object]]) -> None:
    """`units` owe the two cases, which are `about` others. Raises `Conflict` (merge-other-unit, merge-other-readers)."""
    if len(set(units)) > 1:
        raise Conflict("merge-other-unit", "Two units owe these cases: hand one over first.")
    if len(set(about)) > 1:
        raise Conflict("merge-other-readers", "Not everybody who reads the one may read the other: answer them apart.")
