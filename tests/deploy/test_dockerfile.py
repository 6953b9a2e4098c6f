"""The image's recipe: locked, small, without root. Whether its steps work is test_image_install's question."""

import json
import re

from .dockerfile import parse
from .manifests import ROOT

BEFORE, (BUILD, FINAL) = parse()


def test_both_stages_have_the_same_named_base() -> None:
    (base,) = BEFORE
    name, _, image = base.arguments.partition("=")
    assert re.fullmatch(r"python:3\.11-slim-\w+", image)
    assert BUILD.base == FINAL.base == f"${{{name}}}"
    assert BUILD.name == "build"


def test_dependencies_come_from_the_lock_with_hashes_before_the_project() -> None:
    installs = [command for command in BUILD.commands() if "install" in command]
    with_hashes, project = installs
    assert with_hashes[1:] == ["install", "--require-hashes", "-r", "requirements.lock"]
    assert project[1:] == ["install", "--no-deps", "."]
    lock_copy, *rest = BUILD.all("COPY")
    assert lock_copy.words() == ["requirements.lock", "./"]
    order = BUILD.instructions
    assert order.index(BUILD.all("RUN")[1]) < order.index(rest[0]), "the dependency layer must not depend on our code"


def test_nothing_else_is_downloaded_or_built() -> None:
    for stage in (BUILD, FINAL):
        for command in stage.commands():
            assert command[0] in {"python", "pip", "/opt/massline/bin/pip"}, command
        assert stage.all("ADD") == []


def test_the_final_stage_takes_the_environment_only() -> None:
    assert FINAL.only("COPY").words() == ["--from=build", "/opt/massline", "/opt/massline"]
    assert FINAL.commands() == [["pip", "uninstall", "--yes", "setuptools", "wheel", "pip"]]
    assert BUILD.commands()[-1] == ["/opt/massline/bin/pip", "uninstall", "--yes", "pip"]


def test_it_runs_as_a_number_that_is_not_root() -> None:
    user = FINAL.only("USER").arguments
    assert re.fullmatch(r"[1-9]\d{4,}:[1-9]\d{4,}", user)
    assert FINAL.instructions.index(FINAL.only("USER")) > FINAL.instructions.index(FINAL.only("RUN"))


def test_it_starts_and_stops_as_an_orchestrator_expects() -> None:
    assert json.loads(FINAL.only("ENTRYPOINT").arguments) == ["massline"]
    assert FINAL.only("STOPSIGNAL").arguments == "SIGTERM"
    assert FINAL.only("EXPOSE").arguments == "8000"
    settings = FINAL.only("ENV").settings()
    assert settings["PYTHONUNBUFFERED"] == "1"
    assert settings["PYTHONDONTWRITEBYTECODE"] == "1"
    assert settings["MASSLINE_PORT"] == "8000"
    assert not [name for name in settings if re.search("SECRET|PASSWORD|PEPPER|KEY|TOKEN", name)]


def test_the_build_context_holds_what_is_copied_and_nothing_else() -> None:
    lines = [line for line in (ROOT / ".dockerignore").read_text().splitlines() if line and line[0] != "#"]
    assert lines[0] == "*"
    allowed = {line[1:] for line in lines if line.startswith("!")}
    assert allowed == {source for copy in BUILD.all("COPY") for source in copy.words()[:-1]}


def test_nothing_is_latest() -> None:
    for instruction in (*BEFORE, *BUILD.instructions, *FINAL.instructions):
        assert "latest" not in instruction.arguments
