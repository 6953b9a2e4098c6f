"""What must not stand in the repository: hosts of package registries, paths of somebody's machine, secrets."""

import re

from tests.architecture.sources import ROOT, tracked

REGISTRIES = re.compile(
    "|".join(
        re.escape(name)
        for name in (
            "pypi" + ".org",
            "python" + "hosted.org",
            "repo1.maven" + ".org",
            "repo.maven.apache" + ".org",
            "registry.npm" + "js.org",
            "proxy.go" + "lang.org",
            "crates" + ".io",
            "conda" + ".anaconda.org",
        )
    )
    + r"|--(?:extra-)?index-url[= ]\S*://",
    re.IGNORECASE,
)
MACHINE = re.compile(r"(?<![\w.])/(?:work/(?:main|shared|\.)|root/|home/[a-z]+/|Users/[A-Za-z]+/|tmp/v/)")
SECRET = re.compile(r"-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----|\bAKIA[0-9A-Z]{16}\b|\bghp_[A-Za-z0-9]{36}\b")

ALLOWED: dict[str, str] = {}
"""`path: match` that may stand, with the reason."""


def _found(pattern: re.Pattern[str]) -> list[str]:
    found = []
    for path in tracked():
        text = (ROOT / path).read_bytes().decode(errors="replace")
        found += [f"{path}: {match.group()}" for match in pattern.finditer(text)]
    return [place for place in found if place not in ALLOWED]


def test_no_package_registry_is_named() -> None:
    assert not _found(REGISTRIES)


def test_no_path_of_a_machine_is_named() -> None:
    assert not _found(MACHINE)


def test_no_secret_is_kept() -> None:
    assert not _found(SECRET)
