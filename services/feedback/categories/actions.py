"""Registering, changing and retiring categories. Every process hears of it and reads them again."""

from typing import Any

from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col

from services.feedback.categories.directory import CHANNEL
from services.feedback.categories.models import CategoryRow
from services.feedback.categories.queries import get_category
from services.feedback.categories.rules import check_definition
from services.feedback.categories.schemas import CategoryChangeIn, CategoryIn
from shared.errors import Conflict, check_version
from shared.uow import UnitOfWork


async def register_category(uow: UnitOfWork, said: CategoryIn) -> CategoryRow:
    """From now on the code is no plain label: opinions under it must fit. Older cases stay as they are.

    Raises `Conflict` (category-code-taken), `Invalid`, `NotFound` (unit-not-found).
    """
    values = {"id": uow.new_id(), "code": said.code, "version": 1, **await _contents(uow, said)}
    statement = insert(CategoryRow).values(values).on_conflict_do_nothing().returning(col(CategoryRow.id))
    if await uow.session.scalar(statement) is None:
        raise Conflict("category-code-taken", f"The code {said.code} is registered: change it with PUT, or choose another.")
    uow.wakes.add(CHANNEL)
    return await get_category(uow, said.code)


async def change_category(uow: UnitOfWork, code: str, version: int, said: CategoryChangeIn) -> CategoryRow:
    """Replace all but its code; cases that are open under it stay as they are.

    Raises `NotFound`, `Outdated`, `Conflict` (category-retired), `Invalid`.
    """
    row = await get_category(uow, code, lock=True)
    check_version(version, row.version)
    if row.retired_at is not None:
        raise Conflict("category-retired", f"The category {code} was retired and stays as it was: register another.")
    for name, value in (await _contents(uow, said)).items():
        setattr(row, name, value)
    row.version += 1
    uow.wakes.add(CHANNEL)
    return row


async def retire_category(uow: UnitOfWork, code: str) -> CategoryRow:
    """No new opinion can be filed under it; a second time changes nothing. Raises `NotFound`."""
    row = await get_category(uow, code, lock=True)
    if row.retired_at is None:
        row.retired_at = row.updated_at = uow.now()
        row.version += 1
        uow.wakes.add(CHANNEL)
    return row


async def _contents(uow: UnitOfWork, said: CategoryChangeIn) -> dict[str, Any]:
    attributes = [(each.code, each.datatype, [value.key for value in each.values]) for each in said.attributes]
    check_definition(said.channels, attributes)
    if said.default_unit_id is not None:
        await uow.units.require(said.default_unit_id)
    return {
        "name_en": said.name.en,
        "name_zh": said.name.zh,
        "channels": list(said.channels),
        "keywords": list(said.keywords),
        "default_unit_id": said.default_unit_id,
        "level": said.level,
        "attributes": [each.model_dump(mode="json") for each in said.attributes],
        "updated_at": uow.now(),
    }
