"""What codes mean, in English and in Chinese side by side. Pure.

No code is shown to a resident: one that can be shown has its word here, and a test names those without.
"""

from collections.abc import Mapping
from enum import StrEnum

from services.assessment.audits.rules import Rule as AuditRule
from services.assessment.campaigns.rules import ExclusionReason
from services.assessment.grades.rules import GradeCause, GradeState
from services.assessment.grades.rules import Rule as GradeRule
from services.assessment.grading.rules.gates import GateCode
from services.assessment.grading.rules.judging import GradeValue
from services.assessment.indicators.rules import Indicator
from services.assessment.objections.rules import Grounds, ObjectionState
from services.assessment.objections.rules import Rule as ObjectionRule
from services.assessment.outcomes.rules import Better
from services.assessment.reports.rules.phrases import Phrase
from services.assessment.reports.rules.views import View
from services.assessment.standards.rules import Source
from services.assessment.upgrade_plans.rules import Aim, PlanState
from services.assessment.upgrade_plans.rules import Rule as PlanRule
from shared.events.assessment import Terrain
from shared.types import Level

WORDS: Mapping[type[StrEnum], Mapping[str, Phrase]] = {
    View: {
        View.public: Phrase("Anybody: this report is public", "公众（公开版）"),
        View.unit: Phrase(
            "The unit and the leads above it: this report is not public", "本单位及上级负责人（内部版，不对外公开）"
        ),
        View.inspector: Phrase(
            "Inspectors and administrators: this report is not public", "督查人员和管理员（督查版，不对外公开）"
        ),
    },
    GradeValue: {
        GradeValue.not_graded: Phrase("not graded", "未评级"),
        GradeValue.unqualified: Phrase("unqualified", "不合格"),
        GradeValue.qualified: Phrase("qualified", "合格"),
        GradeValue.excellent: Phrase("excellent", "优秀"),
    },
    GradeState: {
        GradeState.proposed: Phrase("proposed", "待签署"),
        GradeState.signed: Phrase("signed once", "一人已签署"),
        GradeState.published: Phrase("published", "已公布"),
        GradeState.under_objection: Phrase("under objection", "异议处理中"),
        GradeState.confirmed: Phrase("confirmed", "已确认"),
        GradeState.corrected: Phrase("being corrected", "更正中"),
        GradeState.superseded: Phrase("superseded", "已被取代"),
        GradeState.expired: Phrase("expired", "已过期"),
    },
    GradeCause: {
        GradeCause.campaign: Phrase("campaign", "评定活动"),
        GradeCause.correction: Phrase("correction after an objection", "异议更正"),
        GradeCause.reassessment: Phrase("re-assessment after an upgrade plan", "整改后重新评定"),
    },
    GateCode: {
        GateCode.retaliation: Phrase("Retaliation", "打击报复"),
        GateCode.upheld_alarm: Phrase("Closing in bulk", "批量办结"),
        GateCode.floor: Phrase("Floor", "底线要求"),
    },
    Level: {
        Level.province: Phrase("province", "省级"),
        Level.prefecture: Phrase("prefecture", "地市级"),
        Level.county: Phrase("county", "县级"),
        Level.township: Phrase("township", "乡镇级"),
        Level.grassroots: Phrase("grassroots", "村（社区）级"),
    },
    Terrain: {
        Terrain.plain: Phrase("plain", "平原"),
        Terrain.hills: Phrase("hills", "丘陵"),
        Terrain.mountains: Phrase("mountains", "山区"),
        Terrain.islands: Phrase("islands", "海岛"),
        Terrain.city: Phrase("city", "城区"),
    },
    Indicator: {
        Indicator.response: Phrase("Response rate", "响应率"),
        Indicator.resolution: Phrase("Resolution rate", "解决率"),
        Indicator.satisfaction: Phrase("Satisfaction rate", "满意率"),
        Indicator.confirmation: Phrase("Confirmation rate", "居民确认率"),
        Indicator.durability: Phrase("Durability", "解决保持率"),
        Indicator.visits_on_time: Phrase("Visits on time", "走访按时率"),
        Indicator.visits_covered: Phrase("Visits made at all", "走访覆盖率"),
        Indicator.visits_counted: Phrase("Visits with a result", "走访有效率"),
        Indicator.visits_made: Phrase("Visits made", "走访次数"),
        Indicator.outcomes: Phrase("Outcomes confirmed", "成效确认度"),
    },
    Source: {
        Source.measured: Phrase("measured", "系统统计"),
        Source.residents: Phrase("said by residents", "居民评价"),
        Source.inspector: Phrase("inspectors' scores", "督查评分"),
        Source.self: Phrase("the unit's own scores", "单位自评"),
    },
    Aim: {
        Aim.qualified: Phrase("qualified", "合格"),
        Aim.excellent: Phrase("excellent", "优秀"),
    },
    PlanState: {
        PlanState.submitted: Phrase("submitted, to be decided by a unit above", "已提交，待上级单位审核"),
        PlanState.accepted: Phrase("accepted", "已通过"),
        PlanState.returned: Phrase("returned", "已退回"),
        PlanState.reassessed: Phrase("carried out; re-assessment asked for", "已完成，已申请重新评定"),
    },
    Grounds: {
        Grounds.counted_wrongly: Phrase("counted wrongly", "统计有误"),
        Grounds.not_our_duty: Phrase("not the unit's duty", "不属本单位职责"),
        Grounds.standard_misapplied: Phrase("standard misapplied", "标准适用不当"),
        Grounds.conflict_of_interest: Phrase("conflict of interest", "存在利益冲突"),
    },
    ObjectionState: {
        ObjectionState.open: Phrase("open", "处理中"),
        ObjectionState.upheld: Phrase("upheld", "成立"),
        ObjectionState.dismissed: Phrase("dismissed", "不成立"),
    },
    ExclusionReason: {
        ExclusionReason.emergency: Phrase("emergency", "突发事件"),
        ExclusionReason.reorganisation: Phrase("reorganisation", "机构调整"),
        ExclusionReason.no_service_to_residents: Phrase("no service to residents", "不直接服务居民"),
        ExclusionReason.covered_elsewhere: Phrase("covered elsewhere", "已纳入其他评定"),
    },
    Better: {
        Better.up: Phrase("more is better", "越高越好"),
        Better.down: Phrase("less is better", "越低越好"),
    },
}
"""By their kind, because codes of different kinds may read the same."""

STANDING: Mapping[GradeState, Phrase] = {
    GradeState.proposed: Phrase(
        "Proposed by the rules. Nobody has signed it yet, and it is not public.", "由系统依规则提出，尚无人签署，未对外公布。"
    ),
    GradeState.signed: Phrase(
        "Signed once. A second person from outside the unit has to sign it before it is published.",
        "已有一人签署，须再经一名本单位以外的人员签署后公布。",
    ),
    GradeState.published: Phrase(
        "Signed by two people from outside the unit and published on {published}. The unit may object until {objectable}.",
        "经本单位以外的两人签署，于{published}公布。本单位可在{objectable}前提出异议。",
    ),
    GradeState.under_objection: Phrase(
        "Published on {published}. The unit has objected; nothing takes its place until that is decided.",
        "于{published}公布。本单位已提出异议，裁定之前本等次继续有效。",
    ),
    GradeState.confirmed: Phrase(
        "Published on {published} and confirmed: nobody objected in time, or the objection was dismissed.",
        "于{published}公布，现已确认：期限内无异议，或者异议不成立。",
    ),
    GradeState.corrected: Phrase(
        "Published on {published}. An objection was upheld; the corrected grade has not been signed yet.",
        "于{published}公布。异议成立，更正后的等次尚未签署。",
    ),
    GradeState.superseded: Phrase("Published on {published}; a newer grade stands.", "于{published}公布，已有新的等次。"),
    GradeState.expired: Phrase(
        "Published on {published}. Its term ended on {valid}: the unit has to be graded anew.",
        "于{published}公布，已于{valid}到期，须重新评定。",
    ),
}
"""How a grade stands."""

OBSERVATIONS: Mapping[Indicator, Phrase] = {
    Indicator.response: Phrase("cases due a first answer", "应首次答复的事项"),
    Indicator.resolution: Phrase("residents' verdicts", "居民对是否解决的评价"),
    Indicator.satisfaction: Phrase("satisfaction ratings", "满意度评价"),
    Indicator.confirmation: Phrase("cases called resolved", "答复办结的事项"),
    Indicator.durability: Phrase("cases that a resident confirmed", "居民确认解决的事项"),
    Indicator.visits_on_time: Phrase("visits made or missed", "已完成或未完成的走访"),
    Indicator.visits_covered: Phrase("visits made or missed", "已完成或未完成的走访"),
    Indicator.visits_counted: Phrase("visits made", "已完成的走访"),
    Indicator.visits_made: Phrase("planned visits", "计划走访"),
    Indicator.outcomes: Phrase("outcomes due that can be counted", "到期且可计入的成效"),
}
"""What an indicator counts."""

SCORES: Mapping[Source, Phrase] = {
    Source.inspector: Phrase("inspectors' scores", "督查评分"),
    Source.self: Phrase("scores by the unit itself", "单位自评评分"),
}
"""What is counted of the words of people who give scores."""

FORMULAS: Mapping[Indicator, Phrase] = {
    Indicator.response: Phrase(
        "cases first answered in time / cases first answered or overdue for a first answer",
        "按时首次答复的事项÷已首次答复或首次答复逾期的事项",
    ),
    Indicator.resolution: Phrase(
        "cases last judged resolved and not reopened since / cases judged", "最近一次评价为已解决且未重新提出的事项÷已评价事项"
    ),
    Indicator.satisfaction: Phrase(
        "cases last judged satisfying / cases whose last judgement says so either way",
        "最近一次评价为满意的事项÷最近一次评价表明满意与否的事项",
    ),
    Indicator.confirmation: Phrase(
        "cases that a resident confirmed and nobody reopened / cases answered and judged, or closed because nobody judged",
        "居民确认解决且未重新提出的事项÷已答复并经评价、或因无人评价而办结的事项",
    ),
    Indicator.durability: Phrase(
        "cases never reopened since / cases that a resident confirmed", "确认后从未重新提出的事项÷居民确认解决的事项"
    ),
    Indicator.visits_on_time: Phrase(
        "visits made in their window / visits made or missed", "在规定时段内完成的走访÷已完成或未完成的走访"
    ),
    Indicator.visits_covered: Phrase(
        "visits made, in their window or later / visits made or missed", "已完成的走访（含逾期）÷（已完成的走访＋未完成的走访）"
    ),
    Indicator.visits_counted: Phrase(
        "visits by which something was learned or done / visits made", "有实际成效的走访÷已完成的走访"
    ),
    Indicator.visits_made: Phrase("visits made", "已完成的走访次数"),
    Indicator.outcomes: Phrase(
        "mean of progress x the share of residents who notice it, over the outcomes due; 0 for one that was not measured and "
        "published 30 days after its day, without those that fewer than five residents spoke of",
        "到期成效的“进展×感受到成效的居民比例”平均值；逾期30日仍未测量并公布的按0计，发表意见的居民不足5人的不计",
    ),
}

SCORED = Phrase("mean score / 100", "平均分÷100")
"""The formula of scores."""

ROLES: Mapping[str, Phrase] = {
    "anonymous": Phrase("anonymous", "匿名人员"),
    "resident": Phrase("resident", "居民"),
    "official": Phrase("official", "工作人员"),
    "lead": Phrase("lead", "负责人"),
    "inspector": Phrase("inspector", "督查人员"),
    "admin": Phrase("administrator", "管理员"),
}

OWED = Phrase("owed, and none has been accepted yet", "须提交，尚无通过的计划")
"""The state of an upgrade plan that there is not."""

RULES: Mapping[str, Phrase] = {
    GradeRule.by_standard: Phrase("by the standard", "依评定标准计算"),
    GradeRule.outside_the_chain: Phrase("signed by somebody outside the chain", "签署人不属于本单位及其上下级单位"),
    GradeRule.two_signatures: Phrase("two signatures", "经两人签署"),
    GradeRule.returned: Phrase("returned with a reason", "说明理由后退回"),
    GradeRule.corrected: Phrase("corrected on an objection", "因异议更正"),
    GradeRule.corrected_on_audit: Phrase("corrected on an audit of its evidence", "因依据抽查更正"),
    GradeRule.counted_anew: Phrase("counted anew", "重新统计"),
    GradeRule.window_passed: Phrase("nobody objected in time", "期限内无异议"),
    GradeRule.newest_stands: Phrase("the newest grade stands", "以最新等次为准"),
    GradeRule.term_ended: Phrase("its term ended", "有效期届满"),
    ObjectionRule.by_the_unit: Phrase("by the unit, within the window", "本单位在期限内提出"),
    ObjectionRule.independent: Phrase("an independent reviewer decides", "由独立人员裁定"),
    ObjectionRule.overdue: Phrase("a review that is overdue is told", "裁定逾期须报告"),
    PlanRule.answers_gaps: Phrase("a plan answers every gap", "计划须回应每个问题"),
    PlanRule.by_a_unit_above: Phrase("a unit above decides", "由上级单位审核"),
    PlanRule.with_evidence: Phrase("done with evidence", "完成须有佐证"),
    PlanRule.late: Phrase("a plan that is late is told", "计划逾期须报告"),
    PlanRule.every_action_done: Phrase("every action is done", "各项措施均已完成"),
    AuditRule.drawn: Phrase("drawn by a seed told before", "按事先公布的随机种子抽取"),
    AuditRule.checked: Phrase("checked by somebody outside the chain", "由本单位及其上下级单位以外的人员核查"),
    AuditRule.settled: Phrase("settled by a second person", "由另一人处理"),
}
"""By which rule something was decided; what is not here is told by its code alone."""

KINDS: Mapping[str, Phrase] = {
    "grade.asked": Phrase("grades asked for", "要求提出等次"),
    "grade.proposed": Phrase("grade proposed", "提出等次"),
    "grade.signed": Phrase("grade signed", "签署等次"),
    "grade.returned": Phrase("grade returned", "退回等次"),
    "grade.published": Phrase("grade published", "公布等次"),
    "grade.superseded": Phrase("grade superseded", "等次被取代"),
    "grade.confirmed": Phrase("grade confirmed", "确认等次"),
    "grade.expired": Phrase("grade expired", "等次到期"),
    "audit.started": Phrase("audit of evidence started", "启动依据抽查"),
    "audit.upheld": Phrase("evidence holds", "依据属实"),
    "audit.not-supported": Phrase("evidence does not hold", "依据不实"),
    "audit.cannot-be-checked": Phrase("evidence cannot be checked", "依据无法核查"),
    "audit.counted-anew": Phrase("counted without it", "剔除后重新统计"),
    "audit.explained": Phrase("explained, and counts", "说明理由后仍计入"),
    "objection.raised": Phrase("objection raised", "提出异议"),
    "objection.upheld": Phrase("objection upheld", "异议成立"),
    "objection.dismissed": Phrase("objection dismissed", "异议不成立"),
    "objection.overdue": Phrase("review overdue", "裁定逾期"),
    "upgrade-plan.submitted": Phrase("upgrade plan submitted", "提交整改提升计划"),
    "upgrade-plan.accepted": Phrase("upgrade plan accepted", "通过整改提升计划"),
    "upgrade-plan.returned": Phrase("upgrade plan returned", "退回整改提升计划"),
    "upgrade-plan.action-done": Phrase("action done", "完成整改措施"),
    "upgrade-plan.reassessed": Phrase("re-assessment asked for", "申请重新评定"),
    "upgrade-plan.late": Phrase("upgrade plan late", "整改提升计划逾期"),
}
"""What the register of decisions tells; what is not here is told by its code, to those who assess."""
