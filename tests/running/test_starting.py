"""A start that is stopped or cannot succeed: nothing is left running, and one line says what to do."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from shared.embedded import LifeLock
from tests.support.process import environment, free_port, run

COMMAND = [sys.executable, "-m", "services.cli"]


def assert_one_line(done: "subprocess.CompletedProcess[str]", *words: str) -> None:
    assert done.returncode == 2, done.stderr
    assert done.stderr.startswith("massline: ")
    assert done.stderr.count("\n") == 1, done.stderr
    for word in words:
        assert word in done.stderr


def assert_stopped_when_there_is(sign: Path, var: Path, command: str, number: signal.Signals, **settings: str) -> None:
    """Start, send the signal as soon as `sign` exists, and expect a quiet end that leaves no PostgreSQL."""
    values = environment(MASSLINE_PORT=str(free_port()), MASSLINE_VAR=str(var), **settings)
    process = subprocess.Popen([*COMMAND, command], env=values, stderr=subprocess.PIPE, text=True, start_new_session=True)
    while not sign.exists():
        assert process.poll() is None
        time.sleep(0.01)
    os.killpg(process.pid, number)
    _, said = process.communicate(timeout=60)
    assert (process.returncode, said) == (0, "Stopped before it was ready.\n")
    assert not LifeLock(var / "postgres" / "server.lock").held()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("sign", ["owner.lock", "postgres/data/postmaster.pid"])
def test_a_run_that_is_stopped_while_it_starts_leaves_no_database(var: Path, number: signal.Signals, sign: str) -> None:
    assert_stopped_when_there_is(var / sign, var, "run", number)


@pytest.mark.kafka
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_stack_that_is_stopped_while_it_starts_leaves_no_database(var: Path, number: signal.Signals) -> None:
    assert_stopped_when_there_is(var / "postgres" / "start.lock", var, "stack", number)


def test_the_command_is_quiet_while_it_is_imported() -> None:
    program = "import os, signal\nimport services.entry\nprint(signal.getsignal(signal.SIGINT) is signal.SIG_DFL)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "True\n"


def test_a_stack_without_java_says_what_to_set(var: Path) -> None:
    values = environment(MASSLINE_VAR=str(var), MASSLINE_PORT="0", PATH="/nowhere", JAVA_HOME="/nowhere", XDG_CACHE_HOME=str(var))
    done = run(["stack"], values)
    assert_one_line(done, "Kafka", "MASSLINE_KAFKA_BOOTSTRAP")
    assert not (var / "postgres").exists()


def test_a_stack_whose_port_is_taken_says_so_before_it_starts_anything(var: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        assert_one_line(run(["stack"], environment(MASSLINE_VAR=str(var), MASSLINE_PORT=port)), port, "MASSLINE_PORT")
    assert not (var / "postgres").exists()
    assert not (var / "kafka").exists()


@pytest.mark.parametrize("command", ["run", "stack"])
def test_a_folder_that_cannot_be_one_is_named(var: Path, command: str) -> None:
    (var / "file").touch()
    for folder in (var / "file", var / "file" / "within"):
        assert_one_line(run([command], environment(MASSLINE_VAR=str(folder))), "MASSLINE_VAR", str(folder))


@pytest.mark.parametrize("command", ["run", "migrate"])
def test_a_database_that_does_not_answer_is_named(var: Path, command: str) -> None:
    url = f"postgresql://massline:a-password@127.0.0.1:{free_port()}"
    values = environment(MASSLINE_VAR=str(var), MASSLINE_PORT="0", MASSLINE_DATABASE_URL=url)
    done = run([command], values)
    assert_one_line(done, "MASSLINE_DATABASE_URL", "127.0.0.1")
    assert "a-password" not in done.stderr
    assert_one_line(run([command], {**values, "MASSLINE_DATABASE_URL": "nonsense"}), "MASSLINE_DATABASE_URL")


@pytest.mark.parametrize(
    ("variable", "value"),
    [("MASSLINE_PORT", "abc"), ("MASSLINE_LOG_LEVEL", "loud"), ("MASSLINE_GATEWAY_TOKEN_LIFETIME", "long")],
)
def test_a_setting_that_is_wrong_is_named(var: Path, variable: str, value: str) -> None:
    values = environment(MASSLINE_VAR=str(var), **{"MASSLINE_DATABASE_URL": "postgresql://u@127.0.0.1:1", variable: value})
    assert_one_line(run(["serve", "gateway"], values), f"{variable}: ")
