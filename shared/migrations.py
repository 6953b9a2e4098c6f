"""Schema migrations: one Alembic history per service, run by `massline migrate`, never by a service at start."""

import asyncio
from pathlib import Path

import asyncpg
from alembic import command, context
from alembic.config import Config
from sqlalchemy import Connection, MetaData
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import create_async_engine

from shared.db import connecting
from shared.schema import kernel_metadata

LOCK = 0x6D617373
_ONE_AT_A_TIME = asyncio.Lock()
"""Alembic keeps its context for the whole process; other processes wait for `LOCK` in the database."""


async def migrate_async(folder: Path, url: str, to: str = "head") -> None:
    """Bring a database to a version, the newest by default, making the database itself first if it is missing.

    Safe to run twice, and by two at once.
    """
    async with _ONE_AT_A_TIME:
        await _migrate(folder, url, to)


async def _migrate(folder: Path, url: str, to: str) -> None:
    with connecting(url):
        await _ensure_database(url)
    engine = create_async_engine(make_url(url).set(drivername="postgresql+asyncpg"))
    try:
        async with engine.begin() as connection:
            await connection.run_sync(_upgrade, folder, to)
    finally:
        await engine.dispose()


async def revise(folder: Path, url: str, message: str) -> None:
    """Write a new migration: what the tables in code have and the (migrated) database at `url` lacks."""
    await migrate_async(folder, url)
    engine = create_async_engine(make_url(url).set(drivername="postgresql+asyncpg"))
    try:
        async with engine.begin() as connection:
            await connection.run_sync(_revise, folder, message)
    finally:
        await engine.dispose()


def _revise(connection: Connection, folder: Path, message: str) -> None:
    number = len(list((folder / "versions").glob("[0-9]*.py"))) + 1
    command.revision(_config(connection, folder), message, autogenerate=True, rev_id=f"{number:04d}")


def _config(connection: Connection, folder: Path) -> Config:
    config = Config()
    config.set_main_option("script_location", str(folder))
    config.set_main_option("file_template", "%%(rev)s_%%(slug)s")
    config.attributes["connection"] = connection
    return config


def _upgrade(connection: Connection, folder: Path, to: str) -> None:
    connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({LOCK})")
    command.upgrade(_config(connection, folder), to)


def run_env(metadata: MetaData) -> None:
    """What every service's `migrations/env.py` does."""
    connection: Connection = context.config.attributes["connection"]
    context.configure(connection=connection, target_metadata=[metadata, kernel_metadata], compare_type=True)
    context.run_migrations()


async def _ensure_database(url: str) -> None:
    parsed = make_url(url)
    dsn = parsed.set(drivername="postgresql").render_as_string(hide_password=False)
    try:
        connection = await asyncpg.connect(dsn)
    except asyncpg.InvalidCatalogNameError:
        server = parsed.set(drivername="postgresql", database="postgres").render_as_string(hide_password=False)
        admin = await asyncpg.connect(server)
        try:
            quoted = (parsed.database or "").replace('"', '""')
            await admin.execute(f'CREATE DATABASE "{quoted}"')
        except (asyncpg.DuplicateDatabaseError, asyncpg.UniqueViolationError):
            pass
        finally:
            await admin.close()
    else:
        await connection.close()
