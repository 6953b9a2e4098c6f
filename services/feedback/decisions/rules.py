"""What is decided here, by which rule, and where its reason stands. Pure."""

from enum import StrEnum


class Kind(StrEnum):
    """What happened."""

    rejected = "case.rejected"
    lapsed = "case.lapsed"
    upheld = "appeal.upheld"
    overturned = "appeal.overturned"
    substantiated = "retaliation.substantiated"
    not_substantiated = "retaliation.not-substantiated"
    released = "hold.released"
    kept = "hold.kept"


class Rule(StrEnum):
    rejected = "case.rejected-with-reason"
    lapsed = "case.judgement-window-passed"
    appealed = "appeal.unit-above-decides"
    retaliation = "retaliation.inspecting-unit-decides"
    held = "hold.decided-from-above"


class Reason(StrEnum):
    """The words themselves stay where they are: for those who read the case, the report or the hold."""

    nobody_judged = "nobody_judged"
    in_the_case = "stands_in_the_case"
    in_the_report = "stands_in_the_report"
    with_the_hold = "stands_with_the_hold"
