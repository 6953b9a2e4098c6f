"""What a guessed receipt costs the server, and whether the time to answer tells a near miss from a wild guess."""

import time
from collections.abc import Callable
from itertools import cycle
from statistics import median, quantiles

import httpx

from bench.cpu import tree_seconds
from bench.model import Alone, Comparison, Round, Row, Subject
from bench.parts.postgres import postgres
from bench.parts.receipts import Receipts, receipts
from bench.stage import Stage
from services.feedback.protection.desk import AT_ONCE

GUESSES = 500
TRIES = 1000
MOST_APART = 5.0


async def prepare_guesses(stage: Stage) -> Subject:
    database, made = await stage.use(postgres), await stage.use(receipts)
    servers = {"feedback": made.service.server.pid, "postgres": database.pid}
    return Subject(
        made.service.server.port, servers, lambda: [made.showing(made.never_issued()) for _ in range(GUESSES)], expect=404
    )


async def prepare_timing(stage: Stage) -> Alone:
    database, made = await stage.use(postgres), await stage.use(receipts)
    tries = max(10, int(TRIES * stage.scale))
    measured: list[Round] = []

    async def measure(seconds: float) -> Round:
        """Once in a run, because it is long; every round says the same."""
        if not measured:
            measured.append(await _time(made, database.pid, tries))
        return measured[0]

    return Alone(measure)


async def _time(made: Receipts, postgres_pid: int, tries: int) -> Round:
    """Each kind in turn, one call at a time, so that whatever else the machine does falls on all."""
    kinds: tuple[Callable[[], str], ...] = (made.wrong, made.never_issued, _in_turn(made.expired))
    servers = {"feedback": made.service.server.pid, "postgres": postgres_pid}
    took: list[list[float]] = [[] for _ in kinds]
    errors: list[str] = []
    before, started = {name: tree_seconds(pid) for name, pid in servers.items()}, time.perf_counter()
    async with httpx.AsyncClient(base_url=made.service.server.url, trust_env=False, timeout=30) as http:
        for number in range(tries):
            for kind in range(len(kinds)):
                answered = await _try(http, made, kinds[kind], took[kind])
                if answered != 404:
                    errors.append(f"try {number} of kind {kind} was answered {answered}")
    every, medians = [each for kind in took for each in kind], [median(kind) for kind in took]
    spent = {name: tree_seconds(pid) - before[name] for name, pid in servers.items()}
    return Round(
        requests=len(every),
        rate=len(every) / (time.perf_counter() - started),
        p50=median(every),
        p99=quantiles(every, n=100)[-1],
        cpu={name: seconds * 1e6 / len(every) for name, seconds in spent.items()},
        errors=len(errors),
        generator=0.0,
        apart=max(medians) - min(medians),
        seen_errors=errors[:1],
    )


async def _try(http: httpx.AsyncClient, made: Receipts, guess: Callable[[], str], took: list[float]) -> int:
    headers, body = made.service.headers(made.caller), {"receipt": guess()}
    started = time.perf_counter()
    answer = await http.post("/v1/receipts/open", json=body, headers=headers)
    took.append((time.perf_counter() - started) * 1e3)
    return answer.status_code


def _in_turn(codes: list[str]) -> Callable[[], str]:
    turns = cycle(codes)
    return lambda: next(turns)


def _apart(row: Round, baseline: Round) -> float:
    return row.apart


ROWS = (
    Row(
        "receipt_guess",
        "POST /v1/receipts/open at feedback: receipts that were never issued, real Argon2",
        AT_ONCE,
        prepare_guesses,
    ),
    Row(
        "receipt_timing",
        f"the same, one at a time: {TRIES:,} each of wrong, never issued and expired ones",
        1,
        prepare_timing,
        (Comparison("receipt_timing", "ms between medians", _apart, at_most=MOST_APART),),
    ),
)
