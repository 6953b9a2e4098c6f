from pathlib import Path

import pytest
from rich.console import Console

from services.importing.api import open_api
from services.importing.errors import ServerAway, WrongInput
from services.importing.loading import Tally, load, survey
from services.importing.mappings import NYC311
from tests.importing.samples import row, write_csv
from tests.importing.stub_api import PASSWORD, StubApi


async def run(api: StubApi, path: Path, tally: Tally, console: Console, *, patience: float = 10.0) -> None:
    async with open_api(api.url, "admin", PASSWORD, patience=patience) as client:
        await load(client, path, NYC311, survey(path, NYC311), tally, console)


@pytest.fixture
def console() -> Console:
    return Console(quiet=True)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return write_csv(tmp_path / "requests.csv", (row(number) for number in range(10, 60)))


async def test_a_server_that_goes_away_half_way_stops_the_import_and_the_next_run_goes_on(
    api: StubApi, source: Path, console: Console
) -> None:
    api.troubles = [""] * 20 + ["503"] * 1000
    first = Tally()
    with pytest.raises(ServerAway):
        await run(api, source, first, console, patience=0.5)
    assert first.imported == len(api.opinions) == 20
    api.troubles = []
    second = Tally()
    await run(api, source, second, console)
    assert (second.imported, second.already_there, second.rejects) == (30, 20, [])
    assert api.keys == [str(number) for number in range(10, 60)]


async def test_a_unit_that_the_server_does_not_take_stops_the_import_before_the_first_row(
    api: StubApi, source: Path, console: Console
) -> None:
    api.refused_units.add("water")
    with pytest.raises(WrongInput, match=r"does not take the unit water \(Water Works\): 422"):
        await run(api, source, Tally(), console)
    assert api.opinions == []


async def test_progress_is_a_bar_on_a_terminal(api: StubApi, source: Path, tmp_path: Path) -> None:
    with (tmp_path / "screen").open("w", encoding="utf-8") as screen:
        await run(api, source, Tally(), Console(file=screen, force_terminal=True, width=80, color_system=None))
    assert "50/50" in (tmp_path / "screen").read_text(encoding="utf-8")
