"""What is due, and what is sealed with an older key."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import asyncpg
from sqlalchemy import ColumnElement, SQLColumnExpression, func, select, true
from sqlmodel import col

from services.feedback.cases.models import ENDED, PROTECTED, Case
from services.feedback.cases.rules import Channel, Protection
from services.feedback.cases.sealing import SEVERAL
from services.feedback.identities.models import SealedIdentity
from services.feedback.retaliation.rules import WATCH
from services.feedback.retention.rules import End, Terms
from services.feedback.retention.schemas import DueCase, DueCount, DueOut, RetentionOut, SealsOut, TermOut
from shared.reads import Read
from shared.uow import UnitOfWork

MOST_SHOWN = 100
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


def _due(end: End, selected: str, of_each: str = "", tail: str = "") -> Read:
    """The one condition of what is due: a run and a dry run both go by it. `of_each` is said of each channel's, so that the index
    of ends brings them in order."""
    return Read(
        f"""
        SELECT {selected}
        FROM unnest(CAST(:channels AS text[]), CAST(:protected AS boolean[]), CAST(:moments AS timestamptz[]))
                AS terms (channel, protected, ended_before), LATERAL (
            SELECT id AS case_id, unit_id, updated_at AS ended_at FROM cases
            WHERE cases.channel = terms.channel AND {PROTECTED} = terms.protected AND updated_at < terms.ended_before
                AND {ENDED} AND {NOTHING_RUNS} AND {STILL_THERE[end]}
            {of_each}
        ) AS due
        {tail}
        """
    )


STILL = {end: _due(end, "case_id", "AND id = ANY(:among)") for end in End}
FIRST = ("ORDER BY updated_at, id LIMIT :most", "ORDER BY ended_at, case_id LIMIT :most")
LIST = {end: _due(end, "case_id, unit_id, channel, protected, ended_at", *FIRST) for end in End}
COUNT = {end: _due(end, "channel, protected, count(*) AS cases", tail="GROUP BY 1, 2 ORDER BY 1, 2") for end in End}


def values_of(uow: UnitOfWork, terms: Terms, end: End) -> dict[str, Any]:
    now = uow.now()
    channels, protected, moments = map(list, zip(*terms.ended_before(end, now), strict=True))
    return {
        "channels": channels,
        "protected": protected,
        "moments": moments,
        "now": now,
        "watched_since": now - WATCH,
    }


async def due_cases(uow: UnitOfWork, terms: Terms, end: End, *, most: int) -> Sequence[asyncpg.Record]:
    """Those that ended first."""
    return await LIST[end].fetch(uow, {**values_of(uow, terms, end), "most": most})


async def still_due(uow: UnitOfWork, terms: Terms, end: End, among: Sequence[UUID]) -> set[UUID]:
    """Those of `among` that are, by what has been committed until now."""
    return {row["case_id"] for row in await STILL[end].fetch(uow, {**values_of(uow, terms, end), "among": among})}


async def list_due(uow: UnitOfWork, terms: Terms) -> DueOut:
    """A dry run."""
    counts, first = [], []
    for end in End:
        counted = await COUNT[end].fetch(uow, values_of(uow, terms, end))
        counts += [DueCount(end=end, **dict(row)) for row in counted]
        for row in await due_cases(uow, terms, end, most=MOST_SHOWN):
            days = terms.of(end, protected=row["protected"])[row["channel"]]
            first.append(DueCase(end=end, days=days, **dict(row)))
    return DueOut(at=uow.now(), counts=counts, first=first)


async def get_retention(uow: UnitOfWork, terms: Terms) -> RetentionOut:
    """The terms, and how far a change of keys has come."""
    return RetentionOut(terms=[_term(terms, channel) for channel in Channel], seals=await _seals(uow))


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


def _term(terms: Terms, channel: Channel) -> TermOut:
    return TermOut(
        channel=channel,
        access_days=terms.access[channel],
        words_days=terms.words[channel],
        named_words_days=terms.named_words[channel],
    )
