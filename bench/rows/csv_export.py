"""A whole export, read as fast as it comes: rows per second, and by how much the service grew meanwhile.

It is measured once in a run, because it is long; every round says the same. A request is a row of the file.
"""

import time
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

import httpx

from bench.cpu import forget_peak, peak_mib, resident_mib, tree_seconds
from bench.model import Alone, Comparison, Round, Row
from bench.parts.listed import LARGE, SMALL, Listed
from bench.parts.postgres import postgres
from bench.stage import Stage

MOST_MIB = 64.0


def _memory(row: Round, baseline: Round) -> float:
    return row.grown


def _row(name: str, what: str, part: Callable[[Stage], AbstractAsyncContextManager[Listed]], *against: Comparison) -> Row:
    async def prepare(stage: Stage) -> Alone:
        database, service = await stage.use(postgres), await stage.use(part)
        measured: list[Round] = []

        async def measure(seconds: float) -> Round:
            if not measured:
                measured.append(await _export(service, database.pid))
            return measured[0]

        return Alone(measure)

    return Row(name, what, 1, prepare, (*against, Comparison(name, "MiB grown", _memory, at_most=MOST_MIB)))


async def _export(service: Listed, postgres_pid: int) -> Round:
    servers = {"feedback": service.server.pid, "postgres": postgres_pid}
    await _read(service, limit=1)
    forget_peak(service.server.pid)
    resident, started = resident_mib(service.server.pid), time.perf_counter()
    before = {name: tree_seconds(pid) for name, pid in servers.items()}
    rows = await _read(service)
    took = time.perf_counter() - started
    return Round(
        requests=rows,
        rate=rows / took,
        p50=took * 1e3,
        p99=took * 1e3,
        cpu={name: (tree_seconds(pid) - before[name]) * 1e6 / max(rows, 1) for name, pid in servers.items()},
        errors=0 if rows == service.count else 1,
        generator=0.0,
        grown=peak_mib(service.server.pid) - resident,
        seen_errors=() if rows == service.count else (f"{rows} rows of {service.count}",),
    )


async def _read(service: Listed, limit: int | None = None) -> int:
    """Lines of the file without its first; none of the texts has a line end in it."""
    lines = 0
    async with (
        httpx.AsyncClient(base_url=service.server.url, trust_env=False, timeout=60) as http,
        http.stream("GET", "/v1/cases/export", headers=service.headers(service.admin)) as answer,
    ):
        answer.raise_for_status()
        async for piece in answer.aiter_raw():
            lines += piece.count(b"\n")
            if limit is not None and lines > limit:
                break
    return lines - 1


ROWS = (
    _row("csv_export_10k", "GET /v1/cases/export at feedback, 10,000 cases; a request is a row of the file", SMALL),
    _row("csv_export_1m", "the same, 1,000,000 cases", LARGE),
)
