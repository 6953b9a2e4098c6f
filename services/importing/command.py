"""`massline import requests`: a legacy file of service requests, loaded through the public API."""

import asyncio
import os
import time
from pathlib import Path
from typing import Annotated

import httpx
import typer
from rich.console import Console

from services.importing.api import open_api
from services.importing.errors import ImportStopped, WrongInput
from services.importing.files import check_file, check_rejects, write_rejects
from services.importing.loading import Tally, load, survey
from services.importing.mappings import MAPPINGS
from services.importing.submissions import SourceMapping

SOME_REJECTED = 3

app = typer.Typer(no_args_is_help=True)


@app.callback()
def importing() -> None:
    """Load what other systems have collected."""


def _default_url() -> str:
    host = os.environ.get("MASSLINE_HOST", "127.0.0.1")
    return f"http://{'127.0.0.1' if host == '0.0.0.0' else host}:{os.environ.get('MASSLINE_PORT', '8000')}"


def _default_password_file() -> Path:
    return Path(os.environ.get("MASSLINE_VAR", "./var")) / "admin-password"


@app.command("requests")
def import_requests(
    file: Annotated[Path, typer.Argument(help="CSV in UTF-8.")],
    mapping: Annotated[str, typer.Option(help=f"What the file is: {', '.join(MAPPINGS)}.")],
    url: Annotated[
        str, typer.Option(default_factory=_default_url, help="The API.", show_default="http://$MASSLINE_HOST:$MASSLINE_PORT")
    ],
    password_file: Annotated[
        Path, typer.Option(default_factory=_default_password_file, show_default="$MASSLINE_VAR/admin-password")
    ],
    username: Annotated[str, typer.Option(help="An administrator.")] = "admin",
    rejects: Annotated[
        Path | None, typer.Option(help="Where rejected rows go, with line and reason.", show_default="FILE.rejects.csv")
    ] = None,
) -> None:
    """Load a CSV of service requests: every row becomes an opinion with its case.

    Run it again at any time, also after it was killed: rows that are in stay as they are.

    Units that rows name are found by their code or created.

    Exit code 0: everything is in.

    Exit code 1: the server stayed away; run again to go on.

    Exit code 2: wrong file, option or password; nothing was imported.

    Exit code 3: some rows were rejected and stand in the rejects file; all others are in.
    """
    started = time.monotonic()
    tally = Tally()
    try:
        _import(file, mapping, url, username, password_file, rejects or file.with_name(f"{file.name}.rejects.csv"), tally)
    except ImportStopped as stopped:
        typer.echo(f"massline import: {_told(stopped, tally)}", err=True)
        raise typer.Exit(stopped.exit_code) from None
    typer.echo(f"{_summary(tally)}, {time.monotonic() - started:.1f} s")
    if tally.rejects:
        raise typer.Exit(SOME_REJECTED)


def _import(file: Path, mapping_name: str, url: str, username: str, password_file: Path, rejects: Path, tally: Tally) -> None:
    mapping = _find_mapping(mapping_name)
    header = check_file(file, mapping)
    check_rejects(rejects)
    found = survey(file, mapping)
    _check_url(url)
    password = _read_password(password_file)
    console = Console(stderr=True)

    async def run() -> None:
        async with open_api(url, username, password) as api:
            await load(api, file, mapping, found, tally, console)

    asyncio.run(run())
    try:
        write_rejects(rejects, header, tally.rejects)
    except OSError as error:
        raise ImportStopped(f"{rejects} cannot be written ({error.strerror}): run again with another --rejects") from None
    if tally.rejects:
        typer.echo(f"rejected rows: {rejects}", err=True)


def _find_mapping(name: str) -> SourceMapping:
    if name not in MAPPINGS:
        raise WrongInput(f"there is no mapping {name!r}: known are {', '.join(MAPPINGS)}")
    return MAPPINGS[name]


def _check_url(url: str) -> None:
    try:
        parsed = httpx.URL(url)
    except (httpx.InvalidURL, ValueError) as error:
        raise WrongInput(f"--url {url}: {error}") from None
    if parsed.scheme not in ("http", "https") or not parsed.host:
        raise WrongInput(f"--url {url}: must be like http://127.0.0.1:8000")


def _read_password(path: Path) -> str:
    try:
        password = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        password = ""
    if not password:
        raise WrongInput(f"{path}: no password can be read there: name its file with --password-file")
    return password


def _summary(tally: Tally) -> str:
    return (
        f"imported {tally.imported}, already there {tally.already_there}, rejected {len(tally.rejects)}, "
        f"units created {tally.units_created}"
    )


def _told(stopped: ImportStopped, tally: Tally) -> str:
    if stopped.exit_code != ImportStopped.exit_code:
        return str(stopped)
    return f"{stopped}; so far: {_summary(tally)}. Run the same command again to go on"
