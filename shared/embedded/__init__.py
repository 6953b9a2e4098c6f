"""Real PostgreSQL and Kafka servers kept in a folder, for `make run` and the tests: no Docker, no system service.

What both share: a folder belongs to one server, and the server itself holds a lock on it for as long as it lives.
Needs a POSIX system.
"""

import fcntl
import os
import signal
import socket
import time
import zlib
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

LOOPBACK = "127.0.0.1"
# Below the range that Linux and macOS hand to outgoing connections, which could otherwise take a port we remembered.
_FIRST_PORT, _PORTS = 20_000, 12_000
_PORT_ATTEMPTS = 5
_POLL_SECONDS = 0.02


@contextmanager
def exclusive(lock_file: Path) -> Iterator[None]:
    """Hold `lock_file` against every other process and thread; waits as long as somebody else holds it."""
    fd = os.open(lock_file, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX)
        yield
    finally:
        os.close(fd)


class LifeLock:
    """A lock for a lifetime. A server inherits its own, so that the kernel tells whether it lives after its owner was killed.

    A pid file cannot tell that: the number may meanwhile belong to another program.
    """

    def __init__(self, file: Path) -> None:
        self._file = file

    def take(self) -> int | None:
        """Return a locked descriptor to hand to the new server (then close it), or None while a server lives."""
        fd = os.open(self._file, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(fd)
            return None
        return fd

    def held(self) -> bool:
        """Tell whether a server, or a child that it left behind, lives."""
        fd = self.take()
        if fd is None:
            return True
        os.close(fd)
        return False


def wait_until(condition: Callable[[], bool], seconds: float) -> bool:
    """Poll `condition`; return True as soon as it holds, False when `seconds` have passed."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() >= deadline:
            return False
        time.sleep(_POLL_SECONDS)
    return True


def signal_process(pid: int, number: signal.Signals) -> None:
    """Send a signal; a process that is already gone is fine."""
    with suppress(ProcessLookupError):
        os.kill(pid, number)


def port_is_free(port: int) -> bool:
    """Tell whether a server could listen on this loopback port now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
        return True


def free_port(name: str, avoid: Collection[int] = ()) -> int:
    """Return a free loopback port, the same one for the same name as long as nobody else takes it.

    Raises OSError when every port of the range is taken.
    """
    start = zlib.crc32(name.encode())
    for step in range(_PORTS):
        port = _FIRST_PORT + (start + step) % _PORTS
        if port not in avoid and port_is_free(port):
            return port
    raise OSError(f"no free port on {LOOPBACK} from {_FIRST_PORT} to {_FIRST_PORT + _PORTS - 1}")


def candidate_ports(root: Path, remembered: int | None, wanted: int | None) -> Iterator[int]:
    """Yield free ports to try for the server of `root`: only the wanted one, or the remembered one and then others."""
    if wanted is not None:
        if port_is_free(wanted):
            yield wanted
        return
    tried: set[int] = set()
    if remembered is not None and port_is_free(remembered):
        tried.add(remembered)
        yield remembered
    for _ in range(_PORT_ATTEMPTS):
        port = free_port(str(root), tried)
        tried.add(port)
        yield port


def read_number(file: Path) -> int | None:
    """Return the number on the first line of `file`, None when there is none."""
    try:
        return int(file.read_text().split("\n", 1)[0])
    except (FileNotFoundError, ValueError):
        return None


def log_size(log: Path) -> int:
    """Return the size of the log in bytes, 0 when there is none yet."""
    return log.stat().st_size if log.exists() else 0


def log_tail(log: Path, since: int = 0, lines: int = 30) -> str:
    """Return the last lines written to `log` after byte `since`."""
    if not log.exists():
        return ""
    with log.open("rb") as stream:
        stream.seek(since)
        return "\n".join(stream.read().decode(errors="replace").splitlines()[-lines:])
