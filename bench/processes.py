"""Server processes on free loopback ports, started as in production and ended by their own pids."""

import asyncio
import os
import socket
import sys
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from shared.embedded import LOOPBACK, log_tail

START_SECONDS = 60.0
STOP_SECONDS = 15.0
LOOK_AGAIN = 0.05
ROOT = Path(__file__).parents[1]


class ServerFailed(Exception):
    """A server ended or did not get ready; the message ends with the tail of its log."""


@dataclass(frozen=True, slots=True)
class Server:
    pid: int
    port: int

    @property
    def url(self) -> str:
        return f"http://{LOOPBACK}:{self.port}"


@asynccontextmanager
async def serving_app(app: str, environment: Mapping[str, str], log: Path) -> AsyncIterator[Server]:
    """An ASGI application of the bench's own (`module:name`) on uvicorn, as the product runs its own."""
    port = _free_port()
    arguments = ["uvicorn", app, "--host", LOOPBACK, "--port", str(port), "--loop", "uvloop", "--http", "httptools"]
    arguments += ["--no-access-log", "--no-server-header", "--no-proxy-headers", "--log-level", "warning"]
    async with _running(arguments, environment, log, port) as server:
        yield server


@asynccontextmanager
async def serving_product(service: str, environment: Mapping[str, str], log: Path) -> AsyncIterator[Server]:
    """One service's API through the product's own entry point, with the settings in `environment`."""
    port = _free_port()
    bound = {"MASSLINE_HOST": LOOPBACK, "MASSLINE_PORT": str(port)}
    async with _running(["services.cli", "serve", service], {**environment, **bound}, log, port) as server:
        yield server


@asynccontextmanager
async def working(module: str, environment: Mapping[str, str]) -> AsyncIterator[int]:
    """The pid of a program that says `ready` and works until SIGTERM. Raises `ServerFailed` when it does not end well."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", module, cwd=ROOT, env={**outside(), **environment}, stdout=asyncio.subprocess.PIPE
    )
    try:
        assert process.stdout is not None
        if await process.stdout.readline() != b"ready\n":
            raise ServerFailed(f"{module} ended before it was ready")
        yield process.pid
    finally:
        await _end(process)
    if process.returncode:
        raise ServerFailed(f"{module} ended with status {process.returncode}")


@asynccontextmanager
async def _running(module: Sequence[str], environment: Mapping[str, str], log: Path, port: int) -> AsyncIterator[Server]:
    with log.open("ab") as output:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            *module,
            cwd=ROOT,
            env={**outside(), **environment},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=output,
            stderr=output,
        )
    try:
        await _until_ready(process, port, log)
        yield Server(process.pid, port)
    finally:
        await _end(process)


def outside() -> dict[str, str]:
    """The environment without the product's settings: a run does not depend on the shell that it is started from."""
    return {name: value for name, value in os.environ.items() if not name.startswith("MASSLINE_")}


async def _until_ready(process: asyncio.subprocess.Process, port: int, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    async with httpx.AsyncClient(trust_env=False, timeout=5) as http:
        while process.returncode is None and time.monotonic() < deadline:
            if await _answers(http, f"http://{LOOPBACK}:{port}/readyz"):
                return
            await asyncio.sleep(LOOK_AGAIN)
    ended = "did not get ready" if process.returncode is None else f"ended with status {process.returncode}"
    raise ServerFailed(f"a server {ended}; its log {log}:\n{log_tail(log)}")


async def _answers(http: httpx.AsyncClient, url: str) -> bool:
    """Whether it is up: a baseline has no /readyz and answers 4xx; one that is not ready yet answers 503."""
    try:
        return (await http.get(url)).status_code < 500
    except httpx.TransportError:
        return False


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is not None:
        return
    process.terminate()
    try:
        await asyncio.wait_for(process.wait(), STOP_SECONDS)
    except TimeoutError:
        process.kill()
        await process.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        port: int = probe.getsockname()[1]
        return port
