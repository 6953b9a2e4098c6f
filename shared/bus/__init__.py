"""The event bus: one interface, two houses. `inprocess` for one process, `kafka` for many; one behaviour suite for both.

Promise of both: records of one key are delivered to a group in the order they were published; every record is delivered to
every group at least once, also across crashes; a record counts as delivered only when the group's `deliver` has returned.
"""

from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Protocol

from shared.events.envelope import Record

Deliver = Callable[[Sequence[Record]], Awaitable[None]]
"""Takes a batch in order. Returning acknowledges all of it; raising means: deliver all of it again."""


class BusUnavailable(Exception):
    """The bus cannot take or give records at the moment; nothing is lost, try again."""


class Bus(Protocol):
    async def publish(self, records: Sequence[Record]) -> None:
        """Return once every record is safe; raise `BusUnavailable` if any may not be (some may be there all the same)."""

    def subscribe(self, group: str, topics: Sequence[str], deliver: Deliver) -> AbstractAsyncContextManager[None]:
        """While the context is open, `deliver` is a member of `group` for these topics."""

    def ready(self) -> bool:
        """Whether records can be published as far as this process knows."""

    async def stop(self) -> None:
        """Let go of connections. Records not yet safe stay with their publisher."""
