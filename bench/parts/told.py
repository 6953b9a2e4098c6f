"""A program that works on a filled database and says what it did: measured with the PostgreSQL behind it."""

import asyncio
import os
import sys
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

import msgspec

from bench.cpu import forget_peak, peak_mib, resident_mib, tree_seconds
from bench.model import Alone, Comparison, Round, Row
from bench.parts.postgres import postgres
from bench.processes import ROOT, ServerFailed, outside
from bench.stage import Part, Stage


@dataclass(frozen=True, slots=True)
class Done:
    """`things` were made or looked at; `cpu` is the program's, in seconds; `grown` in MiB."""

    things: int
    seconds: float
    cpu: float
    grown: float


async def timed(run: Callable[[], Awaitable[None]]) -> tuple[float, float, float]:
    """Seconds, the CPU of this program in seconds, and by how many MiB it grew: the latter fields of `Done`."""
    forget_peak(os.getpid())
    resident, cpu, started = resident_mib(os.getpid()), tree_seconds(os.getpid()), time.perf_counter()
    await run()
    return time.perf_counter() - started, tree_seconds(os.getpid()) - cpu, peak_mib(os.getpid()) - resident


def told_once(name: str, said: str, part: Part[Mapping[str, str]], module: str, what: str, *against: Comparison) -> Row:
    """A row that is measured once in a run, because it is long; every round says the same. `part` is the program's environment; a
    request is one of its things, the time is the whole run's."""

    async def prepare(stage: Stage) -> Alone:
        database, environment = await stage.use(postgres), await stage.use(part)
        measured: list[Round] = []

        async def measure(seconds: float) -> Round:
            if not measured:
                measured.append(await _run(module, what, environment, database.pid))
            return measured[0]

        return Alone(measure)

    return Row(name, said, 1, prepare, against)


async def _run(module: str, what: str, environment: Mapping[str, str], postgres_pid: int) -> Round:
    before = tree_seconds(postgres_pid)
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", module, what),
        cwd=ROOT,
        env={**outside(), **environment},
        stdout=asyncio.subprocess.PIPE,
    )
    said, _ = await process.communicate()
    if process.returncode:
        raise ServerFailed(f"{module} {what} ended with status {process.returncode}")
    done = msgspec.json.decode(said, type=Done)
    cpu = {"worker": done.cpu, "postgres": tree_seconds(postgres_pid) - before}
    return Round(
        requests=done.things,
        rate=done.things / done.seconds,
        p50=done.seconds * 1e3,
        p99=done.seconds * 1e3,
        cpu={name: seconds * 1e6 / max(done.things, 1) for name, seconds in cpu.items()},
        errors=0,
        generator=0.0,
        grown=done.grown,
    )


def times(row: Round, baseline: Round) -> float:
    return row.p50 / baseline.p50


def seconds(row: Round, baseline: Round) -> float:
    return row.p50 / 1e3


def memory(row: Round, baseline: Round) -> float:
    return row.grown
