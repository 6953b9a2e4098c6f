"""The write path of intake: opinions that arrive together are written together, in one transaction of one statement.

The kept answer of an Idempotency-Key is a row like the others. Where a key is already taken, by another process, by an earlier
batch or by a neighbour in this one, the batch is written again in steps: its opinion is left out, and the answer kept for it is
given again. A record of
another system is in once, for ever: the unique index on its origin decides, and a duplicate leaves nothing behind.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import asyncpg
from sqlalchemy import Table

from services.feedback.cases.models import Case, CaseClock, CaseExclusion, CaseText
from services.feedback.cases.words import case_terms
from services.feedback.identities.models import SealedIdentity
from services.feedback.ledger.models import LedgerLeaf
from services.feedback.opinions.models import Opinion
from services.feedback.protection.models import Receipt
from services.feedback.tables import FeedbackTable, metadata
from shared import outbox
from shared.db import Database, bulk_insert, bulk_rows
from shared.errors import Conflict, DomainError
from shared.group_commit import GroupCommit
from shared.idempotency import Seal, idempotency_keys

if TYPE_CHECKING:
    Connection = asyncpg.Connection[asyncpg.Record]

Row = Mapping[str, Any]


def _table(model: type[FeedbackTable]) -> Table:
    return metadata.tables[str(model.__tablename__)]


def _insert_all(*tables: tuple[Table, Sequence[str]]) -> str:
    """One statement, hence one round trip, with one parameter per table."""
    inserts = [bulk_insert(table, columns, parameter=number) for number, (table, columns) in enumerate(tables, 1)]
    return f"WITH {', '.join(f'rows_{number} AS ({insert})' for number, insert in enumerate(inserts, 1))} SELECT"


CASE_COLUMNS = (
    "id",
    "unit_id",
    "state",
    "source",
    "channel",
    "protection",
    "kind",
    "category",
    "attributes",
    "latitude",
    "longitude",
    "place",
    "wants_visit",
    "shared",
    "assistance",
    "assisted_by_unit_id",
    "title",
    "body",
    "owner_id",
    "sealed_with",
    "opinion_id",
    "policy_version",
    "calendar_version",
    "opened_at",
    "updated_at",
)
KEY_COLUMNS = ("id", "fingerprint", "status", "sealed", "created_at")
OPINION_COLUMNS = ("id", "case_id", "unit_id", "submitted_at", "origin_system", "origin_reference", "origin_reported_at")
INSERT_FILINGS = _insert_all(
    (_table(Case), CASE_COLUMNS),
    (_table(Opinion), OPINION_COLUMNS),
    (_table(CaseClock), ("case_id", "kind", "started_at", "due_at", "counted_in")),
    (_table(CaseExclusion), ("case_id", "unit_id", "post")),
    (_table(SealedIdentity), ("case_id", "key_id", "sealed", "has_contact")),
    (_table(CaseText), ("case_id", "terms")),
    (_table(LedgerLeaf), ("opinion_id", "commitment", "salt", "filed_on")),
    (_table(Receipt), ("lookup", "case_id", "proof")),
    (outbox.outbox, ("id", "topic", "type", "key", "time", "data", "traceparent")),
    (idempotency_keys, KEY_COLUMNS),
)
CLAIMED = "ON CONFLICT (origin_system, origin_reference) WHERE origin_system IS NOT NULL DO NOTHING RETURNING case_id"
CLAIM_ORIGINS = f"""
WITH claimed AS ({bulk_insert(_table(Opinion), OPINION_COLUMNS, tail=CLAIMED)}),
    opened AS ({bulk_insert(_table(Case), CASE_COLUMNS, parameter=2, tail="WHERE id IN (SELECT case_id FROM claimed)")})
SELECT case_id FROM claimed
"""
CLAIM_KEYS = bulk_insert(idempotency_keys, KEY_COLUMNS, tail="ON CONFLICT DO NOTHING RETURNING id")
KEPT_ANSWERS = "SELECT id, fingerprint, status, sealed FROM idempotency_keys WHERE id = ANY($1)"
FORGET_KEYS = "DELETE FROM idempotency_keys WHERE id = ANY($1)"


@dataclass(frozen=True, slots=True)
class Answer:
    """`replayed` when it was given before."""

    status: int
    body: bytes
    replayed: bool = False


@dataclass(frozen=True, slots=True)
class Filing:
    """One opinion ready to be written, and what its sender is told once it is."""

    case: Row
    opinion: Row
    clocks: Sequence[Row]
    exclusions: Sequence[Row]
    identity: Row | None
    leaf: Row
    receipt: Row | None
    events: Sequence[Row]
    answer: Answer
    seal: Seal | None
    key: Row | None

    @property
    def origin(self) -> tuple[str, str] | None:
        """Where an imported record stands in the system that it comes from."""
        system = self.opinion["origin_system"]
        return None if system is None else (system, self.opinion["origin_reference"])


class Intake:
    """`file` returns when the opinion is committed. Lives as long as its service is open."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._connection: asyncpg.Connection[asyncpg.Record] | None = None
        self._commits: GroupCommit[Filing, Answer] = GroupCommit(self._write)

    async def file(self, filing: Filing) -> Answer:
        """The answer to give. Raises `Invalid` for a key that was used with another body, `Conflict` for an origin that is in
        already, and what the database raises."""
        return await self._commits.add(filing)

    @asynccontextmanager
    async def lifetime(self) -> AsyncIterator[None]:
        """Nothing that was accepted is left unwritten at the end."""
        try:
            yield
        finally:
            await self._commits.drain()
            if self._connection is not None:
                self._connection.terminate()

    async def _write(self, batch: Sequence[Filing]) -> Sequence[Answer | Exception]:
        connection = await self._connect()
        answers = await _write_new(connection, batch) or await _write_claiming(connection, batch)
        self._database.wakeup(outbox.CHANNEL).ring_everywhere()
        return answers

    async def _connect(self) -> "Connection":
        """A connection of its own: intake does not queue behind other requests, nor pay a pool's reset before it answers."""
        if self._connection is None or self._connection.is_closed():
            self._connection = await asyncpg.connect(self._database.dsn)
        return self._connection


async def _write_new(connection: "Connection", batch: Sequence[Filing]) -> Sequence[Answer] | None:
    """The usual case, in one round trip; None, and nothing written, where some of it may be known already."""
    if any(filing.origin for filing in batch):
        return None
    try:
        await _insert(connection, batch, _keys(batch))
    except asyncpg.UniqueViolationError:
        return None
    return [filing.answer for filing in batch]


async def _write_claiming(connection: "Connection", batch: Sequence[Filing]) -> Sequence[Answer | Exception]:
    async with connection.transaction():
        taken = await _claim_keys(connection, batch)
        taken.update(await _claim_origins(connection, batch, taken))
        await _insert(connection, [filing for position, filing in enumerate(batch) if position not in taken])
    return [taken.get(position, filing.answer) for position, filing in enumerate(batch)]


async def _insert(connection: "Connection", filings: Sequence[Filing], keys: Sequence[Row] = ()) -> None:
    """What claimed its origin has its opinion and its case already."""
    if not filings:
        return
    fresh = [filing for filing in filings if filing.origin is None]
    await connection.execute(
        INSERT_FILINGS,
        bulk_rows([filing.case for filing in fresh]),
        bulk_rows([filing.opinion for filing in fresh]),
        bulk_rows([row for filing in filings for row in filing.clocks]),
        bulk_rows([row for filing in filings for row in filing.exclusions]),
        bulk_rows([filing.identity for filing in filings if filing.identity is not None]),
        bulk_rows([{"case_id": filing.case["id"], "terms": case_terms(filing.case)} for filing in filings]),
        bulk_rows([filing.leaf for filing in filings]),
        bulk_rows([filing.receipt for filing in filings if filing.receipt is not None]),
        bulk_rows([row for filing in filings for row in filing.events]),
        bulk_rows(keys),
    )


def _keys(batch: Sequence[Filing]) -> list[Row]:
    """In one order everywhere, so that two processes do not wait for each other."""
    return sorted((filing.key for filing in batch if filing.key is not None), key=lambda key: key["id"])


async def _claim_keys(connection: "Connection", batch: Sequence[Filing]) -> dict[int, Answer | Exception]:
    """Take the batch's keys; returns, by position, what those are answered whose key was taken before them."""
    keys = _keys(batch)
    if not keys:
        return {}
    claimed = {row["id"] for row in await connection.fetch(CLAIM_KEYS, bulk_rows(keys))}
    late: dict[int, Seal] = {}
    for position, filing in enumerate(batch):
        if filing.seal is not None and filing.seal.id not in claimed:
            late[position] = filing.seal
        elif filing.seal is not None:
            claimed.discard(filing.seal.id)
    if not late:
        return {}
    found = await connection.fetch(KEPT_ANSWERS, [seal.id for seal in late.values()])
    kept = {row["id"]: row for row in found}
    return {position: _replay(seal, kept.get(seal.id)) for position, seal in late.items()}


def _replay(seal: Seal, kept: "asyncpg.Record | None") -> Answer | Exception:
    if kept is None:
        return Conflict("request-in-progress", "A request with this Idempotency-Key was just undone: send it again.")
    try:
        return Answer(kept["status"], seal.answer(kept["fingerprint"], kept["sealed"]), replayed=True)
    except DomainError as error:
        return error


async def _claim_origins(
    connection: "Connection", batch: Sequence[Filing], taken: Mapping[int, Answer | Exception]
) -> dict[int, Exception]:
    """Write the opinions and cases of the batch's imported records; returns, by position, the refusals of those that are in.

    They are taken in one order everywhere, like keys. A refused one gives its key back, or the key would answer for an opinion
    that was never written; so a neighbour that was to be given its answer again is refused with it.
    """
    found = [(filing.origin, position) for position, filing in enumerate(batch) if filing.origin and position not in taken]
    if not found:
        return {}
    positions = [position for _, position in sorted(found)]
    opinions, cases = [batch[position].opinion for position in positions], [batch[position].case for position in positions]
    claimed = {row["case_id"] for row in await connection.fetch(CLAIM_ORIGINS, bulk_rows(opinions), bulk_rows(cases))}
    refused = [position for position in positions if batch[position].case["id"] not in claimed]
    if not refused:
        return {}
    keys = {key for key in (_key(batch[position]) for position in refused) if key is not None}
    await connection.execute(FORGET_KEYS, list(keys))
    replays = [position for position, answer in taken.items() if isinstance(answer, Answer) and _key(batch[position]) in keys]
    return {position: _already_imported() for position in (*refused, *replays)}


def _key(filing: Filing) -> bytes | None:
    return filing.seal.id if filing.seal is not None else None


def _already_imported() -> Conflict:
    return Conflict(
        "origin-already-imported",
        "A record with this `origin` was imported before and stays as it is: leave it out. To say more, write to its case.",
    )
