import asyncio
import os
import signal
import socket
import stat
import subprocess
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import asyncpg
import pytest

from shared.embedded import LifeLock
from shared.embedded.postgres import EmbeddedPostgres, EmbeddedPostgresError
from tests.embedded.owner import Owner


def run(url: str, statement: str) -> Any:
    async def ask() -> Any:
        connection = await asyncpg.connect(url, ssl=False)
        try:
            return await connection.fetchval(statement)
        finally:
            await connection.close()

    return asyncio.run(ask())


def remember(url: str) -> None:
    run(url, "create table kept as select 'rice is short' as word")


def remembered(url: str) -> Any:
    return run(url, "select word from kept")


def postmaster(folder: Path) -> int:
    return int((folder / "data" / "postmaster.pid").read_text().split()[0])


def lives(folder: Path) -> bool:
    return LifeLock(folder / "server.lock").held()


def test_data_password_and_port_survive_a_restart(tmp_path: Path) -> None:
    with EmbeddedPostgres.start(tmp_path) as first:
        remember(first.url)
    assert not lives(tmp_path)
    with EmbeddedPostgres.start(tmp_path) as second:
        assert remembered(second.url) == "rice is short"
        assert second.url == first.url


def test_stop_is_idempotent_and_cuts_clients_off(tmp_path: Path) -> None:
    async def stop_under_a_client(server: EmbeddedPostgres) -> None:
        client = await asyncpg.connect(server.url, ssl=False)
        await asyncio.to_thread(server.stop)
        with pytest.raises((asyncpg.PostgresError, asyncpg.InterfaceError, OSError)):
            await client.fetchval("select 1")

    server = EmbeddedPostgres.start(tmp_path)
    asyncio.run(stop_under_a_client(server))
    server.stop()
    assert not lives(tmp_path)


def test_only_the_password_opens_it_and_only_on_loopback(tmp_path: Path) -> None:
    with EmbeddedPostgres.start(tmp_path) as server:
        with pytest.raises(asyncpg.InvalidPasswordError):
            run(f"postgresql://postgres:guess@127.0.0.1:{urlsplit(server.url).port}/postgres", "select 1")
        assert run(server.url, "show listen_addresses") == "127.0.0.1"
        assert run(server.url, "show unix_socket_directories") == ""
    assert stat.S_IMODE((tmp_path / "password").stat().st_mode) == 0o600


def test_it_is_durable_and_knows_letters_beyond_ascii(tmp_path: Path) -> None:
    with EmbeddedPostgres.start(tmp_path) as server:
        assert run(server.url, "show fsync") == "on"
        assert run(server.url, "show server_encoding") == "UTF8"
        assert run(server.url, "show server_version_num").startswith("18")
        assert run(server.url, "select upper('é') || ('群' ~ '[[:alpha:]]')::text") == "Étrue"


def test_settings_hold_for_this_start(tmp_path: Path) -> None:
    with EmbeddedPostgres.start(tmp_path, settings={"max_connections": "33"}) as server:
        assert run(server.url, "show max_connections") == "33"
    with EmbeddedPostgres.start(tmp_path) as server:
        assert run(server.url, "show max_connections") == "200"


def test_a_failed_start_shows_the_log(tmp_path: Path) -> None:
    with pytest.raises(EmbeddedPostgresError, match="no_such_setting"):
        EmbeddedPostgres.start(tmp_path, settings={"no_such_setting": "1"})
    assert not lives(tmp_path)
    EmbeddedPostgres.start(tmp_path).stop()


def test_a_folder_that_can_not_be_made_is_a_named_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(EmbeddedPostgresError, match="file"):
        EmbeddedPostgres.start(tmp_path / "file" / "folder")


def test_any_path_will_do(tmp_path: Path) -> None:
    closed = tmp_path / "closed to others"
    closed.mkdir(mode=0o700)
    folder = closed / ("群" * 40) / ("long" * 30)
    with EmbeddedPostgres.start(folder) as server:
        assert run(server.url, "select 1") == 1


def test_data_that_came_from_another_user_is_taken_over(tmp_path: Path) -> None:
    with EmbeddedPostgres.start(tmp_path) as server:
        remember(server.url)
    for path in (tmp_path / "data", *(tmp_path / "data").rglob("*")):  # as `cp -r` leaves it
        os.chown(path, os.geteuid(), os.getegid())
    with EmbeddedPostgres.start(tmp_path) as server:
        assert remembered(server.url) == "rice is short"


def test_a_remembered_port_that_is_taken_is_replaced(tmp_path: Path) -> None:
    with EmbeddedPostgres.start(tmp_path) as server:
        old = urlsplit(server.url).port
    with socket.create_server(("127.0.0.1", old or 0)), EmbeddedPostgres.start(tmp_path) as server:
        new = urlsplit(server.url).port
        assert new != old
        assert run(server.url, "select 1") == 1
    with EmbeddedPostgres.start(tmp_path) as server:
        assert urlsplit(server.url).port == new


def test_a_wanted_port_is_kept_to(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(EmbeddedPostgresError, match=f"{port} is taken"):
            EmbeddedPostgres.start(tmp_path, port=port)
    with EmbeddedPostgres.start(tmp_path, port=port) as server:
        assert urlsplit(server.url).port == port
        with pytest.raises(EmbeddedPostgresError, match="already runs on port"):
            EmbeddedPostgres.start(tmp_path, port=port + 1)


def test_attaches_to_the_server_of_a_killed_owner_and_stops_it(tmp_path: Path) -> None:
    with Owner("postgres", tmp_path) as owner:
        url = owner.address()
        remember(url)
        running = postmaster(tmp_path)
        owner.kill()
    with EmbeddedPostgres.start(tmp_path) as server:
        assert postmaster(tmp_path) == running
        assert server.url == url
        assert remembered(server.url) == "rice is short"
    assert not lives(tmp_path)


def test_ctrl_c_in_the_terminal_does_not_reach_the_server(tmp_path: Path) -> None:
    with Owner("postgres", tmp_path) as owner:
        url = owner.address()
        os.killpg(owner.process.pid, signal.SIGINT)
        owner.process.wait()
    assert run(url, "select 1") == 1
    EmbeddedPostgres.start(tmp_path).stop()


def test_recovers_after_the_server_itself_was_killed(tmp_path: Path) -> None:
    server = EmbeddedPostgres.start(tmp_path)
    remember(server.url)
    os.kill(postmaster(tmp_path), signal.SIGKILL)
    with EmbeddedPostgres.start(tmp_path) as again:
        assert remembered(again.url) == "rice is short"
        server.stop()  # the old handle means the killed server, not this one
        assert remembered(again.url) == "rice is short"


def test_a_stale_pid_that_is_in_use_again_is_neither_believed_nor_signalled(tmp_path: Path) -> None:
    with EmbeddedPostgres.start(tmp_path) as server:
        remember(server.url)
        pid_file = (tmp_path / "data" / "postmaster.pid").read_text()
    bystander_user = (tmp_path / "data").stat().st_uid
    with subprocess.Popen(["sleep", "600"], user=bystander_user if os.geteuid() == 0 else None) as bystander:
        stale = [str(bystander.pid), *pid_file.splitlines()[1:]]
        (tmp_path / "data" / "postmaster.pid").write_text("\n".join(stale) + "\n")
        server.stop()
        with EmbeddedPostgres.start(tmp_path) as again:
            assert remembered(again.url) == "rice is short"
        assert bystander.poll() is None
        bystander.kill()


def test_an_interrupted_first_start_is_made_good(tmp_path: Path) -> None:
    (tmp_path / "new-half" / "data").mkdir(parents=True)
    (tmp_path / "password").write_text("of no data")
    with EmbeddedPostgres.start(tmp_path) as server:
        assert run(server.url, "select 1") == 1
    assert not list(tmp_path.glob("new-*"))


def test_processes_that_start_the_same_folder_at_once_share_one_server(tmp_path: Path) -> None:
    owners = [Owner("postgres", tmp_path) for _ in range(3)]
    try:
        urls = {owner.address() for owner in owners}
    finally:
        for owner in owners:
            owner.kill()
    assert len(urls) == 1
    with EmbeddedPostgres.start(tmp_path) as server:
        assert {server.url} == urls
        assert run(server.url, "select 1") == 1
    assert not lives(tmp_path)
