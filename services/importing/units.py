"""The units that rows name: found by their code, or created below the source's root."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from services.importing.api import Api
from services.importing.errors import WrongInput
from services.importing.submissions import Unit


def settle_names(named: Counter[Unit]) -> list[Unit]:
    """One unit per code. Rows often name a department of the unit: the name of most rows wins, else the code is the name."""
    by_code: defaultdict[str, Counter[Unit]] = defaultdict(Counter)
    for unit, rows in named.items():
        by_code[unit.code][unit] += rows
    return [_settle(candidates) for candidates in by_code.values()]


def _settle(candidates: Counter[Unit]) -> Unit:
    unit, rows = candidates.most_common(1)[0]
    return unit if 2 * rows > candidates.total() else unit.model_copy(update={"name": unit.code.upper()})


@dataclass
class Units:
    """Ids of units by code; `created` counts those that this import registered."""

    api: Api
    root: Unit
    ids: dict[str, str] = field(default_factory=dict)
    created: int = 0

    async def ensure(self, units: Iterable[Unit]) -> None:
        """Raises `WrongInput` when the server takes a unit neither as new nor as known."""
        for unit in units:
            if await self._find(unit) is None:
                await self._register(unit, await self._ensure_root())

    async def _ensure_root(self) -> str:
        return self.ids.get(self.root.code) or await self._find(self.root) or await self._register(self.root, None)

    async def _find(self, unit: Unit) -> str | None:
        answer = await self.api.get("/v1/units", code=unit.code)
        found = next((str(item["id"]) for item in answer.items if item.get("code") == unit.code), None)
        if found:
            self.ids[unit.code] = found
        return found

    async def _register(self, unit: Unit, parent_id: str | None) -> str:
        """Somebody else may register the same code at the same time: then theirs is ours."""
        answer = await self.api.post("/v1/units", {**unit.model_dump(mode="json"), "parent_id": parent_id})
        if answer.status == 201:
            self.created += 1
            self.ids[unit.code] = str(answer.json["id"])
            return self.ids[unit.code]
        found = await self._find(unit) if answer.status == 409 else None
        if found is None:
            raise WrongInput(f"the server does not take the unit {unit.code} ({unit.name}): {answer.reason}")
        return found
