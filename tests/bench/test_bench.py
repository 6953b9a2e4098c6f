"""The bench runs and says what it should; how fast anything is, is not asked here."""

import asyncio
import json
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from bench.county.drawn import draw
from bench.cpu import tree_seconds
from bench.load import KEY, Generator, Plan, is_whole
from bench.model import Comparison, Round, Row, Subject, throughput
from bench.report import ratios, tables
from bench.requests import BODY_BYTES, opinion, post
from bench.rows import ROWS
from bench.rows.county import of
from bench.runner import with_baselines
from bench.stage import Stage
from shared.ids import new_id

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
async def test_quick_run_prints_every_row_without_errors(tmp_path: Path, postgres_url: str) -> None:
    environment = {**os.environ, "MASSLINE_DATABASE_URL": postgres_url, "MASSLINE_VAR": str(tmp_path)}
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "bench", "--quick"),
        cwd=ROOT,
        env=environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await process.communicate()
    printed = output.decode()
    assert process.returncode == 0, printed
    report = json.loads((tmp_path / "bench" / "latest.json").read_text())
    assert [row["row"] for row in report["rows"]] == [row.name for row in ROWS]
    for row in report["rows"]:
        assert f"\n{row['row']} " in printed
        assert all(measured["requests"] > 0 and measured["errors"] == 0 for measured in row["rounds"]), row
        assert all(min(measured["cpu"].values()) >= 0 for measured in row["rounds"])
    assert list((tmp_path / "bench").iterdir()) == [tmp_path / "bench" / "latest.json"]


class _Answers(BaseHTTPRequestHandler):
    """Each request in turn gets what `script` says: a status, or "hang up"."""

    protocol_version = "HTTP/1.1"
    script: Iterator[int | str] = iter(())
    keys: list[str | None]

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.keys.append(self.headers["Idempotency-Key"])
        says = next(self.script)
        if says == "hang up":
            self.close_connection = True
            return
        self.send_response(int(says))
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, format: str, *arguments: object) -> None:
        return


@contextmanager
def _server(script: list[int | str]) -> Iterator[tuple[int, list[str | None]]]:
    keys: list[str | None] = []
    handler = type("Answers", (_Answers,), {"script": iter(script), "keys": keys})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server.server_port, keys
        finally:
            server.shutdown()
            thread.join()


def _plan(port: int, most: int) -> Plan:
    return Plan(port, connections=2, seconds=30, most=most, expect=201, requests=[post("/", b"{}", {})])


def test_generator_sends_a_new_key_with_every_request() -> None:
    with _server([201] * 20) as (port, keys):
        outcome = Generator(_plan(port, 20)).run()
    assert (outcome.answered, outcome.errors) == (20, 0)
    assert len(set(keys)) == 20
    assert all(key and KEY.decode() not in key for key in keys)
    assert 0 < outcome.p50 <= outcome.p99 <= outcome.seconds


def test_generator_counts_a_wrong_status_and_a_closed_connection_as_errors() -> None:
    with _server([201, 503, "hang up", 201, 201]) as (port, _):
        outcome = Generator(_plan(port, 5)).run()
    assert (outcome.answered, outcome.errors) == (4, 2)
    assert any("503" in error for error in outcome.seen_errors)


@pytest.mark.parametrize(
    ("answer", "whole"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Le", False),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nab", False),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\nx: y\r\n\r\nabc", True),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n", False),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n", True),
        (b"HTTP/1.1 204 No Content\r\n\r\n", True),
    ],
)
def test_is_whole(answer: bytes, whole: bool) -> None:
    assert is_whole(answer) is whole


def test_tree_seconds_counts_children_that_have_ended() -> None:
    before = tree_seconds(os.getpid())
    child = os.spawnl(os.P_WAIT, sys.executable, sys.executable, "-c", "sum(range(3_000_000))")
    assert child == 0
    assert tree_seconds(os.getpid()) > before


def test_opinion_is_one_kibibyte() -> None:
    assert len(opinion(new_id())) == BODY_BYTES


def _round(rate: float) -> Round:
    return Round(requests=10, rate=rate, p50=1.0, p99=2.0, cpu={"app": 100.0}, errors=0, generator=0.1)


async def _never(stage: Stage) -> Subject:
    raise AssertionError("nothing is prepared here")


BASE = Row("base", "a baseline", 64, _never)
ROW = Row("row", "a row", 64, _never, (Comparison("base", "requests/s", throughput, at_least=0.4),))


def test_ratios_are_taken_cycle_by_cycle() -> None:
    assert ratios(ROW.against[0], [_round(50), _round(100)], [_round(100), _round(400)]) == [0.5, 0.25]


@pytest.mark.parametrize(("rate", "verdict"), [(50.0, "met"), (30.0, "MISSED")])
def test_tables_say_whether_a_target_is_met(rate: float, verdict: str) -> None:
    printed = tables([BASE, ROW], {"base": [_round(100.0)], "row": [_round(rate)]})
    assert verdict in printed.splitlines()[-4]


def test_tables_show_what_came_of_a_row() -> None:
    told = replace(_round(1.0), figures={"coverage": 0.5, "overdue": 1234.0})
    lines = tables([BASE, ROW], {"base": [_round(1.0)] * 2, "row": [told] * 2}).splitlines()
    at = lines.index("row  coverage  overdue")
    assert lines[at + 1] == "row  0.50      1,234.00"
    assert lines[at + 2] == "", "a row that tells nothing more has no line"


def test_a_county_is_drawn_the_same_every_time() -> None:
    county = draw(40, 5_000)
    assert county == draw(40, 5_000)
    owed, made = sum(7 / home.rhythm_days for home in county.households), sum(each.visits_per_week for each in county.offices)
    assert (len(county.offices), len(county.households)) == (40, 5_000)
    assert 0.8 < owed / made < 0.9


@pytest.mark.parametrize(("mine", "theirs", "expected"), [(1, 2, 0.5), (0, 0, 1.0), (0, 3, 0.0), (2, 0, float("inf"))])
def test_nothing_to_nothing_is_even(mine: float, theirs: float, expected: float) -> None:
    rounds = [replace(_round(1.0), figures={"overdue": value}) for value in (mine, theirs)]
    assert of("overdue")(*rounds) == expected


def test_with_baselines_adds_what_the_named_row_is_held_against() -> None:
    other = Row("other", "another", 64, _never)
    assert with_baselines([BASE, other, ROW], ["row"]) == [BASE, ROW]
    assert with_baselines([BASE, other, ROW], []) == [BASE, other, ROW]
