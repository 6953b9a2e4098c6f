from datetime import UTC, datetime

import pytest

from services.importing.mappings import MAPPINGS, NYC311, slug
from services.importing.submissions import Reject, Submission, Unit, read_submission
from shared.types import Level
from tests.importing.samples import row


def read(**changes: str) -> Submission | Reject:
    return read_submission(NYC311, 7, (), row(**changes))


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Noise - Street/Sidewalk", "noise-street-sidewalk"),
        ("HEAT/HOT WATER", "heat-hot-water"),
        ("DCA / DOH New License", "dca-doh-new-license"),
        ("  x  ", "x"),
        ("水管", ""),
        ("a" * 80, "a" * 63),
        ("a" * 62 + " b", "a" * 62),
    ],
)
def test_slug(text: str, code: str) -> None:
    assert slug(text) == code


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("06/26/2018 10:58:54 AM", datetime(2018, 6, 26, 14, 58, 54, tzinfo=UTC)),
        ("01/17/2019 11:04:50 AM", datetime(2019, 1, 17, 16, 4, 50, tzinfo=UTC)),
        ("12/31/2018 12:00:00 AM", datetime(2018, 12, 31, 5, tzinfo=UTC)),
        ("12/31/2018 12:30:00 PM", datetime(2018, 12, 31, 17, 30, tzinfo=UTC)),
        ("11/04/2018 01:30:00 AM", datetime(2018, 11, 4, 5, 30, tzinfo=UTC)),
    ],
)
def test_nyc311_reported_at_is_the_citys_time(written: str, meant: datetime) -> None:
    found = read(Created_Date=written)
    assert isinstance(found, Submission)
    assert found.opinion.origin.reported_at == meant


@pytest.mark.parametrize(
    ("complaint", "descriptor", "title"),
    [
        ("Noise", "Loud  Music", "Noise: Loud Music"),
        ("Graffiti", "Graffiti", "Graffiti"),
        ("SAFETY", "", "SAFETY"),
        ("Noise", "Two\nlines", "Noise: Two lines"),
        ("Noise", "Turned\u202eround\x07", "Noise: Turned round"),
    ],
)
def test_nyc311_title(complaint: str, descriptor: str, title: str) -> None:
    assert NYC311.title(row(Complaint_Type=complaint, Descriptor=descriptor)) == title


def test_nyc311_body_tells_what_where_and_what_became_of_it() -> None:
    assert NYC311.body(row()).splitlines() == [
        "Complaint: Leak - Main/Branch: Wet pavement",
        "Kind of place: Street/Sidewalk",
        "Place: 1 EXAMPLE SQUARE, EXAMPLETOWN, 00001",
        "Status there: Closed",
        "Resolution there: The main was repaired.",
    ]


def test_nyc311_body_is_never_empty() -> None:
    blank = dict.fromkeys(row(), "") | {"Complaint Type": "SAFETY"}
    assert NYC311.body(blank) == "Complaint: SAFETY"


def test_nyc311_place_may_be_a_crossing() -> None:
    crossing = {"Intersection Street 1": "FIRST STREET", "Intersection Street 2": "SECOND STREET"}
    assert "Place: FIRST STREET and SECOND STREET, EXAMPLETOWN" in NYC311.body(row(Incident_Address="") | crossing)


def test_the_address_never_stands_in_the_title() -> None:
    assert "EXAMPLE SQUARE" not in NYC311.title(row())


@pytest.mark.parametrize(
    ("changes", "unit"),
    [
        ({}, Unit(code="water", name="Water Works", level=Level.county)),
        ({"Agency_Name": ""}, Unit(code="water", name="WATER", level=Level.county)),
        ({"Agency": "3-1-1"}, Unit(code="3-1-1", name="Water Works", level=Level.county)),
    ],
)
def test_nyc311_unit(changes: dict[str, str], unit: Unit) -> None:
    assert NYC311.unit(row(**changes)) == unit


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"Unique_Key": " "}, "the row has no key"),
        ({"Unique_Key": "k" * 101}, "Origin reference"),
        ({"Unique_Key": "键"}, "Origin reference"),
        ({"Unique_Key": "a\nb"}, "Origin reference"),
        ({"Created_Date": ""}, "Created Date is not of the form"),
        ({"Created_Date": "2018-06-26"}, "Created Date is not of the form"),
        ({"Created_Date": "02/30/2018 10:58:54 AM"}, "Created Date is not of the form"),
        ({"Created_Date": "01/01/0001 01:00:00 AM"}, "Origin reported_at"),
        ({"Created_Date": "12/31/9999 11:00:00 PM"}, "Origin reported_at"),
        ({"Agency": "?"}, "Agency is empty"),
        ({"Agency_Name": "n" * 201}, "Unit name"),
        ({"Complaint_Type": " "}, "Complaint Type is empty"),
        ({"Descriptor": "d" * 201}, "Opinion title"),
        ({"Resolution_Description": "r" * 20_001}, "Opinion body"),
    ],
)
def test_a_row_that_cannot_be_read_is_rejected_with_its_reason(changes: dict[str, str], reason: str) -> None:
    found = read(**changes)
    assert isinstance(found, Reject)
    assert found.reason.startswith(reason)
    assert found.line == 7


def test_what_is_sent() -> None:
    found = read()
    assert isinstance(found, Submission)
    assert found.opinion.model_dump(mode="json") == {
        "channel": "public_opinion",
        "protection": "named",
        "title": "Leak - Main/Branch: Wet pavement",
        "body": NYC311.body(row()),
        "category": "leak-main-branch",
        "origin": {"system": "nyc311", "reference": "1001", "reported_at": "2018-06-26T14:58:54Z"},
    }


def test_mappings_are_found_by_the_name_that_opinions_carry() -> None:
    assert all(name == mapping.system for name, mapping in MAPPINGS.items())
