"""What a row is, what measuring it gives, and how it is held against a baseline."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bench.stage import Stage


@dataclass(frozen=True, slots=True)
class Subject:
    """A prepared row. `servers` are the processes whose CPU counts, by name; `requests` is asked anew before each round;
    `meanwhile` is open while it is measured."""

    port: int
    servers: Mapping[str, int]
    requests: Callable[[], Sequence[bytes]]
    expect: int
    meanwhile: Callable[[], AbstractAsyncContextManager[object]] = nullcontext


@dataclass(frozen=True, slots=True)
class Alone:
    """A prepared row that nobody sends requests to: `measure` makes its own load, for so many seconds, and measures itself."""

    measure: "Callable[[float], Awaitable[Round]]"


@dataclass(frozen=True, slots=True)
class Round:
    """One measurement. Latencies in milliseconds, `cpu` in microseconds per request by server, `generator` the share of one
    core that the load generator took; where that is measured, `grown` is by how many MiB a server grew, and `apart` by how many
    milliseconds the medians of different kinds of requests differ at most. `figures` are what came of it, for a row that
    asks that."""

    requests: int
    rate: float
    p50: float
    p99: float
    cpu: Mapping[str, float]
    errors: int
    generator: float
    grown: float = 0.0
    apart: float = 0.0
    figures: Mapping[str, float] = field(default_factory=dict)
    seen_errors: Sequence[str] = ()


Ratio = Callable[[Round, Round], float]
"""Of a row's round to the round of its baseline in the same cycle."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """`what` names the ratio; a bound that is None is no target."""

    baseline: str
    what: str
    ratio: Ratio
    at_least: float | None = None
    at_most: float | None = None

    def met(self, ratio: float) -> bool | None:
        """None where nothing is asked."""
        if self.at_least is None and self.at_most is None:
            return None
        return (self.at_least is None or ratio >= self.at_least) and (self.at_most is None or ratio <= self.at_most)

    @property
    def target(self) -> str:
        if self.at_least is not None:
            return f">= {self.at_least:g}"
        return "" if self.at_most is None else f"<= {self.at_most:g}"


@dataclass(frozen=True, slots=True)
class Row:
    """`prepare` starts what the row needs and says how to load it; it runs once, before any measurement."""

    name: str
    what: str
    connections: int
    prepare: "Callable[[Stage], Awaitable[Subject | Alone]]"
    against: tuple[Comparison, ...] = field(default=())


def p99(row: Round, baseline: Round) -> float:
    """In milliseconds, whatever the baseline."""
    return row.p99


def throughput(row: Round, baseline: Round) -> float:
    return row.rate / baseline.rate


def cpu_of(server: str, base_server: str) -> Ratio:
    """CPU per request of one process of the row to that of one process of the baseline."""

    def ratio(row: Round, baseline: Round) -> float:
        return row.cpu[server] / baseline.cpu[base_server]

    return ratio


def cpu_in_all(row: Round, baseline: Round) -> float:
    """CPU per request, all server processes together."""
    return sum(row.cpu.values()) / sum(baseline.cpu.values())
