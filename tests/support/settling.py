"""Units and people, before anything happens between them."""

from collections.abc import Sequence

from tests.support.world import Person, World


async def settle(
    world: World,
    units: Sequence[tuple[str, str, str | None]],
    people: Sequence[tuple[str, str, str | None]],
    **names: str,
) -> tuple[dict[str, str], dict[str, Person]]:
    """Ids of units by their codes, and people by their names, with the administrator and somebody without an account.

    `units`: code, level, and the code of the one above; `people`: name, role, and the code of their unit; `names` of units that
    have one of their own.
    """
    admin = await world.sign_in()
    ids: dict[str, str] = {}
    for code, level, above in units:
        ids[code] = await admin.register(code, level, ids[above] if above else None, name=names.get(code))
    known = {"admin": admin, "nobody": world.nobody}
    for name, role, place in people:
        known[name] = await admin.engage(name, role, ids[place] if place else None)
    return ids, known
