"""Every sentence and label of a report, in English and in Chinese side by side. Pure.

A new one is one line here. The words for codes are in `words`.
"""

from collections.abc import Mapping
from typing import NamedTuple


class Phrase(NamedTuple):
    """Named by the codes of `shared.languages.Language`."""

    en: str
    zh: str


PHRASES: Mapping[str, Phrase] = {
    # The head
    "title": Phrase("Report of {unit}", "{unit}评定报告"),
    "level": Phrase("Level", "层级"),
    "above": Phrase("Stands below", "上级单位"),
    "profile": Phrase("Profile", "单位概况"),
    "profile_is": Phrase(
        "Serves {population:,} people with a staff of {staff:,}; terrain: {terrain} (as of {day}; source: {source})",
        "服务人口{population:,}人，工作人员{staff:,}人，地形：{terrain}（截至{day}；数据来源：{source}）",
    ),
    "profile_none": Phrase("It has declared no profile.", "尚未申报。"),
    "made_at": Phrase("Report made", "报告生成时间"),
    "for_whom": Phrase("For whom", "适用对象"),
    # The grade
    "grade": Phrase("Grade", "评定等次"),
    "composite": Phrase("Composite", "综合得分"),
    "composite_is": Phrase("{composite} of 1.00", "{composite}（满分1.00）"),
    "bands": Phrase("Bands", "等次标准"),
    "bands_are": Phrase(
        "qualified from {qualified}, excellent from {excellent}", "{qualified}及以上为合格，{excellent}及以上为优秀"
    ),
    "standard": Phrase("Standard", "评定标准"),
    "standard_is": Phrase("{name} ({code}), version {version}", "{name}（{code}），第{version}版"),
    "campaign": Phrase("Campaign", "评定活动"),
    "period": Phrase("Period", "评定期间"),
    "span": Phrase("{since} to {until}", "{since}至{until}"),
    "all_time": Phrase("all that is known", "全部已知数据"),
    "counted_at": Phrase("Counted", "统计时间"),
    "valid_until": Phrase("Valid until", "有效期至"),
    "signatures": Phrase("Signatures", "签署"),
    "signatures_are": Phrase("{given} of {needed}", "{given}人（须{needed}人）"),
    "live": Phrase(
        "This is not a signed grade. It is what the rules make of what is known now.",
        "这不是经签署的等次，而是依规则按现有数据测算的结果。",
    ),
    "at_present": Phrase(
        "As things stand in the running campaign {campaign}: {value}.",
        "在正在进行的评定活动“{campaign}”中，目前测算结果为：{value}。",
    ),
    "no_campaign": Phrase("No running campaign measures this unit.", "目前没有评定活动覆盖本单位。"),
    "reaches_excellent": Phrase(
        "The composite {composite} reaches {excellent}, which is excellent.", "综合得分{composite}，达到优秀标准{excellent}。"
    ),
    "reaches_qualified": Phrase(
        "The composite {composite} reaches {qualified}; {excellent} would be excellent.",
        "综合得分{composite}，达到合格标准{qualified}；达到{excellent}为优秀。",
    ),
    "below_qualified": Phrase(
        "The composite {composite} is below {qualified}, which would be qualified.",
        "综合得分{composite}，低于合格标准{qualified}。",
    ),
    "lacks_observations": Phrase(
        "“{criterion}” needs {minimum} observations ({observations}) and has {n}.",
        "“{criterion}”至少需要{minimum}个样本（{observations}），现有{n}个。",
    ),
    "lacks_voices": Phrase(
        "“{criterion}” rests on too few residents to be shown.", "“{criterion}”涉及的居民人数过少，不予显示。"
    ),
    "lacks_profile": Phrase(
        "“{criterion}” needs the profile of the unit, which has not been declared.",
        "“{criterion}”需要单位概况数据，本单位尚未申报。",
    ),
    "floor_lacks_observations": Phrase(
        "The floor of “{indicator}” needs {minimum} observations ({observations}) and has {n}.",
        "“{indicator}”底线要求至少需要{minimum}个样本（{observations}），现有{n}个。",
    ),
    "floor_lacks_voices": Phrase(
        "The floor of “{indicator}” rests on too few residents to be shown.",
        "“{indicator}”底线要求涉及的居民人数过少，不予显示。",
    ),
    "gate_retaliation": Phrase(
        "Retaliation was found true ({count}). It counts until {until} and makes the unit unqualified, whatever the composite.",
        "经查实存在打击报复行为（{count}起），在{until}前有效；无论综合得分高低，一律评定为不合格。",
    ),
    "gate_alarm": Phrase(
        "Alarms about closing in bulk were upheld ({count}), about days from {since} to {until}. "
        "This makes the unit unqualified, whatever the composite.",
        "经查实存在批量办结行为（{count}起，涉及{since}至{until}）；无论综合得分高低，一律评定为不合格。",
    ),
    "gate_floor": Phrase(
        "“{indicator}” is {value}, below its floor of {at_least}. This makes the unit unqualified, whatever the composite.",
        "“{indicator}”为{value}，低于底线要求{at_least}；无论综合得分高低，一律评定为不合格。",
    ),
    "between": Phrase(
        "By the 95% intervals of the shares the grade could lie anywhere from {low} to {high}.",
        "按各项比率的95%置信区间，等次可能介于{low}与{high}之间。",
    ),
    "certain": Phrase(
        "By the 95% intervals of the shares no other grade is possible.", "按各项比率的95%置信区间，等次不会改变。"
    ),
    "raises_most": Phrase("What would raise it most", "提升空间最大的指标"),
    "gain": Phrase("“{criterion}”: the composite would rise by up to {gain}.", "“{criterion}”：综合得分最多可提高{gain}。"),
    "further": Phrase(
        "{further} more favourable observations ({observations}) alone would make the unit {band}.",
        "仅此一项再增加{further}个正面样本（{observations}），即可评定为{band}。",
    ),
    # How it came about
    "tree": Phrase("How the grade came about", "等次计算过程"),
    "tree_caption": Phrase(
        "Each criterion with its value and what it adds to the composite: weight times worth, divided by 100",
        "各项指标的数值及其对综合得分的贡献（贡献＝权重×得分率÷100）",
    ),
    "criterion": Phrase("Criterion", "指标"),
    "weight": Phrase("Weight", "权重"),
    "value": Phrase("Value", "数值"),
    "n": Phrase("Sample", "样本数"),
    "interval": Phrase("95% interval", "95%置信区间"),
    "interval_is": Phrase("{low} to {high}", "{low}至{high}"),
    "scale": Phrase("Scale", "计分区间"),
    "scale_is": Phrase("{floor} to {target}", "{floor}至{target}"),
    "worth": Phrase("Worth", "得分率"),
    "contribution": Phrase("Adds", "贡献"),
    "total": Phrase("Together", "合计"),
    "hidden": Phrase("not shown", "不予显示"),
    "nothing": Phrase("–", "—"),
    "of_points": Phrase("of 100 points", "分（满分100分）"),
    "per_population": Phrase("per {per:,} residents", "次／每{per:,}名居民"),
    "per_staff": Phrase("per {per:,} staff", "次／每{per:,}名工作人员"),
    "gates": Phrase("Gates", "一票否决事项"),
    "gates_caption": Phrase("What makes a unit unqualified by itself", "单项即可评定为不合格的事项"),
    "gate": Phrase("Gate", "事项"),
    "asked": Phrase("Asked for", "要求"),
    "found": Phrase("Found", "结果"),
    "at_least": Phrase("at least {share}", "不低于{share}"),
    "none_found": Phrase("none found true in 365 days", "365日内无查实情形"),
    "none_upheld": Phrase("none upheld in the period", "评定期内无查实情形"),
    "passed": Phrase("passed", "通过"),
    "not_passed": Phrase("not passed", "未通过"),
    "cannot_be_told": Phrase("cannot be told", "无法判定"),
    # What residents say, and what was done
    "voices": Phrase("What residents say, and what was done", "居民评价与办理情况"),
    "rates_caption": Phrase("Shares, {period}", "各项比率（{period}）"),
    "rate": Phrase("Share", "比率"),
    "called_back": Phrase("Confirmed when called back", "回访确认率"),
    "gap_is": Phrase(
        "Of the cases that the unit called resolved, {gap} were not confirmed by a resident, or did not last.",
        "在本单位答复办结的事项中，{gap}未获居民确认或未能保持解决。",
    ),
    "gap_hidden": Phrase(
        "The gap between what the unit calls resolved and what residents confirm is not shown: too few residents spoke.",
        "答复办结与居民确认之间的差距不予显示：表态居民人数过少。",
    ),
    "gap_none": Phrase("Nothing that the unit called resolved has been judged yet.", "本单位答复办结的事项尚无居民作出评价。"),
    "times_caption": Phrase("Times, {period}", "办理时长（{period}）"),
    "time": Phrase("Time until", "环节"),
    "median": Phrase("Median", "中位数"),
    "p90": Phrase("90% within", "90%不超过"),
    "days": Phrase("{number} days", "{number}天"),
    "hours": Phrase("{number} h", "{number}小时"),
    "minutes": Phrase("{number} min", "{number}分钟"),
    "hours_minutes": Phrase("{hours} {minutes}", "{hours}{minutes}"),
    "acknowledgement": Phrase("acknowledged", "受理"),
    "first_answer": Phrase("first answered", "首次答复"),
    "completion": Phrase("confirmed resolved by the resident", "居民确认解决"),
    "cases_caption": Phrase("Cases, {period}", "事项（{period}）"),
    "visits_caption": Phrase("Visits, {period}", "走访（{period}）"),
    "what": Phrase("What", "项目"),
    "number": Phrase("Number", "数量"),
    "cases_opened": Phrase("opened", "受理"),
    "cases_answered": Phrase("answered", "已答复"),
    "cases_confirmed": Phrase("confirmed resolved", "居民确认解决"),
    "cases_refused": Phrase("called unresolved by residents", "居民认为未解决"),
    "cases_reopened": Phrase("opened again", "重新提出"),
    "cases_breached": Phrase("with a missed deadline", "逾期"),
    "cases_escalated": Phrase("told to a unit above", "报上级督办"),
    "visits_planned": Phrase("planned", "计划"),
    "visits_done": Phrase("made in time", "按时完成"),
    "visits_done_late": Phrase("made or entered late", "逾期完成或补录"),
    "visits_missed": Phrase("missed", "未完成"),
    "visits_refused": Phrase("refused by residents (counts against nobody)", "居民谢绝（不扣分）"),
    "visits_counted": Phrase("by which something was learned or done", "有实际成效"),
    # Outcomes, plan, history
    "outcomes": Phrase("Outcomes", "工作成效"),
    "outcomes_caption": Phrase(
        "What was to change, and whether residents notice it: the newest, at most {most}",
        "预期变化及居民感受（最近{most}项以内）",
    ),
    "outcomes_none": Phrase("No outcome has been published.", "尚无公布的工作成效。"),
    "outcomes_none_own": Phrase("No outcome has been recorded.", "尚无登记的工作成效。"),
    "outcome": Phrase("Outcome", "成效"),
    "baseline": Phrase("Before", "基期"),
    "target": Phrase("Target", "目标"),
    "latest": Phrase("Latest", "最新"),
    "measured": Phrase("{value} {unit}", "{value}{unit}"),
    "progress": Phrase("Progress", "进度"),
    "noticed": Phrase("Residents who notice it", "有感受的居民"),
    "noticed_is": Phrase("{share} of {n}", "{share}（{n}人）"),
    "counts_for": Phrase("Counts", "计入进度"),
    "unpublished": Phrase("not published", "未公布"),
    "plan": Phrase("Upgrade plan", "整改提升计划"),
    "plan_none": Phrase("The unit owes no upgrade plan and has none.", "本单位目前无须提交整改提升计划，亦无已通过的计划。"),
    "plan_aim": Phrase("Aim: {aim}. State: {state}.", "目标：{aim}。状态：{state}。"),
    "plan_owed": Phrase("It is owed by {due}.", "须在{due}前提交。"),
    "plan_overdue": Phrase("It was owed by {due} and is late.", "应在{due}前提交，现已逾期。"),
    "plan_returned": Phrase("Returned because: {reason}", "退回理由：{reason}"),
    "gaps": Phrase("To be closed", "待解决问题"),
    "gap_needed": Phrase("{name} (needs {needed})", "{name}（须达到{needed}）"),
    "actions_caption": Phrase("What the unit does, and by when", "整改措施及期限"),
    "action": Phrase("Action", "措施"),
    "answers": Phrase("For", "对应问题"),
    "due": Phrase("By", "期限"),
    "done": Phrase("Done", "完成时间"),
    "not_done": Phrase("not yet", "未完成"),
    "history": Phrase("Earlier and present grades", "历次评定"),
    "history_caption": Phrase("The newest first, at most {most}", "由近及远，最多{most}次"),
    "history_none": Phrase("No grade has been published yet.", "尚无公布的评定结果。"),
    "published_on": Phrase("Published", "公布日期"),
    "cause": Phrase("Cause", "评定缘由"),
    "state": Phrase("State", "状态"),
    "corrections": Phrase("Corrections", "更正记录"),
    "corrections_caption": Phrase("What an objection changed in this grade", "因异议对本次等次作出的更正"),
    "before": Phrase("Before", "更正前"),
    "after": Phrase("After", "更正后"),
    "reason": Phrase("Reason", "理由"),
    "counted_anew": Phrase("Counted anew, with what was heard since.", "根据此后收到的数据重新统计。"),
    "exclusions": Phrase("Left out of campaigns", "不参加评定的情形"),
    "exclusions_caption": Phrase("When and why the unit was left out", "不参加评定的起止时间及理由"),
    "since": Phrase("Since", "开始"),
    "until": Phrase("Until", "结束"),
    "ongoing": Phrase("still", "仍在持续"),
    # How to object
    "objecting": Phrase("How to object", "如何提出异议"),
    "objecting_open": Phrase(
        "Officials and leads of the unit may object to this grade once, until {until}, in this system. An inspector from outside "
        "the unit and those above and below it, who did not sign it, decides.",
        "本单位工作人员和负责人可在{until}前通过本系统对本次等次提出一次异议，由未参与签署且不属于本单位及其上下级单位的督查人员裁定。",
    ),
    "objecting_closed": Phrase(
        "The time to object to this grade is over, or an objection has been raised or decided.",
        "本次等次的异议期已结束，或者异议已提出、已裁定。",
    ),
    "objecting_unsigned": Phrase(
        "Nothing is signed yet, so there is nothing to object to. Once a grade is published the unit has a time to object, which "
        "is told here.",
        "等次尚未签署，暂不能提出异议。等次公布后，本单位可在规定期限内提出异议，期限将在此处公布。",
    ),
    "objecting_resident": Phrase(
        "Residents are heard in their cases: confirm whether yours is resolved, open it again if it is not, and rate it. That is "
        "what this grade is counted from.",
        "居民可通过自己的事项表达意见：确认是否解决，未解决的可重新提出，并可作出满意度评价。等次正是据此统计的。",
    ),
    # What is to do
    "to_do": Phrase("What is to do", "待办事项"),
    "to_do_nothing": Phrase("Nothing is owed at present.", "目前没有待办事项。"),
    "to_do_object": Phrase("Object by {until}, if the grade was counted wrongly.", "如认为等次统计有误，请在{until}前提出异议。"),
    "to_do_plan": Phrase("Submit an upgrade plan by {due}.", "请在{due}前提交整改提升计划。"),
    "to_do_action": Phrase("Carry out “{text}” by {due}, and show the evidence.", "请在{due}前完成“{text}”并提交佐证材料。"),
    "to_do_reassess": Phrase("Every action is done: ask for the re-assessment.", "各项措施均已完成，请申请重新评定。"),
    "to_do_profile": Phrase("Declare the profile of the unit.", "请申报单位概况。"),
    "to_do_outcome": Phrase("Measure “{title}”, which was due on {day}.", "“{title}”已于{day}到期，请补充测量结果。"),
    "to_do_expires": Phrase("The grade is valid until {until}.", "本次等次有效期至{until}。"),
    # For those who assess
    "evidence": Phrase("Evidence", "证据"),
    "evidence_caption": Phrase(
        "What each criterion rests on, from which the grade is computed again to the last digit",
        "各项指标的统计依据，据此可重新计算出完全相同的等次",
    ),
    "counted": Phrase("Counted", "计数"),
    "needed": Phrase("Needed", "最低样本数"),
    "missing": Phrase("Missing", "缺少"),
    "formula": Phrase("Formula and source", "计算公式及数据来源"),
    "owner": Phrase("Answers for the data", "数据责任部门"),
    "left_out": Phrase("{count} cases left out by a correction", "因更正剔除{count}件"),
    "exact": Phrase("Exact composite", "综合得分精确值"),
    "formula_scaled": Phrase(
        "{formula}; worth nothing at {floor}, everything at {target}", "{formula}；{floor}时得分率为0，{target}时得分率为100%"
    ),
    "formula_population": Phrase("{formula} / (residents / {per:,})", "{formula}÷（居民人数÷{per:,}）"),
    "formula_staff": Phrase("{formula} / (staff / {per:,})", "{formula}÷（工作人员数÷{per:,}）"),
    "formula_terrain": Phrase("{formula}, expected less by terrain: {factors}", "{formula}，并按地形系数折算：{factors}"),
    "signed_by": Phrase("Signed by", "签署人"),
    "signed_caption": Phrase("Who stands for this grade, by role and unit", "签署本次等次的角色及单位"),
    "role": Phrase("Role", "角色"),
    "unit": Phrase("Unit", "单位"),
    "no_unit": Phrase("no unit", "不隶属任何单位"),
    "day": Phrase("When", "时间"),
    "signed_none": Phrase("Nobody has signed it.", "尚无人签署。"),
    "objections": Phrase("Objections", "异议"),
    "objections_caption": Phrase("What the unit said against its grades, and what came of it", "本单位提出的异议及处理结果"),
    "none": Phrase("None.", "无。"),
    "grounds": Phrase("Grounds", "异议类型"),
    "said": Phrase("What was said", "异议内容"),
    "due_by": Phrase("To be decided by {due}", "须在{due}前裁定"),
    "decisions": Phrase("Decisions", "决定记录"),
    "decisions_caption": Phrase(
        "The newest first, at most {most}; reasons as they were recorded", "由近及远，最多{most}条；理由按原始记录显示"
    ),
    "kind": Phrase("What", "事项"),
    "rule": Phrase("Rule", "规则"),
    "by_whom": Phrase("By", "决定人"),
    "by_rule": Phrase("the rule alone", "规则自动"),
    # The foot
    "reading": Phrase("How to read this", "阅读说明"),
    "note_few": Phrase(
        "Figures that rest on fewer than {fewest} residents are not shown, so that nobody can tell who said what.",
        "涉及居民少于{fewest}人的数据不予显示，以免推知个人意见。",
    ),
    "note_missing": Phrase(
        "What is missing is missing, never zero: a unit with too little evidence is not graded.",
        "缺少的数据按缺失处理，不按零计算；数据不足的单位不予评级。",
    ),
    "note_rounding": Phrase(
        "Composites are rounded down to hundredths and shares to tenths of a per cent.",
        "综合得分精确到0.01，比率精确到0.1%，均向下取整。",
    ),
    "note_volume": Phrase("How much is complained of never lowers a grade.", "反映问题的数量不会降低评定等次。"),
    "note_zone": Phrase("All times are UTC.", "所有时间均为协调世界时（UTC）。"),
    "note_persons": Phrase("Units and roles are named here; persons are not.", "本报告只列明单位和角色，不涉及个人。"),
}
