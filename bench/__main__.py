"""`python -m bench [--quick] [row ...]`: measure, print, keep. Exit status 1 when any request failed, 2 when a server did."""

import argparse
import asyncio
import os
import platform
import sys
import tempfile
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from bench.model import Row
from bench.parts.postgres import postgres
from bench.processes import ServerFailed
from bench.report import as_json, errors, tables
from bench.rows import ROWS
from bench.runner import FULL, QUICK, Pace, run, with_baselines
from bench.stage import Stage


def main() -> int:
    arguments = _arguments()
    rows = with_baselines(ROWS, arguments.rows)
    folder = Path(os.environ.get("MASSLINE_VAR", "var")) / "bench"
    folder.mkdir(parents=True, exist_ok=True)
    try:
        return asyncio.run(_bench(rows, QUICK if arguments.quick else FULL, folder))
    except ServerFailed as error:
        sys.stderr.write(f"bench: {error}\n")
        return 2


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measure the product beside its baselines.")
    parser.add_argument("rows", nargs="*", choices=[[], *(row.name for row in ROWS)], help="rows to run; all by default")
    parser.add_argument("--quick", action="store_true", help="a few short rounds: whether it works, not how fast")
    return parser.parse_args()


async def _bench(rows: list[Row], pace: Pace, folder: Path) -> int:
    with tempfile.TemporaryDirectory(dir=folder, prefix="run-") as temporary:
        async with Stage(Path(temporary), scale=pace.scale) as stage:
            database = (await stage.use(postgres)).settings
            machine: dict[str, Any] = {"cpus": os.cpu_count(), "python": platform.python_version(), **database}
            results = await run(rows, stage, pace)
    machine["load average"] = round(os.getloadavg()[1], 1)
    sys.stdout.write(f"{_headline(machine, pace)}\n\n{tables(rows, results)}\n")
    report = {"at": datetime.now(UTC), "machine": machine, "pace": pace, "rows": as_json(rows, results)}
    (folder / "latest.json").write_bytes(msgspec.json.format(msgspec.json.encode(report)))
    return 1 if errors(results) else 0


def _headline(machine: Mapping[str, object], pace: Pace) -> str:
    facts = ", ".join(f"{name} {value}" for name, value in machine.items())
    return f"medians of {pace.rounds} interleaved rounds of {pace.seconds:g} s; {facts}"


if __name__ == "__main__":
    sys.exit(main())
