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
        self._groups: dict[str, list[_Member]] = defaultdict(list)
        self._open = True

    def subscribe(self, group: str, topics: Sequence[str], deliver: Deliver) -> AbstractAsyncContextManager[None]:
        return self._membership(group, _Member(topics, deliver))

    @asynccontextmanager
    async def _membership(self, group: str, member: "_Member") -> AsyncIterator[None]:
        self._groups[group].append(member)
        try:
            yield
        finally:
            self._groups[group].remove(member)
            await member.leave()

    async def publish(self, records: Sequence[Record]) -> None:
        if not self._open:
            raise BusUnavailable("the bus is stopped")
        if not all(self._groups.values()):
            raise BusUnavailable("a group has left: what it would miss waits for it")
        shares = [share for members in self._groups.values() for share in _shares(members, records)]
        outcomes = await asyncio.gather(*(member.take(share) for member, share in shares), return_exceptions=True)
        for outcome in outcomes:
            if outcome is not None:
                raise BusUnavailable("a consumer did not take the batch") from outcome

    def ready(self) -> bool:
        return self._open

    async def stop(self) -> None:
        self._open = False

    async def start(self) -> None:
        self._open = True


class _Member:
    def __init__(self, topics: Sequence[str], deliver: Deliver) -> None:
        self.topics = frozenset(topics)
        self._deliver = deliver
        self._running: set[asyncio.Task[None]] = set()

    def take(self, records: Sequence[Record]) -> "asyncio.Task[None]":
        task = asyncio.ensure_future(self._deliver(records))
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return task

    async def leave(self) -> None:
        """Nothing is delivered to a member that has left; what it had not finished is the publisher's again."""
        running = list(self._running)
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)


def _shares(members: Sequence[_Member], records: Sequence[Record]) -> list[tuple[_Member, list[Record]]]:
    """Split a batch among the members of one group: a key always goes to the same member."""
    shares: dict[int, list[Record]] = defaultdict(list)
    for record in records:
        takers = [index for index, member in enumerate(members) if record.topic in member.topics]
        if takers:
            shares[takers[record.key.int % len(takers)]].append(record)
    return [(members[index], share) for index, share in shares.items()]
