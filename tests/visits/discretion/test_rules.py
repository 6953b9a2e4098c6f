import pytest

from services.visits.discretion.rules import Private, check_notes, private_code, private_kind
from shared.errors import Invalid

ABOUT_PERSONS = [
    ("She is a Christian.", Private.faith),
    ("Two MUSLIMS live here", Private.faith),
    ("The family's religion was asked", Private.faith),
    ("A devout church-goer", Private.faith),
    ("He prays at home", Private.faith),
    ("the jewish neighbour", Private.faith),
    ("她信教", Private.faith),
    ("户主是基督教徒", Private.faith),
    ("每周做礼拜", Private.faith),
    ("He is a party member", Private.politics),
    ("the parents are Communists", Private.politics),
    ("A dissident, watch him", Private.politics),
    ("They voted for the other one", Private.politics),
    ("His political views", Private.politics),
    ("户主是党员", Private.politics),
    ("政治面貌：群众", Private.politics),
    ("老上访户", Private.politics),
    ("The mother has cancer", Private.health),
    ("Grandfather is ill.", Private.health),
    ("She’s diabetic", Private.health),
    ("The daughter's pregnancy", Private.health),
    ("was diagnosed last year", Private.health),
    ("Has AIDS", Private.health),
    ("No medicine for her cancer", Private.health),
    ("The test for hepatitis came too late for his cancer", Private.health),
    ("poor   health", Private.health),
    ("ＣＡＮＣＥＲ", Private.health),
    ("alcoholics both", Private.health),
    ("患有糖尿病", Private.health),
    ("媳妇怀孕了", Private.health),
    ("长期酗酒", Private.health),
]
ABOUT_SERVICES = [
    "The clinic is closed on Fridays.",
    "The bus to the hospital does not come any more.",
    "No cancer screening in the township since May",
    "The dementia ward is full",
    "Sick pay comes three months late",
    "HIV tests are no longer offered",
    "Nobody mends her hearing aids",
    "The clinic has no vaccine against tuberculosis",
    "no care for the sick",
    "AIDS prevention has stopped",
    "Officer of religious affairs",
    "Head of political affairs",
    "宗教事务专员",
    "The road to the temple floods",
    "The church square has no lamp",
    "The ill-lit lane",
    "He acted in good faith",
    "The healthy fish pond",
    "A party in the hall was too loud",
    "The members of the village committee came",
    "The disabled ramp at the office is broken",
    "Depth of the well: 5 m",
    "医院太远，看病难",
    "卫生院没有药",
    "精神病院门口没有路灯",
    "癌症筛查停办",
    "党员活动室漏雨",
    "寺庙前的路被水淹",
    "礼拜一没有公交车",
    "残疾人补贴没有发",
]


@pytest.mark.parametrize(("text", "private"), ABOUT_PERSONS)
def test_what_tells_of_a_person_is_found(text: str, private: Private) -> None:
    assert private_kind(text) is private


@pytest.mark.parametrize("text", ABOUT_SERVICES)
def test_what_tells_of_a_service_passes(text: str) -> None:
    assert private_kind(text) is None


@pytest.mark.parametrize(
    ("code", "private"),
    [
        ("religion", Private.faith),
        ("head_of_household.party-member", Private.politics),
        ("health", Private.health),
        ("is_pregnant", Private.health),
        ("health_centre_open", None),
        ("water", None),
    ],
)
def test_a_code_is_read_by_its_parts(code: str, private: Private | None) -> None:
    assert private_code(code) is private


def test_a_refusal_names_fields_and_kinds_and_repeats_nothing() -> None:
    check_notes({"body.reason": None, "body.findings.0.title": "No lamp"})
    with pytest.raises(Invalid) as refused:
        check_notes(
            {"body.reason": "xq she is a Buddhist", "body.findings.0.body": "xq bedridden", "body.findings.1.body": "Mud"}
        )
    error = refused.value
    assert error.slug == "sensitive-note"
    assert "body.reason (faith), body.findings.0.body (health)" in error.detail
    assert "what service is missing" in error.detail
    assert error.more == {
        "errors": [
            {"field": "body.reason", "message": "tells of faith"},
            {"field": "body.findings.0.body", "message": "tells of health"},
        ]
    }
    assert "xq" not in f"{error} {error.more}"
