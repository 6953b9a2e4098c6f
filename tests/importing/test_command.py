import csv
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from services.importing.command import app
from tests.importing.samples import COLUMNS, row, write_csv
from tests.importing.stub_api import StubApi, serve_stub

ROOT = Path(__file__).parents[2]
PROGRAM = (sys.executable, "-c", "from services.importing.command import app; app()")
MANY = 60


@pytest.fixture
def arguments(api: StubApi, password_file: Path) -> Callable[..., list[str]]:
    def make(file: Path, *more: str) -> list[str]:
        fixed = ["requests", str(file), "--mapping", "nyc311", "--url", api.url, "--password-file", str(password_file)]
        return [*fixed, *more]

    return make


@pytest.fixture
def run(arguments: Callable[..., list[str]]) -> Callable[..., Result]:
    return lambda file, *more: CliRunner().invoke(app, arguments(file, *more))


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return write_csv(tmp_path / "requests.csv", (row(1000 + number) for number in range(MANY)))


@pytest.fixture
def keys() -> list[str]:
    return [str(1000 + number) for number in range(MANY)]


def summary(result: Result) -> str:
    return result.stdout.rpartition(", ")[0]


def test_import_requests(api: StubApi, run: Callable[..., Result], source: Path, keys: list[str]) -> None:
    result = run(source)
    assert (result.exit_code, summary(result)) == (0, "imported 60, already there 0, rejected 0, units created 2")
    assert api.keys == keys
    assert [(unit["code"], unit["name"], unit["level"]) for unit in api.units] == [
        ("nyc311", "New York City 311", "prefecture"),
        ("water", "Water Works", "county"),
    ]
    assert api.units[1]["parent_id"] == api.units[0]["id"]
    assert {opinion["unit_id"] for opinion in api.opinions} == {api.units[1]["id"]}
    assert not list(source.parent.glob("*rejects*"))


def test_progress_is_plain_lines_when_not_on_a_terminal(run: Callable[..., Result], source: Path) -> None:
    assert run(source).stderr.splitlines() == [f"{done} of 60 rows" for done in range(6, 61, 6)]


def test_import_requests_twice_changes_nothing(api: StubApi, run: Callable[..., Result], source: Path, keys: list[str]) -> None:
    run(source)
    result = run(source)
    assert (result.exit_code, summary(result)) == (0, "imported 0, already there 60, rejected 0, units created 0")
    assert api.keys == keys


def test_import_requests_again_after_kept_answers_are_gone(
    api: StubApi, run: Callable[..., Result], source: Path, keys: list[str]
) -> None:
    run(source)
    api.forget_kept_answers()
    result = run(source)
    assert (result.exit_code, summary(result)) == (0, "imported 0, already there 60, rejected 0, units created 0")
    assert api.keys == keys


def test_a_row_whose_text_has_changed_at_the_source_is_already_there(
    api: StubApi, run: Callable[..., Result], tmp_path: Path
) -> None:
    run(write_csv(tmp_path / "before.csv", [row(1, Status="Open")]))
    result = run(write_csv(tmp_path / "after.csv", [row(1, Status="Closed")]))
    assert (result.exit_code, summary(result)) == (0, "imported 0, already there 1, rejected 0, units created 0")


def test_units_that_exist_are_used_where_they_stand(api: StubApi, run: Callable[..., Result], source: Path) -> None:
    api.units.append({"id": "known", "code": "water", "name": "Our water works", "level": "county", "parent_id": None})
    result = run(source)
    assert summary(result).endswith("units created 0")
    assert {opinion["unit_id"] for opinion in api.opinions} == {"known"}
    assert len(api.units) == 1


def test_units_that_another_importer_registers_first_are_shared(api: StubApi, run: Callable[..., Result], source: Path) -> None:
    api.others_register_first = True
    result = run(source)
    assert (result.exit_code, summary(result)) == (0, "imported 60, already there 0, rejected 0, units created 0")


@pytest.mark.parametrize(
    ("trouble", "times"),
    [
        ("503", 5),
        ("429", 5),
        ("502", 5),
        ("504", 5),
        ("reset", 5),
        ("lost", 5),
        ("request-in-progress", 5),
        ("unit-not-found", 5),
        ("expired", 1),
    ],
)
def test_what_passes_is_tried_again(
    api: StubApi, run: Callable[..., Result], source: Path, keys: list[str], trouble: str, times: int
) -> None:
    api.troubles = [trouble] * times
    result = run(source)
    assert (result.exit_code, summary(result)) == (0, "imported 60, already there 0, rejected 0, units created 2"), result.stderr
    assert api.keys == keys


def test_rows_that_are_rejected_stand_in_a_file(api: StubApi, run: Callable[..., Result], tmp_path: Path) -> None:
    rows = [row(1), row(2, Created_Date="soon"), row(3, Complaint_Type="Refused", Descriptor=""), row(1)]
    source = write_csv(tmp_path / "requests.csv", rows)
    api.refused_titles.add("Refused")
    result = run(source)
    assert (result.exit_code, summary(result)) == (3, "imported 1, already there 0, rejected 3, units created 2")
    with (tmp_path / "requests.csv.rejects.csv").open(encoding="utf-8", newline="") as file:
        rejects = list(csv.DictReader(file))
    assert [(each["reject_line"], each["reject_key"], each["reject_reason"]) for each in rejects] == [
        ("3", "2", "Created Date is not of the form 06/26/2018 10:58:54 AM"),
        ("4", "3", "the server answered 422 It is invalid-request."),
        ("5", "1", "the same key stands in line 2 already"),
    ]
    assert [each["Unique Key"] for each in rejects] == ["2", "3", "1"]


def test_rejects_that_cannot_be_written_are_told(run: Callable[..., Result], tmp_path: Path) -> None:
    source = write_csv(tmp_path / "requests.csv", [row(1), row(2, Created_Date="soon")])
    (tmp_path / "full.partial").mkdir()
    result = run(source, "--rejects", str(tmp_path / "full"))
    assert result.exit_code == 1
    assert "cannot be written" in result.stderr


def test_a_file_without_rows_imports_nothing(run: Callable[..., Result], tmp_path: Path) -> None:
    result = run(write_csv(tmp_path / "requests.csv", []))
    assert (result.exit_code, summary(result)) == (0, "imported 0, already there 0, rejected 0, units created 0")


GOOD_LINES = (",".join(COLUMNS) + "\n").encode()
WRONG_FILES = {
    "empty": (b"", "is empty"),
    "only a byte order mark": (b"\xef\xbb\xbf", "is empty"),
    "only blank lines": (b"\n \n", "is empty"),
    "html": (b"\n<!DOCTYPE html>\n<html><body>Not found</body></html>\n", "is an HTML or XML page"),
    "json": (b'{"rows": []}\n', "the header lacks Unique Key"),
    "prose": (b"Dear colleagues,\nthe file follows.\n", "the header lacks Unique Key"),
    "semicolons": (GOOD_LINES.replace(b",", b";"), "the header lacks Unique Key"),
    "missing columns": (GOOD_LINES.replace(b"Agency Name", b"Agent"), "the header lacks Agency Name"),
    "duplicated header": (GOOD_LINES.replace(b"Borough", b"Unique Key"), "more than once: Unique Key"),
    "utf-16": ("\ufeff".encode("utf-16-le") + GOOD_LINES.decode().encode("utf-16-le"), "line 1 has NUL bytes"),
    "utf-16 without mark": (GOOD_LINES.decode().encode("utf-16-be"), "line 1 has NUL bytes"),
    "latin-1": (GOOD_LINES + "Café\n".encode("latin-1"), "line 2 is not UTF-8"),
    "nul bytes": (GOOD_LINES + b"1,\x00\n", "line 2 has NUL bytes"),
    "binary": (b"\x89PNG\r\n\x1a\n" + bytes(range(256)), "line 1 is not UTF-8"),
    "open quotation mark": (GOOD_LINES + b'1,"never closed\n2,x\n', "a quotation mark in line 2 is never closed"),
}


def assert_refused(result: Result, api: StubApi, reason: str) -> None:
    assert result.exit_code == 2
    assert reason in result.stderr
    assert result.stderr.startswith("massline import: ")
    assert len(result.stderr.splitlines()) == 1
    assert api.requests == []


@pytest.mark.parametrize("name", WRONG_FILES)
def test_a_wrong_file_is_refused_before_any_request(api: StubApi, run: Callable[..., Result], tmp_path: Path, name: str) -> None:
    content, reason = WRONG_FILES[name]
    file = tmp_path / "requests.csv"
    file.write_bytes(content)
    assert_refused(run(file), api, reason)


def test_a_missing_file_and_a_folder_are_refused(api: StubApi, run: Callable[..., Result], tmp_path: Path) -> None:
    assert_refused(run(tmp_path / "none.csv"), api, "there is no such file")
    assert_refused(run(tmp_path), api, "is not a file")


@pytest.mark.parametrize(
    ("option", "value", "reason"),
    [
        ("--mapping", "open311", "there is no mapping 'open311': known are nyc311"),
        ("--url", "localhost:8000", "must be like http://127.0.0.1:8000"),
        ("--url", "http://[::1", "--url http://[::1"),
        ("--password-file", "/nowhere/password", "no password can be read there"),
        ("--rejects", "/nowhere/rejects.csv", "there is no folder for the rejects file"),
    ],
)
def test_a_wrong_option_is_refused_before_any_request(
    api: StubApi, run: Callable[..., Result], source: Path, option: str, value: str, reason: str
) -> None:
    assert_refused(run(source, option, value), api, reason)


def test_rejects_never_replace_the_source(api: StubApi, run: Callable[..., Result], source: Path) -> None:
    assert_refused(run(source, "--rejects", str(source)), api, "exists and is no rejects file")


def test_a_wrong_password_is_refused(api: StubApi, run: Callable[..., Result], source: Path, password_file: Path) -> None:
    password_file.write_text("another", encoding="utf-8")
    result = run(source)
    assert (result.exit_code, api.opinions, api.units) == (2, [], [])
    assert result.stderr.splitlines() == [
        "massline import: the server refuses the password of admin: 401 It is wrong-credentials."
    ]


@pytest.mark.parametrize("unit_exists", [True, False])
def test_only_an_administrator_imports(api: StubApi, run: Callable[..., Result], source: Path, unit_exists: bool) -> None:
    api.units = [{"id": "known", "code": "water"}] if unit_exists else []
    result = run(source, "--username", "resident")
    assert (result.exit_code, api.opinions) == (2, [])
    assert len(result.stderr.splitlines()) == 1
    assert "an administrator's account is needed" in result.stderr


def test_a_server_that_is_not_there_is_told(run: Callable[..., Result], source: Path) -> None:
    with serve_stub() as gone:
        url = gone.url
    result = run(source, "--url", url)
    assert result.exit_code == 1
    assert "stays away or is busy" in result.stderr
    assert "Run the same command again to go on" in result.stderr


@pytest.fixture
def start(arguments: Callable[..., list[str]]) -> Iterator[Callable[[Path], subprocess.Popen[bytes]]]:
    """Runs the command in its own process; what still runs at the end of a test is killed."""
    started: list[subprocess.Popen[bytes]] = []

    def run_apart(file: Path) -> subprocess.Popen[bytes]:
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        process = subprocess.Popen(
            [*PROGRAM, *arguments(file)], env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        started.append(process)
        return process

    yield run_apart
    for process in started:
        process.kill()
        process.wait()


@pytest.mark.parametrize(("after", "answers_kept"), [(0, True), (1, False), (25, True), (59, False)])
def test_killed_half_way_and_run_again_nothing_is_missing_nothing_double(
    api: StubApi,
    run: Callable[..., Result],
    start: Callable[[Path], subprocess.Popen[bytes]],
    source: Path,
    keys: list[str],
    after: int,
    answers_kept: bool,
) -> None:
    api.stop_after = after
    process = start(source)
    assert api.stopped.wait(60)
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    api.stop_after = None
    api.go_on.set()
    if not answers_kept:
        api.forget_kept_answers()
    result = run(source)
    assert result.exit_code == 0, result.stderr
    assert api.keys == keys


def test_two_importers_at_once_import_every_row_once(
    api: StubApi, start: Callable[[Path], subprocess.Popen[bytes]], source: Path, keys: list[str]
) -> None:
    both = [start(source), start(source)]
    assert [process.wait(60) for process in both] == [0, 0]
    assert api.keys == keys
    assert sorted(unit["code"] for unit in api.units) == ["nyc311", "water"]
