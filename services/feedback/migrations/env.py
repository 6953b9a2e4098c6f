"""Alembic's entry: see `shared.migrations`."""

from services.feedback.schema import metadata
from shared.migrations import run_env

run_env(metadata)
