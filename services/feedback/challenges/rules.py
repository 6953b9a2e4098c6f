"""What a call without an account must prove, by how near the process is to its limits. Pure."""

import hmac
import struct
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as Base64Error
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from math import ceil, exp, log
from typing import NamedTuple

ALGORITHM = "sha256"
LIFETIME = timedelta(minutes=10)
SALT = 16
MINUTE = 60.0
LEAST = 16
STEPS = ((0.9, LEAST + 4), (0.8, LEAST + 3), (0.7, LEAST + 2), (0.6, LEAST + 1), (0.5, LEAST))
"""(load, leading zero bits): 16 are some 65,000 hashes, a tenth of a second for a phone; each step nearer doubles the work."""
ROOM = 0.9
"""Who is turned away at the limit is told to come back when about so much of it is used."""
LONGEST_PROOF = 256

_SIGNED = struct.Struct(f">BQ{SALT}s")
_DIGEST_BITS = 256


class Limits(NamedTuple):
    """Calls without an account in a minute: in all, and opinions on one channel."""

    calls: int
    opinions: int


@dataclass(frozen=True, slots=True)
class Challenge:
    """`signed` is what stands in `written`, without the signature."""

    written: str
    signed: bytes
    difficulty: int
    expires_at: datetime


def faded(level: float, seconds: float) -> float:
    """What a count of recent calls is worth so many seconds later: a call of a minute ago counts for about a third, so that at
    a steady pace the count is that of one minute."""
    return level * exp(-max(seconds, 0.0) / MINUTE)


def wait(load: float) -> int:
    """Seconds until a load of 1 or more has faded to `ROOM`."""
    return ceil(MINUTE * log(load / ROOM))


def difficulty_at(load: float) -> int:
    """Leading zero bits that a proof must have; 0 while none is needed."""
    return next((bits for at, bits in STEPS if load >= at), 0)


def write_challenge(key: bytes, difficulty: int, expires_at: datetime, salt: bytes) -> Challenge:
    """Whoever holds the `key` knows it again, and what it demanded, without having kept it."""
    signed = _SIGNED.pack(difficulty, int(expires_at.timestamp()), salt)
    return _challenge(urlsafe_b64encode(signed + _signature(key, signed)).decode(), signed)


def read_challenge(key: bytes, written: str) -> Challenge | None:
    """None for what was not written with this `key`."""
    try:
        whole = urlsafe_b64decode(written)
    except (ValueError, Base64Error):
        return None
    signed, signature = whole[: _SIGNED.size], whole[_SIGNED.size :]
    if not hmac.compare_digest(signature, _signature(key, signed)):
        return None
    return _challenge(written, signed)


def proven(key: bytes, proof: str, difficulty: int, now: datetime) -> Challenge | None:
    """The challenge that `proof` (`challenge:nonce`) solves, if it is ours, not expired, and hard enough."""
    if len(proof) > LONGEST_PROOF or not proof.isascii():
        return None
    challenge = read_challenge(key, proof.partition(":")[0])
    if challenge is None or challenge.expires_at <= now or challenge.difficulty < difficulty:
        return None
    return challenge if is_solved(proof, challenge.difficulty) else None


def is_solved(proof: str, difficulty: int) -> bool:
    digest = int.from_bytes(sha256(proof.encode()).digest())
    return digest >> (_DIGEST_BITS - difficulty) == 0


def _challenge(written: str, signed: bytes) -> Challenge:
    difficulty, expires, _ = _SIGNED.unpack(signed)
    return Challenge(written, signed, difficulty, datetime.fromtimestamp(expires, UTC))


def _signature(key: bytes, signed: bytes) -> bytes:
    return hmac.digest(key, b"challenge " + signed, "sha256")
