"""A report as one HTML page: no script, nothing from elsewhere, and made for printing."""

from base64 import b64encode
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import UUID

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from services.assessment.decisions.models import Decision
from services.assessment.grades.rules import SIGNATURES, GradeState, Rule, can_be_objected
from services.assessment.grading.rules.gates import CountedGate, GateCode
from services.assessment.grading.rules.judging import GradeValue, meaning_of
from services.assessment.grading.rules.showing import FEWEST
from services.assessment.indicators.rules import Indicator
from services.assessment.objections.models import Objection
from services.assessment.objections.rules import Grounds, ObjectionState
from services.assessment.reports.queries import MOST, MOST_DECISIONS
from services.assessment.reports.rules.speech import Speech
from services.assessment.reports.rules.telling import Verdict, advice, reasons, uncertainty
from services.assessment.reports.rules.words import STANDING
from services.assessment.reports.schemas import Report
from services.assessment.standards.rules import Criterion
from services.assessment.upgrade_plans.rules import PlanState
from services.assessment.upgrade_plans.schemas import OWED, PlanOut
from shared.languages import Language
from shared.types import JsonObject, Level

HERE = Path(__file__).parent
LANG = {Language.en: "en", Language.zh: "zh-CN"}
STYLE = (HERE / "report.css").read_text()
TEMPLATE = Environment(
    loader=FileSystemLoader(HERE), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
).get_template("report.html")
POLICY = "default-src 'none'; style-src 'sha256-{style}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"


@dataclass(frozen=True, slots=True)
class Page:
    """`policy`: the Content-Security-Policy that lets its own style through and nothing else."""

    html: str
    policy: str


def render(report: Report, language: Language) -> Page:
    """The page in this language. What somebody wrote stands in it as it was written, and is never markup."""
    speech = Speech(language)
    title = speech.say("title", unit=report.unit.name)
    style = STYLE + _running_head(title)
    digest = b64encode(sha256(style.encode()).digest()).decode()
    html = TEMPLATE.render(
        report=report,
        speech=speech,
        say=speech.say,
        title=title,
        lang=LANG[language],
        style=Markup(style),
        **_told(report, speech),
    )
    return Page(html, POLICY.format(style=digest))


def _running_head(title: str) -> str:
    """The title on every printed page: each character by its number, so that none of them can end the string."""
    numbers = "".join(f"\\{ord(character):06x}" for character in title)
    return f'@page{{@top-left{{content:"{numbers}"}}}}'


def _told(report: Report, speech: Speech) -> dict[str, Any]:
    """What the template does not work out for itself."""
    judged, card = report.judged, report.card
    counts = {gate.code: gate.count for gate in judged.grade.gates if isinstance(gate, CountedGate)}
    declared = {GateCode(gate) for gate in judged.standard.gates} if judged.standard else ()
    bands = judged.standard.bands if judged.standard else None
    why = list(reasons(speech, judged.grade, bands, judged.floors))
    return {
        "level": Level(report.unit.level),
        "nothing": speech.say("nothing"),
        "fewest": FEWEST,
        "needed": SIGNATURES,
        "most": MOST,
        "most_decisions": MOST_DECISIONS,
        "standing": _standing(report, speech),
        "reasons": why,
        "reason_of": partial(_reason, report, " ".join(why)),
        "uncertainty": uncertainty(speech, judged.grade),
        "advice": list(advice(speech, judged.grade)),
        "duties": list(_duties(report, speech)),
        "counted_gates": [
            (speech.word(code), speech.say(asked), counts.get(code, 0))
            for code, asked in ((GateCode.retaliation, "none_found"), (GateCode.upheld_alarm, "none_upheld"))
            if code is GateCode.retaliation or code in declared
        ],
        "verdicts": {verdict: speech.say(verdict) for verdict in Verdict},
        "rates": [
            (Indicator.response, card.response_rate),
            (Indicator.resolution, card.resolution_rate),
            (Indicator.satisfaction, card.satisfaction_rate),
            (Indicator.confirmation, card.gap.confirmation),
            (Indicator.durability, card.gap.durability),
        ],
        "gap_name": partial(_gap_name, report, speech),
        "returned": report.plan.returned_reason if isinstance(report.plan, PlanOut) else None,
        "corrections": [_correction(report, speech, each) for each in report.corrections],
        "source_of": _source,
        "unit_name": partial(_unit_name, report, speech),
        "grounds_of": partial(_grounds, speech),
        "objection_state": partial(_objection_state, speech),
        "objecting": _objecting(report, speech),
    }


def _standing(report: Report, speech: Speech) -> str:
    signed = report.judged.signed
    if signed is None:
        return speech.say("live")
    days = {"published": signed.published_at, "objectable": signed.objectable_until, "valid": signed.valid_until}
    told = {name: speech.day(day) if day else "" for name, day in days.items()}
    return speech.tell(STANDING[GradeState(signed.state)], **told)


def _duties(report: Report, speech: Speech) -> Iterator[str]:
    """What the unit's own people have to do, or may do, and by when."""
    if (until := _objectable_until(report)) is not None:
        yield speech.say("to_do_object", until=speech.moment(until))
    if report.profile is None:
        yield speech.say("to_do_profile")
    yield from _plan_duties(report, speech)
    for each in report.outcomes:
        if each.after is None and each.target.on < report.made_at.date():
            yield speech.say("to_do_outcome", title=each.title, day=speech.day(each.target.on))
    if report.judged.signed and report.judged.signed.valid_until:
        yield speech.say("to_do_expires", until=speech.day(report.judged.signed.valid_until))


def _plan_duties(report: Report, speech: Speech) -> Iterator[str]:
    plan = report.plan
    if plan is None:
        return
    if plan.state in (OWED, PlanState.returned) and plan.due_at is not None:
        yield speech.say("to_do_plan", due=speech.day(plan.due_at))
    if plan.state == PlanState.accepted:
        left = [action for action in plan.actions if action.done_at is None]
        yield from (speech.say("to_do_action", text=each.text, due=speech.day(each.due_on)) for each in left)
        if not left:
            yield speech.say("to_do_reassess")


def _objectable_until(report: Report) -> datetime | None:
    signed = report.judged.signed
    if signed and can_be_objected(GradeState(signed.state), signed.objectable_until, report.made_at):
        return signed.objectable_until
    return None


def _objecting(report: Report, speech: Speech) -> str:
    if report.judged.signed is None or report.judged.signed.published_at is None:
        return speech.say("objecting_unsigned")
    until = _objectable_until(report)
    return speech.say("objecting_open", until=speech.moment(until)) if until else speech.say("objecting_closed")


def _gap_name(report: Report, speech: Speech, code: str) -> str:
    """Of a criterion, or of a gate and what it is about."""
    if code in report.names:
        return report.names[code]
    gate, _, indicator = code.partition(".")
    word = speech.word(GateCode(gate))
    return f"{word}{speech.comma}{speech.word(Indicator(indicator))}" if indicator else word


def _correction(report: Report, speech: Speech, found: JsonObject) -> Mapping[str, Any]:
    """With its figures for those who see them all: to the others it is the grade that it changed."""
    names = {part.criterion.code: part.criterion.name for part in report.judged.parts}
    anew = found["rule"] == Rule.counted_anew
    figures = report.view != "public"
    return {
        "name": names[found["criterion"]],
        "before": _side(speech, found, "before", figures=figures),
        "after": _side(speech, found, "after", figures=figures),
        "reason": speech.say("counted_anew") if anew else found["reason"],
        "at": datetime.fromisoformat(found["at"]),
    }


def _side(speech: Speech, found: JsonObject, side: str, *, figures: bool) -> str:
    counted = found[side]
    value = speech.word(GradeValue(found[f"value_{side}"]))
    return f"{counted['hits']} / {counted.get('of') or counted['n']}{speech.comma}{value}" if figures else value


def _source(criterion: Criterion) -> str:
    return meaning_of(criterion).source


def _reason(report: Report, why: str, decision: Decision) -> str:
    """As it was recorded, but for the reason of this very grade, which the page gives in its own language."""
    signed = report.judged.signed
    return why if signed and (decision.subject_id, decision.reason) == (signed.id, signed.reason) else decision.reason


def _unit_name(report: Report, speech: Speech, unit_id: UUID | None) -> str:
    units = report.register.units if report.register else {}
    return units[unit_id] if unit_id and unit_id in units else speech.say("no_unit")


def _grounds(speech: Speech, objection: Objection) -> str:
    return speech.word(Grounds(objection.grounds))


def _objection_state(speech: Speech, objection: Objection) -> str:
    return speech.word(ObjectionState(objection.state))
