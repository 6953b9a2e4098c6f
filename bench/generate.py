"""Starts the load generator."""

import asyncio
import sys

import msgspec

from bench.load import Outcome, Plan
from bench.processes import ROOT


async def generate(plan: Plan) -> Outcome:
    """Run the load generator in a process of its own."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "bench.load",
        cwd=ROOT,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    output, _ = await process.communicate(msgspec.msgpack.encode(plan))
    if process.returncode != 0:
        raise RuntimeError(f"the load generator ended with status {process.returncode}")
    return msgspec.msgpack.decode(output, type=Outcome)
