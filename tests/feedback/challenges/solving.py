"""A speaker's own machine at work on a challenge."""

from collections.abc import Mapping
from itertools import count
from typing import Any

from services.feedback.challenges.rules import is_solved

HEADER = "Massline-Proof-Of-Work"


def solve(challenge: str, difficulty: int) -> str:
    return next(proof for nonce in count() if is_solved(proof := f"{challenge}:{nonce}", difficulty))


def proving(puzzle: Mapping[str, Any]) -> dict[str, str]:
    """The header for a challenge as it was told."""
    return {HEADER: solve(puzzle["challenge"], puzzle["difficulty"])}
