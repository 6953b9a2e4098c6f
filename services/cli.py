"""The `massline` command."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Coroutine, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
import uvloop
from fastapi import FastAPI
from pydantic import ValidationError
from starlette.types import ASGIApp

from services import documents
from services.demonstration.seed import DemoClock, DemonstrationIncomplete, demo_start, seed
from services.feedback.ledger import verifier
from services.importing.command import app as import_app
from services.stack import StackFailed, run_stack, stop_stack
from services.standalone import SETTINGS, build_product, build_service, migrate_all, migrations_of
from services.var import ADMIN_PASSWORD, FolderInUse, FolderUnusable, admin_password_file, kept_secrets, owned, var_folder
from shared.bus.inprocess import InProcessBus
from shared.bus.kafka import KafkaBus, create_topics
from shared.db import DatabaseUnreachable
from shared.embedded.kafka import EmbeddedKafkaError
from shared.embedded.postgres import EmbeddedPostgres, EmbeddedPostgresError
from shared.http import Edge, install_problem_handlers
from shared.migrations import migrate_async, revise
from shared.service import Service
from shared.serving import PortTaken, listen, serve
from shared.settings import Profile, ServiceSettings
from shared.telemetry import configure_logging
from shared.topics import COMPACTED, PARTITIONS, TOPICS

app = typer.Typer(no_args_is_help=True, add_completion=False, help=__doc__, pretty_exceptions_enable=False)
app.add_typer(import_app, name="import", help="Load other systems' records through the public API.")

OPERATORS_TO_MEND = (
    DatabaseUnreachable,
    DemonstrationIncomplete,
    EmbeddedKafkaError,
    EmbeddedPostgresError,
    FolderInUse,
    FolderUnusable,
    PortTaken,
    StackFailed,
    ValueError,
)


class Name(StrEnum):
    feedback = "feedback"
    visits = "visits"
    assessment = "assessment"
    gateway = "gateway"


ServiceName = Annotated[Name, typer.Argument(help="Which service.")]


@app.command()
def run() -> None:
    """All four services in one process, with an embedded PostgreSQL: everything a first look needs."""
    _guarded(_run(demonstration=False))


@app.command()
def demo() -> None:
    """Like `run`, with a demonstration: a tree of units, accounts of every role, a campaign, cases in every state."""
    _guarded(_run(demonstration=True))


@app.command(name="serve")
def serve_api(
    name: ServiceName, worker: Annotated[bool, typer.Option("--worker", help="Run the worker in this process too.")] = False
) -> None:
    """One service's API; needs PostgreSQL, and Kafka for its worker."""
    _guarded(_serve(name.value, api=True, worker=worker))


@app.command()
def worker(name: ServiceName) -> None:
    """One service's worker: relay, consumer and timed jobs. Answers /livez, /readyz and /metrics."""
    _guarded(_serve(name.value, api=False, worker=True))


@app.command()
def migrate(name: Annotated[Name | None, typer.Argument(help="Which service; all of them without it.")] = None) -> None:
    """Bring the databases to the newest schema, and make the Kafka topics that are missing. Safe to run again."""
    _guarded(_migrate([name.value] if name else list(SETTINGS)))


@app.command(hidden=True)
def revision(name: ServiceName, message: str) -> None:
    """Write a migration from the difference between the tables in code and a database (for developers)."""
    _guarded(revise(migrations_of(name.value), SETTINGS[name.value]().database, message))


@app.command()
def stack() -> None:
    """PostgreSQL, Apache Kafka and the four services, each in its own process, until Ctrl-C or `massline stack-down`."""

    def announce(addresses: dict[str, str]) -> None:
        _announce(addresses["api"], var)
        typer.echo(f"  Kafka        {addresses['kafka']}\n  Logs         {var / 'log'}\n  Stop with Ctrl-C or `make stack-down`.")

    with _told_plainly():
        var, settings = var_folder(), ServiceSettings()
        configure_logging(settings.log_level, service="stack")
        run_stack(var, settings.host, settings.port, announce)


@app.command(name="stack-down")
def stack_down() -> None:
    """End a running stack, or what a killed one left running, and wait until it is gone."""
    with _told_plainly():
        ended = stop_stack(var_folder())
        typer.echo(f"Stopped: {', '.join(ended)}." if ended else "No stack is running here.")


@app.command()
def verify(
    file: Annotated[Path, typer.Argument(help="A proof of filing, or a page of the ledger, as JSON.")],
    seal: Annotated[str | None, typer.Argument(help="For a proof: its day's seal, from a copy that you trust.")] = None,
) -> None:
    """Check a proof of filing, or that the days of the ledger follow one another. Needs no server."""
    raise typer.Exit(verifier.main([str(file), *([seal] if seal else [])]))


@app.command()
def openapi(file: Annotated[Path | None, typer.Argument(help="Where to write; standard output without it.")] = None) -> None:
    """The REST API as an OpenAPI document."""
    _write(documents.openapi(), file)


@app.command()
def asyncapi(file: Annotated[Path | None, typer.Argument(help="Where to write; standard output without it.")] = None) -> None:
    """The events as an AsyncAPI document."""
    _write(documents.asyncapi(), file)


@app.command(hidden=True)
def docs(folder: Path) -> None:
    """Write the generated pages: events and settings."""
    _write(documents.events_page(), folder / "events.md")
    _write(documents.settings_page(), folder / "settings.md")
    _write(documents.case_states_page(), folder / "case-states.md")


async def _run(*, demonstration: bool) -> None:
    var, settings = var_folder(), ServiceSettings()
    if demonstration and settings.profile is Profile.production:
        raise ValueError("the demonstration is refused in the production profile")
    with owned(var, "demo" if demonstration else "run"):
        await _run_in(var, settings, demonstration=demonstration)


async def _run_in(var: Path, settings: ServiceSettings, *, demonstration: bool) -> None:
    listener = listen(settings.host, settings.port)
    url = f"http://{settings.host}:{listener.getsockname()[1]}"
    configure_logging(settings.log_level, service="massline")
    server = None if os.environ.get("MASSLINE_DATABASE_URL") else EmbeddedPostgres.start(var / "postgres")
    try:
        environment = kept_secrets(var)
        if server is not None:
            environment["MASSLINE_DATABASE_URL"] = server.url
        await migrate_all(environment)
        if demonstration:
            await _demonstrate(environment, var)
        product = build_product(environment)
        bus = InProcessBus()
        await serve(product.app, listener, product.running(bus), started=lambda: _announce(url, var))
    finally:
        if server is not None:
            server.stop()


async def _demonstrate(environment: dict[str, str], var: Path) -> None:
    """Make the demonstration if it is not there yet, under its own clock and before anything is served."""
    typer.echo("Making the demonstration, if it is not there yet ...")
    clock = DemoClock(demo_start())
    product = build_product(environment, clock=clock)
    accounts = var / "demo-accounts.json"
    async with product.running(InProcessBus()):
        await seed(product, clock, admin_password=environment[ADMIN_PASSWORD], accounts_file=accounts)
    typer.echo(f"  Accounts     {accounts}")


async def _serve(name: str, *, api: bool, worker: bool) -> None:
    service = build_service(name)
    settings = service.settings
    configure_logging(settings.log_level, service=name)
    listener = listen(settings.host, settings.port)
    await serve(service.app if api else _probes_only(service), listener, _around(service, worker=worker))


@asynccontextmanager
async def _around(service: Service, *, worker: bool) -> AsyncIterator[None]:
    if not worker:
        async with service.open():
            yield
        return
    if not service.settings.kafka_bootstrap:
        raise ValueError("a worker needs MASSLINE_KAFKA_BOOTSTRAP; without Kafka use `massline run`")
    bus = KafkaBus(service.settings.kafka_bootstrap, client_id=f"massline-{service.name}")
    async with service.open():
        try:
            async with service.working(bus):
                yield
        finally:
            await bus.stop()


def _probes_only(service: Service) -> ASGIApp:
    probes = FastAPI(openapi_url=None)
    install_problem_handlers(probes)
    probes.add_middleware(Edge, service=service.name)
    service.add_probes(probes)
    return probes


async def _migrate(names: list[str]) -> None:
    for name in names:
        settings = SETTINGS[name]()
        await migrate_async(migrations_of(name), settings.database)
        typer.echo(f"{name}: schema is up to date")
    if settings.kafka_bootstrap:
        await create_topics(
            settings.kafka_bootstrap, TOPICS, partitions=PARTITIONS, replicas=settings.kafka_replicas, compacted=COMPACTED
        )
        typer.echo("topics are there")


def _announce(url: str, var: Path) -> None:
    typer.echo(f"\nmassline is ready.\n  API          {url}/v1\n  Docs         {url}/docs")
    typer.echo(f"  Administrator: admin, password in {admin_password_file(var)}")


def _write(text: str, file: Path | None) -> None:
    if file is None:
        sys.stdout.write(text)
    else:
        file.write_text(text)


def _guarded(work: Coroutine[Any, Any, None]) -> None:
    """Run it to its end, or until SIGINT or SIGTERM: then everything it opened is closed."""
    with _told_plainly(), asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_stoppable(work))


async def _stoppable(work: Coroutine[Any, Any, None]) -> None:
    # The runner cancels its work at Ctrl-C. `serve` replaces both handlers once there is something to finish.
    signal.signal(signal.SIGTERM, signal.getsignal(signal.SIGINT))
    await work


@contextmanager
def _told_plainly() -> Iterator[None]:
    """What an operator can mend is told in one line, not as a traceback."""
    try:
        yield
    except KeyboardInterrupt:
        typer.echo("Stopped before it was ready.", err=True)
    except ValidationError as error:
        _fail("; ".join(_setting_fault(error.title, found) for found in error.errors()))
    except OPERATORS_TO_MEND as error:
        _fail(str(error))


def _setting_fault(settings: str, found: Mapping[str, Any]) -> str:
    """With the variable's name; a rule over several settings names them itself."""
    field = str(found["loc"][0]) if found["loc"] else ""
    owners = [each for each in SETTINGS.values() if each.__name__ == settings and field in each.model_fields]
    variable = owners[0].variable(field) if owners else field
    return f"{variable}: {found['msg']}" if variable else str(found["msg"])


def _fail(message: str) -> None:
    typer.echo(f"massline: {message}", err=True)
    raise typer.Exit(2)


def main() -> None:
    """Ctrl-C and SIGTERM stop it however it was started: a shell that puts it in the background lets it ignore SIGINT."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    app()


if __name__ == "__main__":
    main()
