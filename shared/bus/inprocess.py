"""The bus of the one-process mode: publishing hands the batch to every group and returns when all have taken it.

It stores nothing. Durability is the outbox's: a row leaves it only after `publish` has returned, hence after every group has
committed its effect. A group that fails makes `publish` fail, and the whole batch comes again; inboxes drop what was applied.
"""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from shared.bus import BusUnavailable, Deliver
from shared.events.envelope import Record


class InProcessBus:
    def __init__(self) -> None:
        self._groups: dict[str, list[tuple[frozenset[str], Deliver]]] = defaultdict(list)
        self._open = True

    def subscribe(self, group: str, topics: Sequence[str], deliver: Deliver) -> AbstractAsyncContextManager[None]:
        return self._membership(group, (frozenset(topics), deliver))

    @asynccontextmanager
    async def _membership(self, group: str, member: tuple[frozenset[str], Deliver]) -> AsyncIterator[None]:
        self._groups[group].append(member)
        try:
            yield
        finally:
            self._groups[group].remove(member)

    async def publish(self, records: Sequence[Record]) -> None:
        if not self._open:
            raise BusUnavailable("the bus is stopped")
        deliveries = [deliver(batch) for members in list(self._groups.values()) for deliver, batch in _shares(members, records)]
        outcomes = await asyncio.gather(*deliveries, return_exceptions=True)
        for outcome in outcomes:
            if isinstance(outcome, Exception):
                raise BusUnavailable("a consumer did not take the batch") from outcome
            if isinstance(outcome, BaseException):
                raise outcome

    def ready(self) -> bool:
        return self._open

    async def stop(self) -> None:
        self._open = False

    async def start(self) -> None:
        self._open = True


def _shares(members: Sequence[tuple[frozenset[str], Deliver]], records: Sequence[Record]) -> list[tuple[Deliver, list[Record]]]:
    """Split a batch among the members of one group: a key always goes to the same member."""
    shares: dict[int, list[Record]] = defaultdict(list)
    for record in records:
        takers = [index for index, (topics, _) in enumerate(members) if record.topic in topics]
        if takers:
            shares[takers[record.key.int % len(takers)]].append(record)
    return [(members[index][1], share) for index, share in shares.items()]
