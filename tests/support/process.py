"""Programs of the product, started as an operator starts them."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import httpx


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def ready(port: str | int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/readyz", timeout=2, trust_env=False).status_code == 200
    except httpx.HTTPError:
        return False


@contextmanager
def running(
    command: Sequence[str], environment: Mapping[str, str], log: Path, *, within: float = 120.0
) -> Iterator[subprocess.Popen[bytes]]:
    """The program, once `/readyz` at its MASSLINE_PORT answers; ended by SIGTERM, or SIGKILL if it does not end."""
    with log.open("ab") as output:
        process = subprocess.Popen(command, env=dict(environment), stdout=output, stderr=output, start_new_session=True)
    try:
        deadline = time.monotonic() + within
        while not ready(environment["MASSLINE_PORT"]):
            assert process.poll() is None, f"ended with {process.returncode}:\n{log.read_text()[-4000:]}"
            assert time.monotonic() < deadline, f"not ready:\n{log.read_text()[-4000:]}"
            time.sleep(0.1)
        yield process
    finally:
        _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(45)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def environment(**values: str) -> dict[str, str]:
    """This process's environment without MASSLINE_* settings, and with `values`."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("MASSLINE_")}
    return {**inherited, **values}


def children_of(pid: int) -> list[int]:
    """The direct children of a process (Linux)."""
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def run(arguments: Sequence[str], settings: Mapping[str, str], *, within: float = 120.0) -> "subprocess.CompletedProcess[str]":
    """`massline ARGUMENTS`, to its end."""
    command = [sys.executable, "-m", "services.cli", *arguments]
    return subprocess.run(command, env=dict(settings), capture_output=True, text=True, timeout=within, check=False)
