"""Runs rows and their baselines in turn, so that a noisy minute of the machine falls on both."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from bench.cpu import tree_seconds
from bench.generate import generate
from bench.load import Plan
from bench.model import Alone, Round, Row, Subject
from bench.stage import Stage

MOST = 200_000


@dataclass(frozen=True, slots=True)
class Pace:
    """How long a run takes: `rounds` of `seconds` per row, after one of `warm_up` seconds that is not counted, on tables of
    `scale` times their full size."""

    rounds: int
    seconds: float
    warm_up: float
    scale: float


FULL = Pace(rounds=5, seconds=3.0, warm_up=1.5, scale=1.0)
QUICK = Pace(rounds=2, seconds=0.3, warm_up=0.2, scale=0.01)


def with_baselines(rows: Sequence[Row], names: Iterable[str]) -> list[Row]:
    """The named rows (all, if none is named) and the baselines that they are held against, in the order of `rows`."""
    chosen = set(names) or {row.name for row in rows}
    needed = {comparison.baseline for row in rows if row.name in chosen for comparison in row.against}
    return [row for row in rows if row.name in chosen | needed]


async def run(rows: Sequence[Row], stage: Stage, pace: Pace) -> dict[str, list[Round]]:
    """Each row's rounds; round n of every row belongs to cycle n."""
    prepared = await asyncio.gather(*(row.prepare(stage) for row in rows))
    subjects = {row.name: subject for row, subject in zip(rows, prepared, strict=True)}
    for row in rows:
        await measure(row, subjects[row.name], pace.warm_up)
    rounds: dict[str, list[Round]] = {row.name: [] for row in rows}
    for _ in range(pace.rounds):
        for row in rows:
            rounds[row.name].append(await measure(row, subjects[row.name], pace.seconds))
    return rounds


async def measure(row: Row, subject: Subject | Alone, seconds: float) -> Round:
    if isinstance(subject, Alone):
        return await subject.measure(seconds)
    requests = list(subject.requests())
    plan = Plan(subject.port, row.connections, seconds, MOST, subject.expect, requests)
    async with subject.meanwhile():
        before = _cpu(subject.servers)
        outcome = await generate(plan)
        after = _cpu(subject.servers)
    count = max(outcome.answered, 1)
    return Round(
        requests=outcome.answered,
        rate=outcome.answered / outcome.seconds if outcome.seconds else 0.0,
        p50=outcome.p50 * 1e3,
        p99=outcome.p99 * 1e3,
        cpu={name: (after[name] - before[name]) * 1e6 / count for name in subject.servers},
        errors=outcome.errors,
        generator=outcome.cpu / outcome.seconds if outcome.seconds else 0.0,
        seen_errors=outcome.seen_errors,
    )


def _cpu(servers: Mapping[str, int]) -> dict[str, float]:
    return {name: tree_seconds(pid) for name, pid in servers.items()}
