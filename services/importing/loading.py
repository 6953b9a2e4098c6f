"""One import, from a checked file to cases. It keeps no notes of its own: the server knows what it has, so it may be killed
anywhere and run again, and two may run at once."""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console

from services.importing.api import CONCURRENCY, Answer, Api
from services.importing.files import read_rows
from services.importing.progress import show_progress
from services.importing.submissions import Reject, SourceMapping, Submission, Unit
from services.importing.units import Units, settle_names

ALREADY_THERE = frozenset({"origin-already-imported", "idempotency-key-reused"})
"""The source's key stands in an opinion already, or went out under this key with another text: in either case it is in."""


@dataclass(frozen=True, slots=True)
class Survey:
    """What a first reading of the whole file found; `named` counts the rows that are fit to be sent, by their unit."""

    named: Counter[Unit] = field(default_factory=Counter)
    rejects: list[Reject] = field(default_factory=list)


@dataclass
class Tally:
    imported: int = 0
    already_there: int = 0
    units_created: int = 0
    rejects: list[Reject] = field(default_factory=list)

    def count(self, submission: Submission, answer: Answer) -> None:
        known = answer.slug in ALREADY_THERE
        if answer.status == 201 or known:
            fresh = answer.repeated or not (known or answer.replayed)
            self.imported += fresh
            self.already_there += not fresh
        else:
            self.rejects.append(Reject(submission.line, submission.cells, submission.key, f"the server answered {answer.reason}"))


def survey(path: Path, mapping: SourceMapping) -> Survey:
    """Raises `WrongInput`."""
    found = Survey()
    for item in read_rows(path, mapping):
        if isinstance(item, Reject):
            found.rejects.append(item)
        else:
            found.named[item.unit] += 1
    return found


async def load(api: Api, path: Path, mapping: SourceMapping, found: Survey, tally: Tally, console: Console) -> None:
    """Send every row that the survey found fit; `tally` is right at any moment. Raises `Refused`, `ServerAway`, `WrongInput`."""
    tally.rejects.extend(found.rejects)
    units = Units(api, mapping.root)
    try:
        await units.ensure(settle_names(found.named))
    finally:
        tally.units_created = units.created
    submissions = (item for item in read_rows(path, mapping) if isinstance(item, Submission))
    with show_progress(found.named.total(), console) as advance:
        await _send_all(api, submissions, units.ids, tally, advance)


async def _send_all(
    api: Api, submissions: Iterator[Submission], unit_ids: dict[str, str], tally: Tally, advance: Callable[[], None]
) -> None:
    async def send_rest() -> None:
        for submission in submissions:
            tally.count(submission, await _send(api, submission, unit_ids))
            advance()

    try:
        async with asyncio.TaskGroup() as senders:
            for _ in range(CONCURRENCY):
                senders.create_task(send_rest())
    except ExceptionGroup as group:
        raise group.exceptions[0] from None


async def _send(api: Api, submission: Submission, unit_ids: dict[str, str]) -> Answer:
    opinion = submission.opinion
    body = {**opinion.model_dump(mode="json"), "unit_id": unit_ids[submission.unit.code]}
    return await api.post("/v1/opinions", body, key=f"{opinion.origin.system}:{opinion.origin.reference}")
