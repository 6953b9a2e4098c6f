"""`python -m bench.hearing`: assessment hears 500 events a second of cases and visits of its units; says `ready`, and goes on
until SIGTERM. Ends with status 1 when it did not keep up."""

import asyncio
import signal
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from itertools import cycle, islice
from uuid import UUID

from services.assessment.app import create_service
from services.assessment.settings import AssessmentSettings
from shared.events.envelope import Event, Record
from shared.events.feedback import CaseAnswered, CaseConfirmed, CaseOpened, CaseSource
from shared.events.visits import VisitPlanned, VisitRecorded
from shared.ids import new_id
from shared.service import settle_garbage_collector

PER_SECOND, AT_ONCE = 500, 50
LATE = 1.0
"""Seconds: who is behind by more does not keep up."""


async def main() -> int:
    loop, ended = asyncio.get_running_loop(), asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, ended.set)
    service = create_service(AssessmentSettings())
    async with service.open():
        settle_garbage_collector()
        told = events([row["id"] for row in await service.database.pool.fetch("SELECT id FROM units ORDER BY code")])
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        due, behind = loop.time(), 0.0
        while not ended.is_set():
            await service.consumer.deliver([record(event) for event in islice(told, AT_ONCE)])
            due += AT_ONCE / PER_SECOND
            behind = max(behind, loop.time() - due)
            await asyncio.sleep(max(due - loop.time(), 0))
    return int(behind > LATE)


def events(units: Sequence[UUID]) -> Iterator[Event]:
    """Of each unit in turn a case that is opened, answered and confirmed, and a visit that is planned and made."""
    for unit_id in cycle(units):
        now = datetime.now(UTC)
        case, visit = {"case_id": new_id(), "unit_id": unit_id}, {"visit_id": new_id(), "plan_id": new_id(), "unit_id": unit_id}
        yield CaseOpened(
            **case,
            source=CaseSource.opinion,
            opinion_id=new_id(),
            finding_id=None,
            visit_id=None,
            channel="public_opinion",
            category=None,
            opened_at=now,
            clocks=(),
        )
        yield CaseAnswered(**case, finding_id=None, answered_at=now, first=True, in_time=True)
        verdict = {"resolved": True, "satisfied": True, "score": None, "judgement": 1}
        yield CaseConfirmed(**case, **verdict, finding_id=None, confirmed_at=now)
        yield VisitPlanned(**visit, window_starts_at=now, window_ends_at=now)
        yield VisitRecorded(**visit, outcome="done", occurred_at=now, recorded_at=now, late=False, findings=0)


def record(event: Event) -> Record:
    """As it comes from the bus."""
    data = event.model_dump_json().encode()
    return Record(id=new_id(), type=event.type, key=event.key, time=datetime.now(UTC), topic=event.topic, data=data)


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
