"""House rules that a syntax tree can check."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.architecture.sources import modules, nouns, tracked, tree_of

PRODUCT = sorted(modules("services", "shared"))
MIGRATION = ("migrations", "versions")

LATE_IMPORTS: dict[str, str] = {}
"""Modules that may import inside a function, with the reason."""

COMMITS = {
    "shared/uow.py": "the one place where a unit of work ends",
}
"""Modules that may commit, with the reason. Group commit uses asyncpg's `transaction()`, which needs no `.commit()`."""

NOUN_FILES = frozenset({"__init__.py", "routes.py", "schemas.py", "actions.py", "queries.py", "models.py", "rules.py"})
NOUN_FOLDERS = frozenset({"actions", "queries", "rules"})
"""A noun that has grown: one file per verb, per kind of reading, or per kind of rule."""

EXTRA_FILES = {
    "services/assessment/reports/page.py": "a report as HTML, by a template",
    "services/assessment/reports/report.css": "the style of that page, on the screen and on paper",
    "services/assessment/reports/report.html": "the template of that page",
    "services/feedback/cases/sealing.py": "how words of protected cases are kept",
    "services/feedback/retention/words.py": "every place where people write about a case",
    "services/feedback/cases/wording.py": "the plain sentences in which a case tells how it stands, in two languages",
    "services/feedback/cases/words.py": "what a text is found by, for whoever files, opens or searches a case",
    "services/feedback/attachments/cabinet.py": "the files themselves, in a folder or a bucket, and the strays among them",
    "services/feedback/attachments/conversion.py": "runs the sandbox, and says what came of it",
    "services/feedback/attachments/sandbox.py": "opens what strangers send, as a program that can be killed",
    "services/feedback/attachments/transfer.py": "files in and out over HTTP, for the routes of cases and of receipts",
    "services/feedback/categories/directory.py": "the registered categories in memory, so that intake asks no table",
    "services/feedback/challenges/turnstile.py": "counts the calls without an account in memory, before any table is asked",
    "services/feedback/ledger/verifier.py": "checks a proof on its own, in the hands of whoever doubts this system",
    "services/feedback/opinions/intake.py": "the group-commit write path, apart from the actions that it serves",
    "services/feedback/protection/desk.py": "what a receipt's holder may do: over several nouns, for one caller",
    "services/gateway/access/passwords.py": "slow hashing, in threads",
    "services/gateway/access/tokens.py": "signs and verifies the tokens of the public API",
    "services/gateway/proxy/calls.py": "a request to a service as bytes, and what can go wrong with it",
    "services/gateway/proxy/front.py": "the raw ASGI application that resolves the caller and forwards",
    "services/gateway/proxy/pages.py": "/docs and the like, without a framework's route",
    "services/gateway/proxy/portal.py": "the gateway's own routes and the services' behind one front",
    "services/gateway/proxy/pool.py": "idle connections kept and found again",
    "services/gateway/proxy/upstreams.py": "the services behind, as applications",
    "services/gateway/proxy/wire.py": "one HTTP/1.1 connection",
    "services/gateway/webhooks_out/dispatcher.py": "the job that finds what is due and sends it",
    "services/gateway/webhooks_out/sealing.py": "encrypts the endpoints' secrets at rest",
    "services/gateway/webhooks_out/sending.py": "one delivery over the network, to a vetted address",
}
"""Files of a noun beyond the usual ones, with the reason."""

IMPURE = frozenset({"now", "utcnow", "today", "random", "randint", "choice", "uuid4", "uuid7", "urandom", "open", "sleep"})

every_module = pytest.mark.parametrize("module", PRODUCT, ids=str)
every_noun = pytest.mark.parametrize("noun", nouns(), ids=str)


def _functions(tree: ast.Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


@every_module
def test_imports_stand_at_the_top(module: Path) -> None:
    late = [
        f"{module}:{node.lineno}"
        for function in _functions(tree_of(module))
        for node in ast.walk(function)
        if isinstance(node, ast.Import | ast.ImportFrom)
    ]
    assert not late or str(module) in LATE_IMPORTS, late


@every_module
def test_nothing_but_the_unit_of_work_commits(module: Path) -> None:
    commits = [
        f"{module}:{node.lineno}"
        for node in ast.walk(tree_of(module))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "commit"
        if not (isinstance(node.func.value, ast.Attribute) and node.func.value.attr == "_consumer")  # offsets, not a transaction
    ]
    assert not commits or str(module) in COMMITS, commits


@every_module
def test_no_bare_except(module: Path) -> None:
    bare = [node.lineno for node in ast.walk(tree_of(module)) if isinstance(node, ast.ExceptHandler) and node.type is None]
    assert not bare, f"{module}: lines {bare}"


@every_module
def test_nothing_is_swallowed_whole(module: Path) -> None:
    """`except Exception: pass` hides what nobody thought of; `suppress` with a name says what is expected."""
    silent = [
        node.lineno
        for node in ast.walk(tree_of(module))
        if isinstance(node, ast.ExceptHandler)
        and isinstance(node.type, ast.Name)
        and node.type.id in ("Exception", "BaseException")
        and all(isinstance(statement, ast.Pass) for statement in node.body)
    ]
    assert not silent, f"{module}: lines {silent}"


@every_module
def test_a_module_says_what_it_is_for(module: Path) -> None:
    if module.name != "__init__.py" and module.parts[-3:-1] != MIGRATION:
        assert ast.get_docstring(tree_of(module)), f"{module} has no docstring"


@every_noun
def test_a_noun_holds_the_usual_files_only(noun: Path) -> None:
    root = Path(__file__).parents[2]
    for path in sorted((root / noun).iterdir()):
        name = str(path.relative_to(root))
        if path.is_dir():
            assert path.name in NOUN_FOLDERS | {"__pycache__"}, f"{name}: a noun has no folder but {sorted(NOUN_FOLDERS)}"
        else:
            assert path.name in NOUN_FILES or name in EXTRA_FILES, f"{name}: give it a place among {sorted(NOUN_FILES)}"


@pytest.mark.parametrize("table", [LATE_IMPORTS, COMMITS, EXTRA_FILES], ids=["late imports", "commits", "extra files"])
def test_an_exception_that_nobody_needs_is_taken_off_its_list(table: dict[str, str]) -> None:
    gone = set(map(Path, table)) - set(tracked())
    assert not gone
    assert all(table.values())


@every_module
def test_rules_use_neither_clock_nor_chance_nor_files(module: Path) -> None:
    if module.name != "rules.py" and module.parent.name != "rules":
        return
    impure = {
        node.func.attr
        for node in ast.walk(tree_of(module))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
        if node.func.attr
        in ("now", "utcnow", "today", "random", "randint", "choice", "uuid4", "uuid7", "urandom", "open", "sleep")
    }
    assert not impure, f"{module}: {sorted(impure)}"
    assert not any(isinstance(function, ast.AsyncFunctionDef) for function in _functions(tree_of(module))), f"{module} waits"
