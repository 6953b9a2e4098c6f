"""How far an import is: a bar on a terminal, plain lines elsewhere."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

LINES = 10


@contextmanager
def show_progress(total: int, console: Console) -> Iterator[Callable[[], None]]:
    """Gives the function to call after each row."""
    if not console.is_terminal:
        yield _plain(total, console)
        return
    columns = (TextColumn("importing"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console) as bar:
        task = bar.add_task("", total=total)
        yield lambda: bar.advance(task)


def _plain(total: int, console: Console) -> Callable[[], None]:
    step = -(-total // LINES) or 1
    done = 0

    def advance() -> None:
        nonlocal done
        done += 1
        if done % step == 0 or done == total:
            console.print(f"{done} of {total} rows", highlight=False, soft_wrap=True)

    return advance
