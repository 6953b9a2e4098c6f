"""The product as it is deployed, on one machine: PostgreSQL, Apache Kafka, and each service in a process of its own."""

import asyncio
import ctypes
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Event

import httpx
import structlog

from services.standalone import migrate_all
from services.var import kept_secrets, write_private
from shared.bus.kafka import create_topics
from shared.embedded.kafka import EmbeddedKafka
from shared.embedded.postgres import EmbeddedPostgres
from shared.settings import ServiceSettings
from shared.topics import COMPACTED, PARTITIONS, TOPICS

log = structlog.get_logger(__name__)

BEHIND_THE_GATEWAY = ("assessment", "feedback", "visits")
RESTART_PAUSE = 1.0
READY_WITHIN = 90.0
STOP_WITHIN = 40.0
PR_SET_PDEATHSIG = 1


class StackFailed(Exception):
    """The stack could not be started; the message says which part and where its log is."""


@dataclass
class Member:
    """One service's process, started again when it dies."""

    name: str
    command: list[str]
    environment: dict[str, str]
    log: Path
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(
                self.command,
                env=self.environment,
                stdout=output,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
                preexec_fn=_end_with_parent if sys.platform == "linux" else None,
            )

    def died(self) -> bool:
        return self.process is not None and self.process.poll() is not None

    def stop(self) -> None:
        if self.process is None or self.died():
            return
        self.process.terminate()
        try:
            self.process.wait(STOP_WITHIN)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def _end_with_parent() -> None:
    """A service must not outlive a stack that was killed: it would hold the ports of the next one."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def pid_file(var: Path) -> Path:
    return var / "stack.pid"


def run_stack(var: Path, host: str, port: int, announce: Callable[[dict[str, str]], None]) -> None:
    """Start everything, call `announce` with the addresses when ready, watch over it until SIGINT or SIGTERM, stop it all.

    Raises `StackFailed`. `MASSLINE_DATABASE_URL` and `MASSLINE_KAFKA_BOOTSTRAP` replace the embedded servers.
    """
    with ExitStack() as stack:
        stack.enter_context(_only_one(pid_file(var)))
        stopping = _stop_on_signals()
        postgres = os.environ.get("MASSLINE_DATABASE_URL") or stack.enter_context(EmbeddedPostgres.start(var / "postgres")).url
        kafka = os.environ.get("MASSLINE_KAFKA_BOOTSTRAP") or stack.enter_context(EmbeddedKafka.start(var / "kafka")).bootstrap
        _prepare(postgres, kafka)
        members = _members(var, host, port, postgres=postgres, kafka=kafka)
        for member in members:
            stack.callback(member.stop)
            member.start()
        _await_ready(members, f"http://{host}:{port}", stopping)
        if not stopping.is_set():
            announce({"postgres": postgres, "kafka": kafka, "api": f"http://{host}:{port}"})
        _watch(members, stopping)


def _prepare(postgres: str, kafka: str) -> None:
    asyncio.run(migrate_all({"MASSLINE_DATABASE_URL": postgres}))
    replicas = ServiceSettings().kafka_replicas
    asyncio.run(create_topics(kafka, TOPICS, partitions=PARTITIONS, replicas=replicas, compacted=COMPACTED))


def _members(var: Path, host: str, port: int, *, postgres: str, kafka: str) -> list[Member]:
    common = {**os.environ, **kept_secrets(var), "MASSLINE_DATABASE_URL": postgres, "MASSLINE_KAFKA_BOOTSTRAP": kafka}
    ports = dict(zip(BEHIND_THE_GATEWAY, _free_ports(len(BEHIND_THE_GATEWAY)), strict=True))
    upstreams = {f"MASSLINE_GATEWAY_{name.upper()}_URL": f"http://127.0.0.1:{free}" for name, free in ports.items()}
    places = {**{name: ("127.0.0.1", free) for name, free in ports.items()}, "gateway": (host, port)}
    (var / "log").mkdir(exist_ok=True)
    return [
        Member(
            name=name,
            command=[sys.executable, "-m", "services.cli", "serve", name, "--worker"],
            environment={**common, **upstreams, "MASSLINE_HOST": address, "MASSLINE_PORT": str(number)},
            log=var / "log" / f"{name}.log",
        )
        for name, (address, number) in places.items()
    ]


def _free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


def _await_ready(members: list[Member], gateway: str, stopping: Event) -> None:
    """Every process answers `/readyz`. Raises `StackFailed` when one dies first."""
    waiting = {member.name: f"http://127.0.0.1:{member.environment['MASSLINE_PORT']}" for member in members}
    waiting["gateway"] = gateway
    deadline = time.monotonic() + READY_WITHIN
    while waiting and not stopping.is_set():
        for member in members:
            if member.died():
                raise StackFailed(f"{member.name} ended while starting: see {member.log}")
            if member.name in waiting and _is_ready(waiting[member.name]):
                del waiting[member.name]
        if time.monotonic() > deadline:
            raise StackFailed(f"not ready within {READY_WITHIN:.0f} s: {', '.join(waiting)}; see var/log")
        time.sleep(0.1)


def _is_ready(url: str) -> bool:
    try:
        return httpx.get(f"{url}/readyz", timeout=2, trust_env=False).status_code == 200
    except httpx.HTTPError:
        return False


def _watch(members: list[Member], stopping: Event) -> None:
    while not stopping.is_set():
        for member in members:
            if member.died():
                log.error("a service ended, starting it again", service=member.name)
                time.sleep(RESTART_PAUSE)
                member.start()
        time.sleep(0.2)


def _stop_on_signals() -> Event:
    flag = Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: flag.set())
    return flag


@contextmanager
def _only_one(file: Path) -> Iterator[None]:
    running = running_pid(file)
    if running is not None:
        raise StackFailed(f"a stack is already running here (process {running}): `make stack-down` ends it")
    write_private(file, json.dumps({"pid": os.getpid()}) + "\n")
    try:
        yield
    finally:
        file.unlink(missing_ok=True)


def running_pid(file: Path) -> int | None:
    """The process of a running stack, or None."""
    try:
        pid = int(json.loads(file.read_text())["pid"])
        os.kill(pid, 0)
    except (OSError, ValueError, KeyError):
        return None
    return pid if _is_ours(pid) else None


def _is_ours(pid: int) -> bool:
    """A pid may have been given to another program since."""
    command = Path(f"/proc/{pid}/cmdline")
    return not command.exists() or b"stack" in command.read_bytes()


def stop_stack(var: Path) -> bool:
    """End a running stack and wait for it. False when none was running."""
    pid = running_pid(pid_file(var))
    if pid is None:
        return False
    os.kill(pid, signal.SIGTERM)
    while running_pid(pid_file(var)) is not None:
        time.sleep(0.2)
    return True
