"""The sources that can be imported, as data: a further one is one more entry of `MAPPINGS`."""

import re
from datetime import datetime
from zoneinfo import ZoneInfo

from services.importing.submissions import Row, SourceMapping, Unit
from shared.types import UNPRINTED, Level

LONGEST_CODE = 63


def slug(text: str) -> str:
    """Lower-case ASCII letters and digits joined by `-`, as codes are written; empty when nothing of the text can stay."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:LONGEST_CODE].rstrip("-")


def one_line(text: str) -> str:
    """As the API takes a line: what it would refuse there counts as a blank."""
    return " ".join(UNPRINTED.sub(" ", text).split())


NYC311_ZONE = ZoneInfo("America/New_York")
NYC311_MOMENT = "%m/%d/%Y %I:%M:%S %p"


def nyc311_reported_at(row: Row) -> datetime:
    """The source writes the city's wall-clock time. The hour that autumn repeats is taken as its first pass."""
    try:
        return datetime.strptime(row["Created Date"].strip(), NYC311_MOMENT).replace(tzinfo=NYC311_ZONE)
    except ValueError:
        raise ValueError("Created Date is not of the form 06/26/2018 10:58:54 AM") from None


def nyc311_unit(row: Row) -> Unit:
    agency = one_line(row["Agency"])
    if not slug(agency):
        raise ValueError("Agency is empty")
    return Unit(code=slug(agency), name=one_line(row["Agency Name"]) or agency, level=Level.county)


def nyc311_title(row: Row) -> str:
    """Never a place: a title is shown in lists."""
    complaint, descriptor = one_line(row["Complaint Type"]), one_line(row["Descriptor"])
    if not complaint:
        raise ValueError("Complaint Type is empty")
    return complaint if descriptor.lower() in ("", complaint.lower()) else f"{complaint}: {descriptor}"


def nyc311_place(row: Row) -> str:
    crossing = " and ".join(filter(None, (one_line(row[f"Intersection Street {side}"]) for side in (1, 2))))
    street = one_line(row["Incident Address"]) or crossing
    return ", ".join(filter(None, (street, one_line(row["City"]), one_line(row["Incident Zip"]))))


def nyc311_body(row: Row) -> str:
    parts = {
        "Complaint": nyc311_title(row),
        "Kind of place": one_line(row["Location Type"]),
        "Place": nyc311_place(row),
        "Status there": one_line(row["Status"]),
        "Resolution there": row["Resolution Description"].strip(),
    }
    return "\n".join(f"{label}: {text}" for label, text in parts.items() if text)


NYC311 = SourceMapping(
    system="nyc311",
    columns=(
        "Unique Key",
        "Created Date",
        "Agency",
        "Agency Name",
        "Complaint Type",
        "Descriptor",
    ),
    extras=(
        "Location Type",
        "Incident Zip",
        "Incident Address",
        "Intersection Street 1",
        "Intersection Street 2",
        "City",
        "Status",
        "Resolution Description",
    ),
    root=Unit(code="nyc311", name="New York City 311", level=Level.prefecture),
    unit=nyc311_unit,
    key=lambda row: row["Unique Key"].strip(),
    title=nyc311_title,
    body=nyc311_body,
    category=lambda row: slug(row["Complaint Type"]) or None,
    reported_at=nyc311_reported_at,
)

MAPPINGS = {mapping.system: mapping for mapping in (NYC311,)}
