from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.importing.stub_api import PASSWORD, StubApi, serve_stub


@pytest.fixture
def api() -> Iterator[StubApi]:
    with serve_stub() as stub:
        yield stub


@pytest.fixture
def password_file(tmp_path: Path) -> Path:
    path = tmp_path / "admin-password"
    path.write_text(f"{PASSWORD}\n", encoding="utf-8")
    return path
