"""How a case stands, in plain words: every state, both languages, for its speaker and for others."""

import string
from datetime import UTC, datetime
from itertools import product

import pytest

from services.feedback.cases.rules import Part, State
from services.feedback.cases.wording import ABOVE, CAUSES, FOR_OTHERS, FOR_SPEAKER, OWES, WHY, Facts, tell_cause, tell_status
from shared.events.feedback import EscalationCause
from shared.languages import Language
from tests.feedback.house import House, official, unit
from tests.feedback.work import work

DUE, UNTIL = datetime(2026, 12, 3, 9, tzinfo=UTC), datetime(2027, 1, 2, 9, tzinfo=UTC)
STANDS = [
    (
        Facts(State.received, "Hekou", DUE),
        "Hekou has received it and must answer by 3 December 2026.",
        "Hekou已收到，须在2026年12月3日前答复。",
    ),
    (
        Facts(State.in_progress, "Hekou", DUE),
        "Hekou is working on it and must answer by 3 December 2026.",
        "Hekou正在办理，须在2026年12月3日前答复。",
    ),
    (Facts(State.in_progress, "Hekou"), "Hekou is working on it.", "Hekou正在办理。"),
    (
        Facts(State.acknowledged, "Hekou", DUE, overdue=True),
        "Hekou should have answered by 3 December 2026; the unit above is told.",
        "Hekou本应在2026年12月3日前答复，已告知上级单位。",
    ),
    (
        Facts(State.answered, "Hekou", until=UNTIL),
        "Hekou has answered. Say until 2 January 2027 whether anything has changed.",
        "Hekou已答复。请在2027年1月2日前说明情况是否有变化。",
    ),
    (
        Facts(State.rejected, "Hekou", until=UNTIL),
        "Hekou did not take it on; it said why. Until 2 January 2027 you can ask the unit above to look at it again.",
        "Hekou没有受理，并说明了理由。在2027年1月2日前您可以请上级单位复核。",
    ),
    (
        Facts(State.rejected, "Baihe", DUE, appealed=True),
        "Baihe looks at the rejection again and must decide by 3 December 2026.",
        "Baihe正在复核不予受理的决定，须在2026年12月3日前作出决定。",
    ),
    (
        Facts(State.withdrawn, "Hekou", until=UNTIL),
        "Closed: you took it back. Until 2 January 2027 you can open it again.",
        "已撤回：您收回了意见。在2027年1月2日前您可以重新提出。",
    ),
    (
        Facts(State.closed_unconfirmed, "Hekou"),
        "Closed: nobody said whether anything has changed.",
        "已办结：没有人说明情况是否有变化。",
    ),
]


@pytest.mark.parametrize(("facts", "english", "chinese"), STANDS)
def test_a_speaker_is_told_how_it_stands(facts: Facts, english: str, chinese: str) -> None:
    assert tell_status(facts, Language.en, speaker=True) == english
    assert tell_status(facts, Language.zh, speaker=True) == chinese


@pytest.mark.parametrize(("state", "language", "speaker"), [*product(State, Language, (True, False))])
def test_every_state_has_words_and_no_gap_stays_open(state: State, language: Language, speaker: bool) -> None:
    for facts in (Facts(state, "A"), Facts(state, "A", DUE, until=UNTIL), Facts(state, "A", DUE, overdue=True)):
        told = tell_status(facts, language, speaker=speaker)
        assert told
        assert "{" not in told


def test_only_the_speaker_is_spoken_to() -> None:
    for language, address in ((Language.en, "you"), (Language.zh, "您")):
        words = [
            sentence.lower().split() if language is Language.en else [*sentence] for sentence in FOR_OTHERS[language].values()
        ]
        assert not any(address in [word.strip(string.punctuation) for word in each] for each in words)
        assert FOR_OTHERS[language].keys() == FOR_SPEAKER[language].keys()


def test_a_units_name_is_no_pattern() -> None:
    assert tell_status(Facts(State.received, "{due} {unit}", DUE), Language.en, speaker=True).startswith(
        "{due} {unit} has received"
    )


@pytest.mark.parametrize(("cause", "language"), [*product(EscalationCause, Language)])
def test_every_cause_has_words(cause: EscalationCause, language: Language) -> None:
    assert "{" not in tell_cause(cause, 3, language)
    assert len(set(CAUSES[language].values())) == len(EscalationCause)


async def test_a_case_and_its_timeline_speak_the_callers_language(house: House) -> None:
    case_id = await house.case()
    house.clock.advance(days=8)
    await work(house.service)
    for caller in (house.speaker, official("village")):
        shown = await house.client.get(f"/v1/cases/{case_id}", caller=caller, headers={"Accept-Language": "zh-CN"})
        assert "已收到" in shown.json()["status"]
        shown = await house.client.get(f"/v1/cases/{case_id}", caller=caller)
        assert "has received it and must answer by" in shown.json()["status"]
    timeline = await house.client.get(f"/v1/cases/{case_id}/timeline", caller=house.speaker, headers={"Accept-Language": "zh"})
    assert timeline.json()[-1]["reason"] == "逾期未受理"
    timeline = await house.client.get(f"/v1/cases/{case_id}/timeline", caller=house.speaker)
    assert timeline.json()[-1]["reason"] == "not acknowledged in time"


async def test_readers_are_told_in_the_callers_language(house: House) -> None:
    filed = await house.submit(headers={"Accept-Language": "zh"})
    assert [reader["why"] for reader in filed["readers"]][:2] == [WHY[Language.zh][OWES], WHY[Language.zh][ABOVE]]
    assert all(WHY[language].keys() == {OWES, ABOVE, *Part} for language in Language)


async def test_the_deciding_unit_is_named_while_an_appeal_waits(house: House) -> None:
    case_id = await house.case()
    await house.do(case_id, "reject", {"reason": "Not ours."}, caller=official("village"))
    shown = await house.do(case_id, "appeal", {"reason": "It is yours."}, caller=house.speaker)
    name = house.service.units.get(unit("township"))
    assert name is not None
    assert shown["status"].startswith(f"{name.name} looks at the rejection again")
