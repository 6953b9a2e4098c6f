"""Services that die are started again: together when they died together, ever more slowly when they go on dying."""

import sys
import time
from collections.abc import Callable
from itertools import accumulate, repeat
from pathlib import Path

from services.stack import STEADY, Member, next_pause


def member(tmp_path: Path, name: str, program: str, clock: Callable[[], float] = time.monotonic) -> Member:
    return Member(name, [sys.executable, "-c", program], {}, tmp_path / f"{name}.log", clock)


def end(one: Member) -> int:
    assert one.process is not None
    one.process.kill()
    one.process.wait()
    return one.process.pid


def test_those_that_died_together_are_started_in_one_round(tmp_path: Path) -> None:
    members = [member(tmp_path, name, "import time; time.sleep(600)") for name in ("one", "two", "three")]
    try:
        for one in members:
            one.start()
        ended = [end(one) for one in members]
        for one in members:
            one.revive()
        assert not any(one.died() for one in members)
        assert not set(ended) & {one.process.pid for one in members if one.process}
    finally:
        for one in members:
            one.stop()


def test_one_that_goes_on_dying_waits_longer_each_time_until_it_was_steady(tmp_path: Path) -> None:
    now = 1000.0
    one = member(tmp_path, "one", "import time; time.sleep(600)", lambda: now)
    try:
        one.start()
        for pause in (0.0, 1.0, 2.0, 4.0):
            end(one)
            one.revive()
            assert one.died() == (pause > 0)
            now += pause
            one.revive()
            assert not one.died()
        now += STEADY
        end(one)
        one.revive()
        assert not one.died()
    finally:
        one.stop()


def test_pauses_grow_to_a_bound() -> None:
    assert list(accumulate(repeat(0.0, 8), lambda pause, _: next_pause(pause))) == [0, 1, 2, 4, 8, 16, 30, 30]
