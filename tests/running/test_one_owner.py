"""One massline per folder: a second one is refused, a killed one's servers are found again or ended."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from services.stack import StackFailed, stop_stack
from services.var import FolderInUse, FolderUnusable, owned, owner_of
from shared.embedded import LifeLock
from shared.embedded.kafka import EmbeddedKafka
from shared.embedded.postgres import EmbeddedPostgres
from tests.embedded.owner import Owner
from tests.support.process import environment, free_port, ready, run, running


def settings_of(var: Path, **values: str) -> dict[str, str]:
    return environment(MASSLINE_PORT=str(free_port()), MASSLINE_VAR=str(var), **values)


def lives(server: Path) -> bool:
    return LifeLock(server / "server.lock").held()


@contextmanager
def another_process_in(var: Path, command: str) -> Iterator["subprocess.Popen[str]"]:
    program = f"import sys, pathlib; from services.var import owned\nwith owned(pathlib.Path(sys.argv[1]), {command!r}):"
    program += "\n    print('in', flush=True); sys.stdin.read()"
    with subprocess.Popen(
        [sys.executable, "-c", program, str(var)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "in\n"
        yield process
        process.kill()


def test_a_folder_has_one_owner_until_it_ends_however_it_ends(tmp_path: Path) -> None:
    with another_process_in(tmp_path, "run") as other:
        found = owner_of(tmp_path)
        assert found == (other.pid, "run")
        with pytest.raises(FolderInUse, match=f"pid {other.pid}"), owned(tmp_path, "demo"):
            pass
        other.kill()
        other.wait()
        assert owner_of(tmp_path) is None
        with owned(tmp_path, "demo"):
            assert owner_of(tmp_path) == (os.getpid(), "demo")
    assert owner_of(tmp_path) is None


def test_a_folder_that_cannot_be_written_to_is_named(tmp_path: Path) -> None:
    with pytest.raises(FolderUnusable, match="MASSLINE_VAR"), owned(tmp_path / "nowhere", "run"):
        pass


@pytest.mark.slow
def test_a_second_start_is_refused_and_does_the_first_no_harm(var: Path) -> None:
    settings = settings_of(var)
    with running([sys.executable, "-m", "services.cli", "run"], settings, var / "run.log") as first:
        for command in ("run", "demo", "stack"):
            second = run([command], {**settings, "MASSLINE_PORT": str(free_port())})
            assert second.returncode == 2
            assert second.stderr.startswith(f"massline: another massline (pid {first.pid}")
            assert second.stderr.count("\n") == 1
        down = run(["stack-down"], settings)
        assert down.returncode == 2
        assert f"pid {first.pid}" in down.stderr
        assert ready(settings["MASSLINE_PORT"])


def test_stack_down_ends_what_a_killed_owner_left_running(var: Path) -> None:
    with Owner("postgres", var / "postgres") as owner:
        owner.address()
        owner.kill()
    assert lives(var / "postgres")
    done = run(["stack-down"], settings_of(var))
    assert (done.returncode, done.stdout) == (0, "Stopped: PostgreSQL.\n")
    assert not lives(var / "postgres")
    assert run(["stack-down"], settings_of(var)).stdout == "No stack is running here.\n"


@pytest.mark.kafka
def test_stack_down_ends_a_broker_too(tmp_path: Path) -> None:
    with Owner("kafka", tmp_path / "kafka") as owner:
        owner.address()
        owner.kill()
    assert lives(tmp_path / "kafka")
    assert stop_stack(tmp_path) == ["Kafka"]
    assert not lives(tmp_path / "kafka")


def test_stack_down_ends_no_run(tmp_path: Path) -> None:
    with another_process_in(tmp_path, "run") as other:
        with pytest.raises(StackFailed, match=f"pid {other.pid}"):
            stop_stack(tmp_path)
        assert other.poll() is None


def test_ending_where_nothing_ever_ran_makes_nothing(tmp_path: Path) -> None:
    assert not EmbeddedPostgres.end(tmp_path / "postgres")
    assert not EmbeddedKafka.end(tmp_path / "kafka")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
@pytest.mark.kafka
@pytest.mark.timeout(300)
def test_stack_down_after_the_supervisor_was_killed(var: Path) -> None:
    settings = settings_of(var)
    with running([sys.executable, "-m", "services.cli", "stack"], settings, var / "stack.log") as supervisor:
        supervisor.send_signal(signal.SIGKILL)
        supervisor.wait()
    assert run(["stack-down"], settings).stdout == "Stopped: Kafka, PostgreSQL.\n"
    assert not lives(var / "postgres")
    assert not lives(var / "kafka")
