"""What goes out of the challenge routes."""

from datetime import datetime

from pydantic import Field

from services.feedback.challenges.rules import ALGORITHM
from shared.http import Problem
from shared.types import Out


class Puzzle(Out):
    challenge: str
    difficulty: int = Field(description="How many zero bits the hash of `challenge:nonce` must begin with.")
    algorithm: str = Field(ALGORITHM, description="The hash, of the ASCII text of both with the colon.")
    expires_at: datetime


class ChallengeOut(Puzzle):
    required: bool = Field(description="Whether a call without an account needs a proof just now.")


class UnprovenProblem(Problem, Puzzle):
    """The refusal of a call that needs a proof, with a challenge to make it from."""
