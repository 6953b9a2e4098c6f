"""What is due, what a changed policy would have meant, and what is sealed with an older key."""

from collections.abc import Iterator, Sequence
from typing import Any
from uuid import UUID

import asyncpg
from sqlalchemy import ColumnElement, SQLColumnExpression, func, select, true
from sqlmodel import col

from services.feedback.cases.models import ACCESS_END, ENDED, OVER, PROTECTED, WORDS_END, Case
from services.feedback.cases.rules import Channel, Protection
from services.feedback.cases.sealing import SEVERAL
from services.feedback.identities.models import SealedIdentity
from services.feedback.retaliation.rules import WATCH
from services.feedback.retention.rules import FLOOR, End, rows_of, tell
from services.feedback.retention.schemas import (
    DifferenceOut,
    DueCase,
    DueCount,
    DueOut,
    RetentionOut,
    RetentionSimulationIn,
    RetentionSimulationOut,
    SealsOut,
    TermOut,
)
from shared.practices import Kept, Practice
from shared.reads import Read
from shared.replays import span_of
from shared.types import Level
from shared.uow import UnitOfWork

MOST_SHOWN = 100
ENDS = {End.access: ACCESS_END, End.words: WORDS_END}
STILL_THERE = {
    End.access: "EXISTS (SELECT FROM receipts WHERE receipts.case_id = cases.id)",
    End.words: "true",
}
NOTHING_RUNS = """
    cases.appeal_unit_id IS NULL
    AND coalesce(cases.reopenable_until, '-infinity') < :now AND coalesce(cases.appealable_until, '-infinity') < :now
    AND cases.opened_at < :watched_since
    AND NOT EXISTS (SELECT FROM legal_holds WHERE case_id = cases.id AND lifted_at IS NULL)
    AND NOT EXISTS (
        SELECT FROM retaliation_reports WHERE case_id = cases.id AND (decided_at IS NULL OR reported_at >= :watched_since)
    )
"""


def _due(end: End, selected: str, tail: str = "") -> Read:
    """The one condition of what is due: a run and a dry run both go by it. What a case was promised stands on it."""
    return Read(
        f"""
        SELECT {selected} FROM cases
        WHERE {ENDED} AND {ENDS[end]} < CAST(:now AS timestamptz) AT TIME ZONE 'UTC' AND {NOTHING_RUNS} AND {STILL_THERE[end]}
        {tail}
        """
    )


SHOWN = f"id AS case_id, unit_id, channel, {PROTECTED} AS protected, updated_at AS ended_at"
STILL = {end: _due(end, "id AS case_id", "AND id = ANY(:among)") for end in End}
LIST = {end: _due(end, f"{SHOWN}, {end}_days AS days", f"ORDER BY {ENDS[end]}, id LIMIT :most") for end in End}
COUNT = {end: _due(end, f"channel, {PROTECTED} AS protected, count(*) AS cases", "GROUP BY 1, 2 ORDER BY 1, 2") for end in End}
DIFFER = Read(
    f"""
    SELECT asked.channel, asked.protected, count(cases.channel) AS cases,
        count(*) FILTER (WHERE asked.access_days < cases.access_days) AS access_sooner,
        count(*) FILTER (WHERE asked.access_days > cases.access_days) AS access_later,
        count(*) FILTER (WHERE asked.words_days < cases.words_days) AS words_sooner,
        count(*) FILTER (WHERE asked.words_days > cases.words_days) AS words_later
    FROM unnest(CAST(:channels AS text[]), CAST(:protected AS boolean[]), CAST(:access AS int[]), CAST(:words AS int[]))
            WITH ORDINALITY AS asked (channel, protected, access_days, words_days, number)
        LEFT JOIN (
            SELECT channel, {PROTECTED} AS protected, access_days, words_days
            FROM cases JOIN known_units ON known_units.id = cases.unit_id
            WHERE {OVER} AND updated_at >= :since AND updated_at < :until AND level = ANY(CAST(:levels AS text[]))
        ) AS cases ON cases.channel = asked.channel AND cases.protected = asked.protected
    GROUP BY asked.number, asked.channel, asked.protected ORDER BY asked.number
    """
)


def values_of(uow: UnitOfWork) -> dict[str, Any]:
    now = uow.now()
    return {"now": now, "watched_since": now - WATCH}


async def due_cases(uow: UnitOfWork, end: End, *, most: int) -> Sequence[asyncpg.Record]:
    """Those whose end came first."""
    return await LIST[end].fetch(uow, {**values_of(uow), "most": most})


async def still_due(uow: UnitOfWork, end: End, among: Sequence[UUID]) -> set[UUID]:
    """Those of `among` that are, by what has been committed until now."""
    return {row["case_id"] for row in await STILL[end].fetch(uow, {**values_of(uow), "among": among})}


async def list_due(uow: UnitOfWork) -> DueOut:
    """A dry run."""
    counts, first = [], []
    for end in End:
        counts += [DueCount(end=end, **dict(row)) for row in await COUNT[end].fetch(uow, values_of(uow))]
        first += [DueCase(end=end, **dict(row)) for row in await due_cases(uow, end, most=MOST_SHOWN)]
    return DueOut(at=uow.now(), counts=counts, first=first)


async def get_retention(uow: UnitOfWork, level: Level | None) -> RetentionOut:
    """What a case that ends now is promised, and how far a change of keys has come."""
    policy = uow.policies.practices.policy_for(Practice.retention, level, uow.now())
    terms = uow.policies.practices.retention(level, uow.now())
    shown = [_term(channel, terms.of(channel)) for channel in Channel]
    return RetentionOut(policy=policy.label, terms=shown, seals=await _seals(uow))


async def simulate_retention(uow: UnitOfWork, asked: RetentionSimulationIn) -> RetentionSimulationOut:
    """What the cases that ended in a span would have been promised otherwise. Raises `Invalid` (simulation-span)."""
    since, until = span_of(asked.since, asked.until, uow.now())
    channels, protected, access, words = map(list, zip(*rows_of(asked.rules), strict=True))
    levels = [level for level in Level if _is_for(uow, level, asked.level)]
    values = {"channels": channels, "protected": protected, "access": access, "words": words, "levels": levels}
    rows = await DIFFER.fetch(uow, {**values, "since": since, "until": until})
    return RetentionSimulationOut(levels=levels, differences=[difference for row in rows for difference in _differences(row)])


def _is_for(uow: UnitOfWork, level: Level, asked: Level | None) -> bool:
    """Whether cases of this level would go by a policy for `asked`, or for all levels: those that have none of their own."""
    if asked is not None:
        return level is asked
    return uow.policies.practices.policy_for(Practice.retention, level, uow.now()).level is None


def _differences(row: asyncpg.Record) -> Iterator[DifferenceOut]:
    cases: int = row["cases"]
    for end in End:
        sooner, later = tell(cases, row[f"{end}_sooner"], row[f"{end}_later"])
        which = {"channel": row["channel"], "protected": row["protected"], "end": end}
        yield DifferenceOut(**which, cases=None if 0 < cases < FLOOR else cases, sooner=sooner, later=later)


async def _seals(uow: UnitOfWork) -> SealsOut:
    protected = (col(Case.protection) != Protection.named) & col(Case.erased_at).is_(None)
    cases = await _by_key(uow, col(Case.sealed_with), protected)
    identities = await _by_key(uow, col(SealedIdentity.key_id), true())
    current = uow.keyring.current
    return SealsOut(
        current_key=current,
        missing_keys=sorted((cases.keys() | identities.keys()) - {None, SEVERAL, *uow.keyring.key_ids}),
        cases_sealed_otherwise=sum(cases.values()) - cases.get(current, 0),
        identities_sealed_otherwise=sum(identities.values()) - identities.get(current, 0),
    )


async def _by_key(uow: UnitOfWork, key: SQLColumnExpression[Any], which: ColumnElement[bool]) -> dict[Any, int]:
    counting = select(key, func.count()).where(which).group_by(key)
    return {row[0]: row[1] for row in await uow.session.execute(counting)}


def _term(channel: Channel, kept: Kept) -> TermOut:
    return TermOut(
        channel=channel,
        access_days=kept.access_days,
        words_days=kept.protected_days,
        named_words_days=kept.named_days,
    )
