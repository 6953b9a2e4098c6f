"""Argon2, kept from taking the machine: few at a time, in threads, with a pause for whoever keeps guessing."""

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

from services.gateway.access.rules import pause_after
from shared.clock import Clock
from shared.errors import TooMany, Unavailable

AT_ONCE = 2
WAITING = 100
REMEMBERED = 10_000
FORGOTTEN_AFTER = 900


class SignInPaused(TooMany):
    """Too many wrong passwords for this name; `seconds` until the next try counts."""

    def __init__(self, seconds: int) -> None:
        super().__init__("too-many-attempts", f"Too many wrong passwords for this name: try again in {seconds} s.")
        self.seconds = seconds


class Attempts:
    """Wrong passwords per name, in this process, for the last 10,000 names."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._failures: OrderedDict[str, tuple[int, float]] = OrderedDict()

    def check(self, name: str) -> None:
        """Raises `SignInPaused`."""
        failures, last = self._recall(name)
        left = last + pause_after(failures) - self._now()
        if left > 0:
            raise SignInPaused(int(left) + 1)

    def failed(self, name: str) -> None:
        failures, _ = self._recall(name)
        self._failures[name] = (failures + 1, self._now())
        self._failures.move_to_end(name)
        if len(self._failures) > REMEMBERED:
            self._failures.popitem(last=False)

    def succeeded(self, name: str) -> None:
        self._failures.pop(name, None)

    def _recall(self, name: str) -> tuple[int, float]:
        failures, last = self._failures.get(name, (0, 0.0))
        return (failures, last) if self._now() - last < FORGOTTEN_AFTER else (0, 0.0)

    def _now(self) -> float:
        return self._clock().timestamp()


class Passwords:
    """Hashes and verifies. A name without an account costs the same work as one with."""

    def __init__(self, clock: Clock) -> None:
        self._hasher = PasswordHash((Argon2Hasher(),))
        self._attempts = Attempts(clock)
        self._slots = asyncio.Semaphore(AT_ONCE)
        self._waiting = 0
        self._decoy = self._hasher.hash("nobody's password")

    async def hash(self, password: str) -> str:
        """Raises `Unavailable` when too many wait already."""
        async with self._slot():
            return await asyncio.to_thread(self._hasher.hash, password)

    async def verify(self, name: str, password: str, kept: str | None) -> bool:
        """Whether `password` belongs to `name`, whose hash is `kept` if there is such an account.

        Raises `SignInPaused`, also for guesses sent at once, and `Unavailable`.
        """
        self._attempts.check(name)
        async with self._slot():
            self._attempts.check(name)
            right = await asyncio.to_thread(self._hasher.verify, password, kept or self._decoy)
        if right and kept is not None:
            self._attempts.succeeded(name)
            return True
        self._attempts.failed(name)
        return False

    @asynccontextmanager
    async def _slot(self) -> AsyncIterator[None]:
        if self._waiting >= WAITING:
            raise Unavailable("sign-in-busy", "Too many sign-ins at once: try again in a moment.")
        self._waiting += 1
        try:
            async with self._slots:
                yield
        finally:
            self._waiting -= 1
