"""Lists as a file for a spreadsheet."""

import csv
from io import StringIO
from typing import Any

import pytest

from services.feedback.cases.queries import exporting
from services.feedback.cases.queries.exporting import harmless
from shared.auth import Principal
from tests.feedback.house import House, official, resident, unit


async def exported(house: House, caller: Principal, **asked: Any) -> list[dict[str, str]]:
    answer = await house.client.get("/v1/cases/export", caller=caller, params=asked)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith("text/csv")
    assert "attachment" in answer.headers["content-disposition"]
    assert answer.content.startswith(b"\xef\xbb\xbf")
    return list(csv.DictReader(StringIO(answer.content.decode("utf-8-sig"))))


async def test_the_file_holds_the_whole_list_in_its_order(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exporting, "AT_ONCE", 3)
    filed = [await house.case(title=f"Lamp {number}") for number in range(8)]
    await house.case(title="Another village", unit_id=str(unit("neighbour")))
    rows = await exported(house, official("village"))
    assert [row["id"] for row in rows] == filed[::-1]
    assert [row["id"] for row in await exported(house, official("village"), sort="oldest")] == filed
    assert [row["title"] for row in await exported(house, official("village"), q="lamp 5")] == ["Lamp 5"]
    assert await exported(house, resident()) == []


async def test_a_row_tells_the_case_and_neither_its_words_nor_its_speaker(house: House) -> None:
    case_id = await house.case(title="村口路灯坏了", body="Call me: 555 0100.")
    (row,) = await exported(house, official("village"))
    shown = await house.get(f"/v1/cases/{case_id}", caller=official("village"))
    assert (row["id"], row["title"], row["state"]) == (case_id, "村口路灯坏了", "received")
    assert row["unit_code"] == "village"
    assert row["next_due_at"].replace("+00:00", "Z") == shown["next_due_at"]
    assert "555" not in str(row)
    assert str(house.speaker.account_id) not in str(row)


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\uff1d1"])
async def test_a_title_is_no_formula(house: House, text: str) -> None:
    assert harmless(text) == f"'{text}"
    assert harmless("1 = 1") == "1 = 1"


async def test_a_file_that_cannot_be_says_why(house: House) -> None:
    answer = await house.client.get("/v1/cases/export", caller=house.speaker, params={"q": "?"})
    assert (answer.status_code, answer.json()["type"]) == (422, "urn:massline:problem:nothing-to-search")
