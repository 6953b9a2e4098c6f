"""The build stage of deploy/Dockerfile, carried out in a clean folder without Docker, and its result started.

Only two things are replaced: `python` is the one that runs the tests, and absolute paths lie below a temporary folder.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from .dockerfile import Instruction, parse
from .manifests import ROOT

_, (BUILD, FINAL) = parse()
pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


def clean_environment() -> dict[str, str]:
    """This process's environment without what could lend the new one our packages or our settings."""
    ours = ("PYTHON", "MASSLINE_", "VIRTUAL_ENV")
    return {name: value for name, value in os.environ.items() if not name.startswith(ours)}


def tracked(source: str) -> list[str]:
    """The files below `source` that belong to the project: known to git, or new and not ignored."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "--", source]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=True)
    files = [name for name in listed.stdout.splitlines() if (ROOT / name).is_file()]
    assert files, f"deploy/Dockerfile copies {source}, which the project does not hold"
    return files


def copy(instruction: Instruction, workdir: Path) -> None:
    *sources, target = instruction.words()
    for source in sources:
        for name in tracked(source):
            # Docker copies a folder's content, and a file under its own name.
            inside = Path(name).relative_to(source) if (ROOT / source).is_dir() else Path(name).name
            destination = workdir / target / inside
            destination.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, destination)


def run(command: list[str], workdir: Path, env: dict[str, str]) -> str:
    done = subprocess.run(command, cwd=workdir, env=env, capture_output=True, text=True, timeout=800, check=False)
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout[-2000:]}\n{done.stderr[-4000:]}"
    return done.stdout


def test_the_build_steps_make_a_working_command(tmp_path: Path) -> None:
    def below(path: str) -> Path:
        return tmp_path / path.lstrip("/")

    environment = clean_environment()
    workdir = tmp_path
    for instruction in BUILD.instructions:
        match instruction.keyword:
            case "ENV":
                # Downloads may be kept between runs: that is the machine's business, not the image's.
                settings = instruction.settings()
                environment |= {name: value for name, value in settings.items() if name != "PIP_NO_CACHE_DIR"}
            case "WORKDIR":
                workdir = below(instruction.arguments)
                workdir.mkdir(parents=True)
            case "COPY":
                copy(instruction, workdir)
            case "RUN":
                for command in instruction.commands():
                    placed = [str(below(word)) if word.startswith("/") else word for word in command]
                    placed[0] = sys.executable if placed[0] == "python" else placed[0]
                    run(placed, workdir, environment)
            case other:
                raise NotImplementedError(f"the build stage has learnt {other}: teach this test")

    _, kept, _ = FINAL.only("COPY").words()
    programs = below(kept) / "bin"
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (entrypoint,) = json.loads(FINAL.only("ENTRYPOINT").arguments)
    settings = {"PATH": str(programs), "HOME": str(elsewhere), "PYTHONDONTWRITEBYTECODE": "1", "COLUMNS": "200"}
    printed = run([str(programs / entrypoint), *json.loads(FINAL.only("CMD").arguments)], elsewhere, settings)
    for name in ("serve", "worker", "migrate"):
        assert name in printed
    assert not (programs / "pip").exists()
