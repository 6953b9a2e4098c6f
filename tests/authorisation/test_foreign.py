"""A thing of another case or unit, named together with one's own case, answers as one that does not exist."""

from typing import Any
from uuid import uuid4

import pytest

from tests.authorisation.stage import Stage
from tests.authorisation.test_matrix import told

pytestmark = pytest.mark.asyncio(loop_scope="package")


async def assert_alike(stage: Stage, method: str, path: str, foreign: str, *, caller: str = "official own", **body: Any) -> None:
    """`path` with the foreign id in the place of {}, and with one that there is not."""
    answers = [await stage.ask(method, path.format(id), caller, json=body) for id in (foreign, str(uuid4()))]
    assert answers[0].status_code == 404, answers[0].text
    assert told(answers[0]) == told(answers[1])


async def test_a_template_of_another_branch(stage: Stage) -> None:
    case, template = await stage.case(), await stage.template("stranger")
    await assert_alike(stage, "POST", f"/v1/cases/{case['case_id']}/templates/{{}}/fill", template["template_id"])


async def test_a_message_of_another_case(stage: Stage) -> None:
    mine, foreign = await stage.spoken(), await stage.about_own()
    message = await stage.do("speaker", f"/v1/cases/{foreign['case_id']}/messages", {"text": "Not for you."})
    path = f"/v1/cases/{mine['case_id']}/read"
    answers = [await stage.ask("POST", path, "official own", json={"up_to": id}) for id in (message["id"], str(uuid4()))]
    assert answers[0].status_code == 404
    assert told(answers[0]) == told(answers[1])


async def test_an_attachment_of_another_case(stage: Stage) -> None:
    mine, foreign = await stage.case(), await stage.attached()
    for rest in ("", "/thumbnail"):
        await assert_alike(stage, "GET", f"/v1/cases/{mine['case_id']}/attachments/{{}}{rest}", foreign["attachment_id"])
    path = f"/v1/cases/{mine['case_id']}/attachments/{{}}"
    await assert_alike(stage, "DELETE", path, foreign["attachment_id"], caller="speaker")


async def test_a_unit_that_does_not_work_on_the_case(stage: Stage) -> None:
    case = await stage.case()
    path = f"/v1/cases/{case['case_id']}/joint-units/{{}}/leave"
    await assert_alike(stage, "POST", path, stage.units["stranger"], reason="Go.")


async def test_a_case_that_one_does_not_see_as_the_main_one(stage: Stage) -> None:
    mine, foreign = await stage.case(), await stage.about_own()
    path = f"/v1/cases/{mine['case_id']}/merge"
    bodies = [{"into_case_id": id, "reason": "One lamp."} for id in (foreign["case_id"], str(uuid4()))]
    answers = [await stage.ask("POST", path, "official own", json=body) for body in bodies]
    assert answers[0].status_code == 404
    assert told(answers[0]) == told(answers[1])


async def test_a_page_of_another_cases_messages(stage: Stage) -> None:
    """A cursor is the last message's id: with another case's there is nothing after it."""
    mine, foreign = await stage.spoken(), await stage.case()
    for _ in range(2):
        await stage.do("speaker", f"/v1/cases/{foreign['case_id']}/messages", {"text": "Not for you."})
    page = await stage.ask("GET", f"/v1/cases/{foreign['case_id']}/messages", "speaker", params={"limit": 1})
    cursor = page.json()["next_cursor"]
    answer = await stage.ask("GET", f"/v1/cases/{mine['case_id']}/messages", "official own", params={"cursor": cursor})
    assert answer.json() == {"items": [], "next_cursor": None}
