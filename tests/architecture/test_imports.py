"""The import contracts of pyproject.toml, and that they speak of everything that is there."""

import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

from tests.architecture.sources import ROOT, SERVICES, nouns

LINT = [sys.executable, "-c", "from importlinter.cli import lint_imports_command; lint_imports_command()", "--no-cache"]
CONFIG: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
CONTRACTS = {contract["id"]: contract for contract in CONFIG["contracts"]}


def test_the_contracts_are_kept() -> None:
    done = subprocess.run(LINT, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_noun_has_its_layers() -> None:
    assert set(CONTRACTS["nouns"]["containers"]) == {".".join(noun.parts) for noun in nouns()}


def test_every_service_is_kept_apart() -> None:
    assert set(CONTRACTS["apart"]["modules"]) == {f"services.{service}" for service in SERVICES}
    packages = {path.parent.name for path in (ROOT / "services").glob("*/app.py")}
    assert packages == set(SERVICES)


def test_a_breach_would_be_seen(tmp_path: Path) -> None:
    """The contracts bite: one forbidden import of each kind, in a copy."""
    breaches = {
        "services/feedback/app.py": "import services.visits.tables",
        "shared/clock.py": "import services.var",
        "services/var.py": "import services.standalone",
        "services/visits/tables.py": "import services.visits.consumers",
        "services/visits/visits/rules.py": "import sqlalchemy",
        "services/feedback/cases/rules.py": "import services.feedback.cases.actions",
        "shared/events/visits.py": "import fastapi",
        "shared/consumer.py": "import shared.bus.kafka",
    }
    copy = ["cp", "-r", "services", "shared", "pyproject.toml", str(tmp_path)]
    subprocess.run(copy, cwd=ROOT, check=True)
    for module, line in breaches.items():
        path = tmp_path / module
        path.write_text(f"{path.read_text()}\n{line}\n")
    done = subprocess.run(LINT, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 1
    names = [
        CONTRACTS[id]["name"]
        for id in ("apart", "kernel", "product", "visits", "nouns", "no-circles", "pure-rules", "pure-events", "bus")
    ]
    for name in names:
        assert f"{name} BROKEN" in done.stdout, f"{name} did not see its breach"
