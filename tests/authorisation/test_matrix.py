"""Every operation of the gateway's OpenAPI document, played by every role at every place of the tree."""

import json
from typing import Any
from uuid import uuid4

import httpx
import pytest

from services.documents import openapi
from tests.authorisation.cast import EVERYBODY, HOLDER
from tests.authorisation.stage import NEVER_ISSUED, Params, Stage
from tests.authorisation.table import TABLE, Line

pytestmark = pytest.mark.asyncio(loop_scope="package")

CODES = {"receipt", "card"}
"""What lets their holder in, who has no account."""
PASSING = {"date", "x-request-id"}
"""Headers that differ from one answer to the next."""


@pytest.fixture(scope="module")
def document() -> Any:
    return json.loads(openapi())


def operations(document: Any) -> set[str]:
    return {f"{method.upper()} {path}" for path, item in document["paths"].items() for method in item}


async def test_every_operation_is_in_the_table_and_nothing_else(document: Any) -> None:
    played = {line.operation for line in TABLE}
    missing, unknown = sorted(operations(document) - played), sorted(played - operations(document))
    assert not missing, f"say in tests/authorisation/table.py whom these let in: {', '.join(missing)}"
    assert not unknown, f"these are in tests/authorisation/table.py and not in the API: {', '.join(unknown)}"


async def test_the_document_says_which_operations_need_no_account(document: Any) -> None:
    for line in TABLE:
        stated = {} in document["paths"][line.path][line.method.lower()]["security"]
        without = bool(line.lets_in & {"nobody", "holder"})
        needs = all(not other.lets_in & {"nobody", "holder"} for other in TABLE if other.operation == line.operation)
        assert stated or not without, line.operation
        assert not (stated and needs), line.operation


async def play(stage: Stage, line: Line, caller: str, params: Params) -> httpx.Response:
    request = dict(line.sends(stage, params))
    for code in CODES & set(params):
        if caller not in HOLDER:
            body = "data" if "data" in request else "json"
            request[body] = {**request[body], code: NEVER_ISSUED}
    return await stage.ask(line.method, line.path.format(**params), caller, **request)


@pytest.mark.parametrize("line", TABLE, ids=[f"{line.operation} {line.on.__name__}" for line in TABLE])
async def test_an_operation_lets_in_whom_it_should(stage: Stage, line: Line) -> None:
    shared = await line.on(stage)
    before = await stage.seen_by_all(shared["case_id"]) if "case_id" in shared else ""
    wrong = [await turned_away(stage, line, caller, shared) for caller in callers(line) - line.lets_in]
    if "case_id" in shared:
        assert await stage.seen_by_all(shared["case_id"]) == before, "somebody who was turned away changed it"
    for caller in sorted(line.lets_in):
        params = shared if line.method == "GET" else await line.on(stage)
        answer = await play(stage, line, caller, params)
        wrong.append(complaint(line, caller, answer))
        if line.shows is not None:
            listed = params[line.lists] in answer.text
            wrong.append("" if listed == (caller in line.shows) else f"{caller}: listed: {listed}")
    assert not list(filter(None, wrong)), "\n".join(filter(None, wrong))


def callers(line: Line) -> frozenset[str]:
    return EVERYBODY | HOLDER if line.lets_in == HOLDER else EVERYBODY


def complaint(line: Line, caller: str, answer: httpx.Response) -> str:
    if answer.status_code in line.expected(caller):
        return ""
    return f"{caller}: {answer.status_code}, not {sorted(line.expected(caller))}: {answer.text[:300]}"


async def turned_away(stage: Stage, line: Line, caller: str, params: Params) -> str:
    """What is wrong with the answer. A 404 is the same, byte for byte, as for a thing that does not exist."""
    answer = await play(stage, line, caller, params)
    if answer.status_code == 404 and "{" in line.path:
        first = line.path.split("{")[1].split("}")[0]
        nowhere = await play(stage, line, caller, {**params, first: str(uuid4())})
        if told(answer) != told(nowhere):
            return f"{caller}: tells a foreign thing from none: {told(answer)} {told(nowhere)}"
    return complaint(line, caller, answer)


def told(answer: httpx.Response) -> tuple[int, Any, dict[str, str]]:
    """All that somebody can learn from an answer."""
    body = {**answer.json(), "request_id": ""}
    headers = {name: value for name, value in answer.headers.items() if name not in PASSING}
    return answer.status_code, body, headers
