from typing import Any

import pytest

from services.visits.templates.rules import Answer, Question, QuestionKind, check_answers, check_questions
from shared.errors import Invalid

YES_NO = Question("water", QuestionKind.yes_no, required=True)
NUMBER = Question("lamps", QuestionKind.number, required=False, least=0, most=100)
CHOICE = Question("road", QuestionKind.choice, required=False, options=frozenset({"good", "bad"}))
DATE = Question("since", QuestionKind.date, required=False)
ASKED = [YES_NO, NUMBER, CHOICE, DATE]


@pytest.mark.parametrize(
    "answers",
    [
        {"water": True},
        {"water": False, "lamps": 0, "road": "good", "since": "2026-03-01"},
        {"water": True, "lamps": 100},
        {"water": True, "lamps": 7.5},
    ],
)
def test_answers_that_fit(answers: dict[str, Answer]) -> None:
    check_answers(ASKED, answers)


@pytest.mark.parametrize(
    ("answers", "field"),
    [
        ({}, "water"),
        ({"water": 1}, "water"),
        ({"water": "yes"}, "water"),
        ({"water": True, "lamps": -1}, "lamps"),
        ({"water": True, "lamps": 101}, "lamps"),
        ({"water": True, "lamps": True}, "lamps"),
        ({"water": True, "lamps": "3"}, "lamps"),
        ({"water": True, "road": "ugly"}, "road"),
        ({"water": True, "road": True}, "road"),
        ({"water": True, "since": "yesterday"}, "since"),
        ({"water": True, "since": "20260301"}, "since"),
        ({"water": True, "since": "2026-02-30"}, "since"),
        ({"water": True, "since": 20260301}, "since"),
        ({"water": True, "other": True}, "other"),
    ],
)
def test_answers_that_do_not_fit_name_their_question(answers: dict[str, Answer], field: str) -> None:
    with pytest.raises(Invalid) as refused:
        check_answers(ASKED, answers)
    assert refused.value.slug == "answers-unfit"
    assert [error["field"] for error in refused.value.more["errors"]] == [f"body.answers.{field}"]


def _question(kind: QuestionKind, **asked: Any) -> Question:
    return Question("one", kind, required=False, **asked)


@pytest.mark.parametrize(
    ("questions", "slug"),
    [
        ([YES_NO, YES_NO], "question-twice"),
        ([_question(QuestionKind.choice)], "question-unfit"),
        ([_question(QuestionKind.choice, options=frozenset({"one"}))], "question-unfit"),
        ([_question(QuestionKind.yes_no, options=frozenset({"a", "b"}))], "question-unfit"),
        ([_question(QuestionKind.date, least=1)], "question-unfit"),
        ([_question(QuestionKind.number, least=2, most=1)], "question-unfit"),
    ],
)
def test_questions_that_cannot_be_asked(questions: list[Question], slug: str) -> None:
    with pytest.raises(Invalid) as refused:
        check_questions(questions)
    assert refused.value.slug == slug


def test_questions_that_can_be_asked() -> None:
    check_questions([*ASKED, _question(QuestionKind.number, least=1, most=1)])
