"""The registered categories as intake asks for them: in memory, so that an opinion costs no query for its category."""

import asyncio
from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import select

from services.feedback.cases.rules import Channel
from services.feedback.categories.models import CategoryRow
from services.feedback.categories.rules import Attribute, Category, Datatype, phrase_of
from shared.db import Database
from shared.languages import Language

CHANNEL = "massline_categories"


class CategoryDirectory:
    """Rung after every change, in every process; a look-up reads them again then, and only then."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._categories: dict[str, Category] = {}
        self._stale = True
        self._loading = asyncio.Lock()
        database.wakeup(CHANNEL).on_ring(self._mark_stale)

    def _mark_stale(self) -> None:
        self._stale = True

    async def find(self, code: str) -> Category | None:
        """None for a code that is not registered, which is a plain label."""
        if self._stale:
            await self._refresh()
        return self._categories.get(code)

    async def in_use(self, channel: Channel | None) -> Iterable[Category]:
        if self._stale:
            await self._refresh()
        found = self._categories.values()
        return [each for each in found if not each.retired and (channel is None or channel in each.channels)]

    async def _refresh(self) -> None:
        async with self._loading:
            if not self._stale:
                return
            self._stale = False
            try:
                async with self._database.session() as session:
                    rows = (await session.scalars(select(CategoryRow))).all()
            except BaseException:
                self._stale = True
                raise
            self._categories = {row.code: category_of(row) for row in rows}


def category_of(row: CategoryRow) -> Category:
    attributes = sorted(row.attributes, key=lambda attribute: attribute["order"])
    return Category(
        id=row.id,
        code=row.code,
        names={Language.en: row.name_en, Language.zh: row.name_zh},
        channels=frozenset(map(Channel, row.channels)),
        phrases=[phrase_of(keyword) for keyword in (row.name_en, row.name_zh, *row.keywords)],
        default_unit_id=row.default_unit_id,
        level=row.level,
        attributes={attribute["code"]: _attribute(attribute) for attribute in attributes},
        retired=row.retired_at is not None,
    )


def _attribute(kept: Mapping[str, Any]) -> Attribute:
    values = {value["key"]: value["name"] for value in kept["values"]}
    return Attribute(kept["code"], Datatype(kept["datatype"]), kept["required"], values)
