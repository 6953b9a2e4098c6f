"""The product as it is deployed, on one machine: PostgreSQL, Apache Kafka, and each service in a process of its own."""

import asyncio
import ctypes
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Event

import httpx
import structlog

from services.standalone import migrate_all
from services.var import is_owned, kept_secrets, owned, owner_of
from shared.bus.kafka import create_topics
from shared.embedded.kafka import EmbeddedKafka, EmbeddedKafkaError, kafka_unavailable_reason
from shared.embedded.postgres import EmbeddedPostgres, EmbeddedPostgresError
from shared.serving import listen
from shared.settings import ServiceSettings
from shared.topics import COMPACTED, PARTITIONS, TOPICS

log = structlog.get_logger(__name__)

BEHIND_THE_GATEWAY = ("assessment", "feedback", "visits")
STEADY = 60.0
"""Seconds after which a service's death is its first again."""
LONGEST_PAUSE = 30.0
READY_WITHIN = 90.0
STOP_WITHIN = 40.0
PR_SET_PDEATHSIG = 1


COMMAND = "stack"


class StackFailed(Exception):
    """The stack could not be started or stopped; the message says which part, and where its log is or what to do."""


@dataclass
class Member:
    """One service's process, started again when it dies: at once the first time, then after pauses that double."""

    name: str
    command: list[str]
    environment: dict[str, str]
    log: Path
    clock: Callable[[], float] = time.monotonic
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    pause: float = 0.0
    due_at: float | None = None

    def start(self) -> None:
        self.started_at, self.due_at = self.clock(), None
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

    def revive(self) -> None:
        """Start it again if it died and its pause is over; to be called again and again."""
        if not self.died():
            return
        now = self.clock()
        if self.due_at is None:
            if now - self.started_at >= STEADY:
                self.pause = 0.0
            log.error("a service ended, it will be started again", service=self.name, pause=self.pause)
            self.due_at = now + self.pause
            self.pause = next_pause(self.pause)
        if now >= self.due_at:
            self.start()

    def stop(self) -> None:
        if self.process is None or self.died():
            return
        self.process.terminate()
        try:
            self.process.wait(STOP_WITHIN)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def next_pause(pause: float) -> float:
    """How long the next death is waited out, when this one was waited out for `pause` seconds."""
    return min(max(1.0, 2 * pause), LONGEST_PAUSE)


def _end_with_parent() -> None:
    """A service must not outlive a stack that was killed: it would hold the ports of the next one."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def run_stack(var: Path, host: str, port: int, announce: Callable[[dict[str, str]], None]) -> None:
    """Start everything, call `announce` with the addresses when ready, watch over it until SIGINT or SIGTERM, stop it all.

    `MASSLINE_DATABASE_URL` and `MASSLINE_KAFKA_BOOTSTRAP` replace the embedded servers.
    Raises `StackFailed`, `FolderInUse`, `FolderUnusable`, `PortTaken`, what the servers raise that do not start, and
    KeyboardInterrupt when it was told to stop before anything was ready; whatever ran by then is stopped.
    """
    stopping = _stop_on_signals()
    with ExitStack() as stack:
        stack.enter_context(owned(var, COMMAND))
        stack.enter_context(_heeding(stopping))
        _check_machine(host, port)
        postgres = os.environ.get("MASSLINE_DATABASE_URL") or stack.enter_context(EmbeddedPostgres.start(var / "postgres")).url
        _go_on(stopping)
        kafka = os.environ.get("MASSLINE_KAFKA_BOOTSTRAP") or stack.enter_context(EmbeddedKafka.start(var / "kafka")).bootstrap
        _go_on(stopping)
        _prepare(postgres, kafka)
        _go_on(stopping)
        members = _members(var, host, port, postgres=postgres, kafka=kafka)
        for member in members:
            stack.callback(member.stop)
            member.start()
        _await_ready(members, f"http://{host}:{port}", stopping)
        if not stopping.is_set():
            announce({"postgres": postgres, "kafka": kafka, "api": f"http://{host}:{port}"})
        _watch(members, stopping)


@contextmanager
def _heeding(stopping: Event) -> Iterator[None]:
    """Ctrl-C reaches the programs of the terminal too (Maven, say): what then fails is no failure of the stack's."""
    try:
        yield
    except (StackFailed, EmbeddedKafkaError, EmbeddedPostgresError):
        _go_on(stopping)
        raise


def _go_on(stopping: Event) -> None:
    if stopping.is_set():
        raise KeyboardInterrupt


def _check_machine(host: str, port: int) -> None:
    """What can be known before anything is started. Raises `PortTaken`, `StackFailed`."""
    listen(host, port).close()
    if os.environ.get("MASSLINE_KAFKA_BOOTSTRAP"):
        return
    if (reason := kafka_unavailable_reason()) is not None:
        raise StackFailed(f"no Kafka can run here, {reason}: set MASSLINE_KAFKA_BOOTSTRAP to one that runs elsewhere")


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
            member.revive()
        time.sleep(0.2)


def _stop_on_signals() -> Event:
    flag = Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: flag.set())
    return flag


def stop_stack(var: Path) -> list[str]:
    """End a running stack and wait for it, and what a killed owner of the folder left running; tell what was ended.

    Raises `StackFailed` when something else than a stack runs here.
    """
    owner = owner_of(var)
    if owner is not None and owner.command != COMMAND:
        raise StackFailed(f"no stack but `massline {owner.command}` (pid {owner.pid}) runs here: end it with Ctrl-C")
    if owner is not None:
        with suppress(ProcessLookupError):
            os.kill(owner.pid, signal.SIGTERM)
        while is_owned(var):
            time.sleep(0.2)
    with owned(var, "stack-down"):
        orphans = {"Kafka": EmbeddedKafka.end(var / "kafka"), "PostgreSQL": EmbeddedPostgres.end(var / "postgres")}
    return [*(["the stack"] if owner else []), *(name for name, ended in orphans.items() if ended)]
