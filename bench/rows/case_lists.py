"""Pages of filtered and ordered lists, and of searches, among 10,000 cases and among a million.

An administrator asks, who sees them all, or the lead of one of 17 units. Each row's requests are of several kinds in turn.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from urllib.parse import urlencode

from bench.model import Comparison, Round, Row, Subject, p99
from bench.parts.listed import LARGE, SMALL, Listed
from bench.parts.postgres import postgres
from bench.requests import get
from bench.stage import Stage

CONNECTIONS = 2
"""As many as there are cores on the machine that the target is meant for: more would only measure the queue."""
MOST_MS = 50.0
"""Of a page's 99th percentile."""
FILTERED = (
    {"state": "rejected"},
    {"channel": "thought", "kind": "proposal"},
    {"sort": "due"},
    {"sort": "due", "overdue": "true", "state": "received"},
    {"sort": "updated", "kind": "complaint"},
    {"sort": "endorsed"},
    {"bbox": "112,32,113,33"},
    {"category": "noise"},
    {"state": "withdrawn", "channel": "thought"},
)
ENGLISH = ({"q": "broken"}, {"q": "flooded"}, {"q": "sinkhole"}, {"q": "sinkholes school"})
CHINESE = ({"q": "问题"}, {"q": "积水"}, {"q": "天坑"}, {"q": "天坑 学校"})


def _growth(row: Round, baseline: Round) -> float:
    return row.p99 / baseline.p99


Part = Callable[[Stage], AbstractAsyncContextManager[Listed]]


def _row(name: str, what: str, part: Part, asked: Sequence[Mapping[str, str]], *against: Comparison, lead: bool = False) -> Row:
    async def prepare(stage: Stage) -> Subject:
        database, service = await stage.use(postgres), await stage.use(part)

        def requests() -> list[bytes]:
            headers = service.headers(service.lead if lead else service.admin)
            return [get(f"/v1/cases?{urlencode({**each, 'limit': 20})}", headers) for each in asked]

        return Subject(service.server.port, {"feedback": service.server.pid, "postgres": database.pid}, requests, expect=200)

    return Row(name, what, CONNECTIONS, prepare, (*against, Comparison(name, "p99 ms", p99, at_most=MOST_MS)))


SMALL_LIST = _row(
    "list_filtered_10k", "pages of filtered and ordered lists, an administrator's, of 10,000 cases", SMALL, FILTERED
)
ROWS = (
    SMALL_LIST,
    _row(
        "list_filtered_1m",
        "the same of 1,000,000 cases",
        LARGE,
        FILTERED,
        Comparison(SMALL_LIST.name, "p99", _growth, at_most=2.0),
    ),
    _row("list_lead_1m", "the same of a lead whose unit has 59,000 of 1,000,000 cases", LARGE, FILTERED, lead=True),
    _row("search_english_1m", "common, middling, rare and two English words among 1,000,000 cases", LARGE, ENGLISH),
    _row("search_chinese_1m", "the same in Chinese", LARGE, CHINESE),
)
