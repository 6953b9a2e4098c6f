"""The product's source files, as text and as syntax trees."""

import ast
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
SERVICES = ("assessment", "feedback", "gateway", "visits")


def modules(*folders: str) -> Iterator[Path]:
    """Python files below these folders, relative to the root."""
    for folder in folders:
        yield from sorted(path.relative_to(ROOT) for path in (ROOT / folder).rglob("*.py"))


@cache
def tree_of(module: Path) -> ast.Module:
    return ast.parse((ROOT / module).read_text(), str(module))


def nouns() -> list[Path]:
    """The folders of the nouns, relative to the root: every package of a service but its migrations."""
    folders = (path for service in SERVICES for path in (ROOT / "services" / service).iterdir() if path.is_dir())
    return sorted(path.relative_to(ROOT) for path in folders if path.name not in ("migrations", "__pycache__"))


def tracked() -> list[Path]:
    """Files that git has or would take."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT,
        capture_output=True,
        check=True,
        text=True,
    )
    return sorted(Path(name) for name in set(listed.stdout.split("\0")) if name and (ROOT / name).is_file())
