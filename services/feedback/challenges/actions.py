"""Taking each proof once."""

from datetime import timedelta
from hashlib import sha256

from sqlalchemy import delete
from sqlmodel import col

from services.feedback.challenges.models import SpentChallenge
from services.feedback.challenges.rules import Challenge
from shared.clock import hour_of
from shared.db import Database
from shared.uow import UnitOfWork

SPEND = "INSERT INTO spent_challenges (id, expires_at) VALUES ($1, $2) ON CONFLICT DO NOTHING RETURNING true"
HOUR = timedelta(hours=1)


async def spend_challenge(database: Database, challenge: Challenge) -> bool:
    """Whether it is the first time. It stays spent whatever becomes of the call."""
    spent = sha256(challenge.signed).digest(), hour_of(challenge.expires_at) + HOUR
    return await database.pool.fetchval(SPEND, *spent) is True


async def forget_spent_challenges(uow: UnitOfWork) -> bool:
    """Those that have expired; there is never more to do at once."""
    await uow.session.execute(delete(SpentChallenge).where(col(SpentChallenge.expires_at) <= uow.now()))
    return False
