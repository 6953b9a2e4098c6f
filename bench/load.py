"""The load generator, a process of its own: reads a `Plan` on standard input, writes an `Outcome` on standard output.

One thread, one epoll loop, requests built beforehand: about 15 µs of CPU per request, so that the servers are what is measured.
Each connection has one request under way at a time.
"""

import selectors
import socket
import sys
import time
from array import array
from dataclasses import dataclass
from itertools import cycle
from secrets import token_hex

import msgspec

KEY = b"{unique-key}"
"""Where a request holds this, a key that was never used before is put."""
SEEN_ERRORS = 5
GRACE = 10.0
READ = 65_536


class Plan(msgspec.Struct, frozen=True):
    """Send `requests` in turn over `connections` for `seconds`, but no more than `most`; each is to be answered `expect`."""

    port: int
    connections: int
    seconds: float
    most: int
    expect: int
    requests: list[bytes]


class Outcome(msgspec.Struct, frozen=True):
    """Seconds throughout. `seconds` is from the first request to the last answer, `cpu` the generator's own time in them."""

    answered: int
    errors: int
    seconds: float
    cpu: float
    p50: float
    p99: float
    seen_errors: list[str]


@dataclass(slots=True)
class Connection:
    socket: socket.socket
    sent_at: float = 0.0
    received: bytes = b""


class Generator:
    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._requests = cycle([request.partition(KEY) for request in plan.requests])
        self._keys = token_hex(8).encode()
        self._expected = b"HTTP/1.1 %d " % plan.expect
        self._selector = selectors.DefaultSelector()
        self._latencies = array("d")
        self._sent = 0
        self._under_way = 0
        self._errors: list[str] = []

    def run(self) -> Outcome:
        try:
            return self._generate()
        finally:
            for key in list(self._selector.get_map().values()):
                key.data.socket.close()
            self._selector.close()

    def _generate(self) -> Outcome:
        connections = [self._connect() for _ in range(self._plan.connections)]
        cpu, started = time.process_time(), time.perf_counter()
        stop = started + self._plan.seconds
        for connection in connections:
            self._send(connection, stop)
        last = started
        while self._under_way:
            ready = self._selector.select(GRACE)
            if not ready:
                self._errors += ["no answer in time"] * self._under_way
                break
            for key, _ in ready:
                self._receive(key.data, stop)
            last = time.perf_counter()
        return self._outcome(last - started, time.process_time() - cpu)

    def _connect(self) -> Connection:
        connected = socket.create_connection(("127.0.0.1", self._plan.port), timeout=GRACE)
        connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection = Connection(connected)
        self._selector.register(connected, selectors.EVENT_READ, connection)
        return connection

    def _send(self, connection: Connection, stop: float) -> None:
        now = time.perf_counter()
        if now >= stop or self._sent >= self._plan.most:
            return
        head, marker, tail = next(self._requests)
        self._sent += 1
        request = b"%b%b%016x%b" % (head, self._keys, self._sent, tail) if marker else head
        connection.sent_at = now
        connection.socket.sendall(request)
        self._under_way += 1

    def _receive(self, connection: Connection, stop: float) -> None:
        data = connection.socket.recv(READ)
        if not data:
            self._replace(connection, stop)
            return
        received = connection.received + data
        if not is_whole(received):
            connection.received = received
            return
        connection.received = b""
        self._latencies.append(time.perf_counter() - connection.sent_at)
        self._under_way -= 1
        if not received.startswith(self._expected):
            self._errors.append(received[:2000].decode(errors="replace"))
        self._send(connection, stop)

    def _replace(self, connection: Connection, stop: float) -> None:
        """The server closed a connection that it should have kept: an error, whether or not it had answered."""
        self._selector.unregister(connection.socket)
        connection.socket.close()
        self._errors.append("connection closed by the server")
        if connection.sent_at:
            self._under_way -= 1
        self._send(self._connect(), stop)

    def _outcome(self, seconds: float, cpu: float) -> Outcome:
        ordered = sorted(self._latencies) or [float("nan")]
        return Outcome(
            answered=len(self._latencies),
            errors=len(self._errors),
            seconds=seconds,
            cpu=cpu,
            p50=ordered[len(ordered) // 2],
            p99=ordered[min(len(ordered) - 1, len(ordered) * 99 // 100)],
            seen_errors=self._errors[:SEEN_ERRORS],
        )


def is_whole(answer: bytes) -> bool:
    """Whether `answer` holds one whole HTTP/1.1 answer, given that nothing can follow it."""
    end = answer.find(b"\r\n\r\n")
    if end < 0:
        return False
    head = answer[:end].lower()
    start = head.find(b"\r\ncontent-length:")
    if start >= 0:
        length = int(head[start + 17 :].split(b"\r\n", 1)[0])
        return len(answer) >= end + 4 + length
    if b"\r\ntransfer-encoding: chunked" in head:
        return answer.endswith(b"\r\n0\r\n\r\n")
    return True


def main() -> None:
    plan = msgspec.msgpack.decode(sys.stdin.buffer.read(), type=Plan)
    sys.stdout.buffer.write(msgspec.msgpack.encode(Generator(plan).run()))


if __name__ == "__main__":
    main()
