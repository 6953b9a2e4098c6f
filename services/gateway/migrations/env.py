"""Alembic's entry: see `shared.migrations`."""

from services.gateway.schema import metadata
from shared.migrations import run_env

run_env(metadata)
