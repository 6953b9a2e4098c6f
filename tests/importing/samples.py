"""Invented rows in the shape of the nyc311 source."""

import csv
from collections.abc import Iterable, Sequence
from pathlib import Path

from services.importing.mappings import NYC311

COLUMNS = (*(*NYC311.columns, *NYC311.extras), "Borough")


def row(key: object = 1001, **changes: str) -> dict[str, str]:
    """`changes` name columns with `_` for a space."""
    values = {
        "Unique Key": str(key),
        "Created Date": "06/26/2018 10:58:54 AM",
        "Agency": "WATER",
        "Agency Name": "Water Works",
        "Complaint Type": "Leak - Main/Branch",
        "Descriptor": "Wet pavement",
        "Location Type": "Street/Sidewalk",
        "Incident Zip": "00001",
        "Incident Address": "1 EXAMPLE SQUARE",
        "City": "EXAMPLETOWN",
        "Status": "Closed",
        "Resolution Description": "The main was repaired.",
    }
    changed = {name.replace("_", " "): value for name, value in changes.items()}
    return {**dict.fromkeys(COLUMNS, ""), **values, **changed}


def write_csv(path: Path, rows: Iterable[dict[str, str]], columns: Sequence[str] = COLUMNS, encoding: str = "utf-8") -> Path:
    with path.open("w", encoding=encoding, newline="") as file:
        writer = csv.DictWriter(file, columns, extrasaction="ignore")
        writer.writeheader()
        writer.writerows(rows)
    return path
