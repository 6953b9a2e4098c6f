"""The migrations make exactly the tables that the code has: columns, types, defaults, keys, indexes and checks."""

import importlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, Enum, MetaData
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import create_async_engine

from shared.schema import kernel_metadata
from tests.architecture.sources import ROOT, SERVICES
from tests.support.databases import Databases, create_tables

every_service = pytest.mark.parametrize("service", SERVICES)

CONSTRAINTS = """
SELECT conrelid::regclass || ' ' || conname || ' ' || pg_get_constraintdef(oid) FROM pg_constraint
WHERE connamespace = 'public'::regnamespace AND conrelid::regclass::text <> 'alembic_version'
"""
INDEXES = "SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' AND tablename <> 'alembic_version'"
COLUMNS = """
SELECT table_name || '.' || column_name || ' ' || data_type || ' ' || is_nullable || ' ' || coalesce(column_default, '')
    || ' ' || is_identity
FROM information_schema.columns WHERE table_schema = 'public' AND table_name <> 'alembic_version'
"""
FOREIGN_KEYS_WITHOUT_INDEX = """
SELECT c.conrelid::regclass || ' ' || c.conname FROM pg_constraint c
WHERE c.contype = 'f' AND NOT EXISTS (
    SELECT FROM pg_index i WHERE i.indrelid = c.conrelid AND (i.indkey::int2[])[0:cardinality(c.conkey) - 1] @> c.conkey
)
"""


def metadata_of(service: str) -> MetaData:
    found: MetaData = importlib.import_module(f"services.{service}.schema").metadata
    return found


@asynccontextmanager
async def connected(url: str) -> AsyncIterator[Any]:
    connection = await asyncpg.connect(url)
    try:
        yield connection
    finally:
        await connection.close()


def compare(connection: Connection, metadata: MetaData) -> list[Any]:
    context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
    both = MetaData()
    for table in (*metadata.sorted_tables, *kernel_metadata.sorted_tables):
        table.to_metadata(both)
    return list(compare_metadata(context, both))


@every_service
async def test_alembic_finds_no_difference(databases: Databases, service: str) -> None:
    engine = create_async_engine(make_url(databases.fresh(service)).set(drivername="postgresql+asyncpg"))
    try:
        async with engine.connect() as connection:
            assert await connection.run_sync(compare, metadata_of(service)) == []
    finally:
        await engine.dispose()


@every_service
async def test_postgresql_finds_no_difference(databases: Databases, service: str) -> None:
    """What Alembic does not compare: check constraints, partial indexes, identities."""
    migrated, made = databases.fresh(service), databases.fresh("kernel")
    await create_tables(made, metadata_of(service))
    async with connected(migrated) as one, connected(made) as other:
        for query in (COLUMNS, CONSTRAINTS, INDEXES):
            in_migrations = {row[0] for row in await one.fetch(query)}
            in_code = {row[0] for row in await other.fetch(query)}
            assert in_migrations - in_code == set(), "only in the migrations"
            assert in_code - in_migrations == set(), "only in the code"


@every_service
async def test_every_foreign_key_has_an_index(databases: Databases, service: str) -> None:
    async with connected(databases.fresh(service)) as connection:
        assert [row[0] for row in await connection.fetch(FOREIGN_KEYS_WITHOUT_INDEX)] == []


@every_service
def test_enumerations_are_text_with_a_check(service: str) -> None:
    native = [
        f"{table.name}.{column.name}"
        for table in metadata_of(service).sorted_tables
        for column in table.columns
        if isinstance(column.type, Enum) and column.type.native_enum
    ]
    assert native == []


@every_service
def test_every_moment_has_a_time_zone(service: str) -> None:
    naive = [
        f"{table.name}.{column.name}"
        for table in (*metadata_of(service).sorted_tables, *kernel_metadata.sorted_tables)
        for column in table.columns
        if column.type.__class__.__name__ == "DateTime" and not getattr(column.type, "timezone", False)
    ]
    assert naive == []


@every_service
def test_no_service_has_another_services_tables(service: str) -> None:
    others = {table for other in SERVICES if other != service for table in metadata_of(other).tables.values()}
    assert not others & set(metadata_of(service).tables.values())


@every_service
def test_there_is_one_history(service: str) -> None:
    versions = sorted(path.name for path in (ROOT / "services" / service / "migrations" / "versions").glob("*.py"))
    assert [name[:4] for name in versions] == [f"{number:04d}" for number in range(1, len(versions) + 1)]
    assert versions
