"""Logs are one JSON object per line, and a trace goes on only when it is well-formed."""

import json
import subprocess
import sys

import pytest

from shared.telemetry import current_trace, current_traceparent, start_trace

TRACE = "0af7651916cd43dd8448eb211c80319c"
PARENT = f"00-{TRACE}-b7ad6b7169203331-01"

SPEAK = """
import logging, structlog, uuid
from shared.telemetry import configure_logging, start_trace
configure_logging("info", service="toy")
start_trace("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "request-0001")
log = structlog.get_logger("test")
log.debug("not this")
log.info("hello", id=uuid.UUID(int=1), number=2**70, text="a\\ud800b", inner={"x": {1, 2}})
logging.getLogger("library").warning("from %s", "a library \\udcff")
try:
    raise ValueError("words with \\ud800")
except ValueError:
    log.exception("failed")
"""


def test_a_callers_trace_is_continued() -> None:
    trace = start_trace(PARENT, "request-0001")
    assert (trace.trace_id, trace.request_id) == (TRACE, "request-0001")
    assert current_trace() == trace
    assert current_traceparent().startswith(f"00-{TRACE}-")
    assert current_traceparent() != PARENT


HOSTILE = (
    "",
    "00",
    PARENT.upper(),
    PARENT + "\n",
    PARENT + "-extra",
    f"ff-{TRACE}-b7ad6b7169203331-01",
    f"00-{'0' * 32}-b7ad6b7169203331-01",
    f"00-{TRACE}-{'0' * 16}-01",
    f"00-{TRACE[:-1]}-b7ad6b7169203331-01",
    "\xff" * 55,
    "x" * 100_000,
)


@pytest.mark.parametrize("hostile", HOSTILE)
def test_a_hostile_trace_is_replaced_by_a_new_one(hostile: str) -> None:
    trace = start_trace(hostile)
    assert trace.trace_id not in (TRACE, "0" * 32)
    assert len(trace.trace_id) == 32
    int(trace.trace_id, 16)


@pytest.mark.parametrize("hostile", ["", "short", "x" * 65, "request-0001\n", "request 0001", "r\xe9quest-0001"])
def test_a_hostile_request_id_is_replaced(hostile: str) -> None:
    assert start_trace("", hostile).request_id != hostile


def test_every_line_is_a_json_object_with_its_trace() -> None:
    done = subprocess.run([sys.executable, "-c", SPEAK], capture_output=True, check=True)
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(lines) == 3
    assert lines[0]["message"] == "hello"
    assert "library" in lines[1]["message"]
    assert lines[2]["message"] == "failed"
    assert "ValueError" in lines[2]["exception"]
    for line in lines:
        assert line["service"] == "toy"
        assert (line["trace_id"], line["request_id"]) == (TRACE, "request-0001")
        assert line["level"]
        assert line["timestamp"].endswith("Z")
