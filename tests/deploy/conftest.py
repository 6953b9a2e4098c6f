"""Both overlays are rendered once; a test that takes `manifests` runs on each."""

import pytest

from .manifests import Manifests, render


@pytest.fixture(scope="session", params=["dev", "production"])
def manifests(request: pytest.FixtureRequest) -> Manifests:
    return render(str(request.param))


@pytest.fixture(scope="session")
def production() -> Manifests:
    return render("production")
