"""Logs, metrics and the ids that join them. A log line names routes, ids of work and errors; never a person, address or text."""

import logging
import os
import re
import sys
import traceback
from contextvars import ContextVar
from dataclasses import dataclass

import msgspec
import structlog
from prometheus_client import Counter, Gauge, Histogram, generate_latest
from structlog.typing import EventDict, ExcInfo, WrappedLogger

_TRACEPARENT = re.compile(r"(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")
_encode = msgspec.json.Encoder(enc_hook=str).encode


@dataclass(frozen=True, slots=True)
class Trace:
    """What joins the lines of one request over all services: W3C trace context and a request id."""

    request_id: str
    trace_id: str

    @property
    def traceparent(self) -> str:
        return f"00-{self.trace_id}-{os.urandom(8).hex()}-01"


_current: ContextVar[Trace | None] = ContextVar("trace", default=None)


def start_trace(traceparent: str = "", request_id: str = "") -> Trace:
    """Continue the caller's trace where it is well-formed, begin a new one otherwise."""
    match = _TRACEPARENT.fullmatch(traceparent)
    fresh = os.urandom(16).hex()
    trace = Trace(
        request_id=request_id if _REQUEST_ID.fullmatch(request_id) else fresh[:20],
        trace_id=match[1] if match else fresh,
    )
    _current.set(trace)
    return trace


def current_trace() -> Trace | None:
    return _current.get()


def current_traceparent() -> str:
    trace = _current.get()
    return trace.traceparent if trace else ""


def _add_trace(logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
    trace = _current.get()
    if trace is not None:
        event["request_id"] = trace.request_id
        event["trace_id"] = trace.trace_id
    return event


def _render(logger: WrappedLogger, method: str, event: EventDict) -> bytes:
    event["message"] = event.pop("event", "")
    try:
        return _encode(event)
    except (ValueError, OverflowError, TypeError):  # no value may make the request fail that logs it
        return _encode({name: str(value).encode("utf-8", "backslashreplace").decode() for name, value in event.items()})


def _places(exc_info: ExcInfo) -> str:
    """Where it failed and with what kind of error, along the chain of causes; never a message, which may quote a value."""
    error: BaseException | None = exc_info[1]
    lines = []
    while error is not None:
        lines.append(f"{type(error).__module__}.{type(error).__qualname__}")
        frames = traceback.extract_tb(error.__traceback__)
        lines += [f"  {frame.filename}:{frame.lineno} {frame.name}" for frame in frames]
        error = error.__cause__ or error.__context__
    return "\n".join(lines)


def configure_logging(level: str, *, service: str = "") -> None:
    """One JSON object per line on standard output, ours and the libraries' alike."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _add_trace,
        structlog.processors.ExceptionRenderer(_places),
    ]
    structlog.configure(
        processors=[*shared, _render],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=structlog.BytesLoggerFactory(sys.stdout.buffer),
        cache_logger_on_first_use=True,
    )
    if service:
        structlog.contextvars.bind_contextvars(service=service)
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                lambda logger, method, event: _render(logger, method, event).decode(),
            ],
        )
    )
    logging.root.handlers[:] = [handler]
    logging.root.setLevel(max(logging.WARNING, logging.getLevelNamesMapping()[level.upper()]))


REQUESTS = Counter("massline_http_requests", "Answered requests", ("service", "method", "route", "status"))
LATENCY = Histogram(
    "massline_http_request_seconds",
    "Time to answer",
    ("service", "method", "route"),
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
EVENTS = Counter("massline_events", "Consumed events, by what became of them", ("service", "type", "outcome"))
OUTBOX = Gauge("massline_outbox_waiting", "Events not yet on the bus", ("service",))
PARKED = Gauge("massline_parked_events", "Events set aside after failing", ("service",))


def metrics_text() -> bytes:
    """Prometheus text format of this process."""
    return generate_latest()
