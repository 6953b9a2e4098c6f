"""What a visit asks, and whether answers fit. No question takes free words: those are findings, which become cases. Pure."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from services.visits.discretion.rules import private_code, private_kind, refuse
from shared.errors import Invalid

MOST_QUESTIONS = 50
MOST_OPTIONS = 20

Answer = bool | int | float | str
Answers = Mapping[str, Answer]


class QuestionKind(StrEnum):
    yes_no = "yes_no"
    number = "number"
    choice = "choice"
    date = "date"


@dataclass(frozen=True, slots=True)
class Question:
    """`options` are the codes that a choice is made from; a number lies from `least` to `most`."""

    code: str
    kind: QuestionKind
    required: bool
    options: frozenset[str] = frozenset()
    least: float | None = None
    most: float | None = None


def check_questions(questions: Sequence[Question]) -> None:
    """Raises `Invalid` (question-twice, question-unfit)."""
    if len({question.code for question in questions}) < len(questions):
        raise Invalid("question-twice", "Each question has a code of its own.")
    for question in questions:
        if (question.kind is QuestionKind.choice) != (len(question.options) >= 2):
            raise _unfit(question, "a choice has two or more options, and nothing else has any")
        bounds = question.least, question.most
        if question.kind is not QuestionKind.number and bounds != (None, None):
            raise _unfit(question, "only a number has a least and a most")
        if question.least is not None and question.most is not None and question.least > question.most:
            raise _unfit(question, "its least is above its most")


def _unfit(question: Question, why: str) -> Invalid:
    return Invalid("question-unfit", f"The question {question.code} cannot be asked so: {why}.")


def check_wording(codes: Mapping[str, str], titles: Mapping[str, str]) -> None:
    """Nothing asks for faith, politics or health; all by the names of their fields. Raises `Invalid` (sensitive-note)."""
    refuse({field: private_code(code) for field, code in codes.items()} | {f: private_kind(title) for f, title in titles.items()})


def check_answers(questions: Sequence[Question], answers: Answers) -> None:
    """Raises `Invalid` (answers-unfit), which names every question whose answer does not fit, and why."""
    asked = {question.code: question for question in questions}
    wrong = {code: "is not asked by this template" for code in answers if code not in asked}
    wrong |= {q.code: "must be answered" for q in questions if q.required and q.code not in answers}
    wrong |= {
        code: FITS[asked[code].kind][1] for code, answer in answers.items() if code in asked and not _fits(asked[code], answer)
    }
    if wrong:
        errors = [{"field": f"body.answers.{code}", "message": why} for code, why in wrong.items()]
        raise Invalid("answers-unfit", "The answers do not fit the template of the visit: see `errors`.", more={"errors": errors})


def _fits(question: Question, answer: Answer) -> bool:
    return FITS[question.kind][0](question, answer)


def _is_yes_no(question: Question, answer: Answer) -> bool:
    return isinstance(answer, bool)


def _is_number(question: Question, answer: Answer) -> bool:
    if isinstance(answer, bool | str):
        return False
    return (question.least is None or answer >= question.least) and (question.most is None or answer <= question.most)


def _is_option(question: Question, answer: Answer) -> bool:
    return isinstance(answer, str) and answer in question.options


def _is_date(question: Question, answer: Answer) -> bool:
    if not isinstance(answer, str):
        return False
    try:
        return date.fromisoformat(answer).isoformat() == answer
    except ValueError:
        return False


FITS: Mapping[QuestionKind, tuple[Callable[[Question, Answer], bool], str]] = {
    QuestionKind.yes_no: (_is_yes_no, "must be true or false"),
    QuestionKind.number: (_is_number, "must be a number within the bounds of the question"),
    QuestionKind.choice: (_is_option, "must be the code of one of the options"),
    QuestionKind.date: (_is_date, "must be a date as 2026-05-01"),
}
