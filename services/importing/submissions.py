"""What a row of any source becomes: one opinion, addressed to one unit, that names where it came from."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationError

from shared.types import Body, Code, Level, Line, Moment

Row = Mapping[str, str]
Reference = Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^[!-~]{1,100}$")]
"""A source's key is part of an HTTP header: printable ASCII without spaces."""


class Origin(BaseModel):
    model_config = ConfigDict(frozen=True)

    system: Code
    reference: Reference
    reported_at: Moment


class Opinion(BaseModel):
    """Body of POST /v1/opinions, but for the unit's id."""

    model_config = ConfigDict(frozen=True)

    channel: Literal["public_opinion"] = "public_opinion"
    protection: Literal["named"] = "named"
    title: Line
    body: Body
    category: Code | None
    origin: Origin


class Unit(BaseModel):
    model_config = ConfigDict(frozen=True)

    code: Code
    name: Line
    level: Level


@dataclass(frozen=True, slots=True)
class SourceMapping:
    """How one legacy system's rows are read. The functions get a row with every one of `columns`, which a file must have, and
    of `extras`, which are empty where it has them not; one that cannot read it raises `ValueError` with the reason. Units that
    do not exist yet are created below `root`."""

    system: str
    columns: tuple[str, ...]
    extras: tuple[str, ...]
    root: Unit
    unit: Callable[[Row], Unit]
    key: Callable[[Row], str]
    title: Callable[[Row], str]
    body: Callable[[Row], str]
    category: Callable[[Row], str | None]
    reported_at: Callable[[Row], datetime]


@dataclass(frozen=True, slots=True)
class Submission:
    """A row that is fit to be sent. `line` is where it begins in the file, from 1; `cells` is the row as it stands there."""

    line: int
    cells: tuple[str, ...]
    unit: Unit
    opinion: Opinion

    @property
    def key(self) -> str:
        return self.opinion.origin.reference


@dataclass(frozen=True, slots=True)
class Reject:
    """A row that was not imported, and why."""

    line: int
    cells: tuple[str, ...]
    key: str
    reason: str


def read_submission(mapping: SourceMapping, line: int, cells: tuple[str, ...], row: Row) -> Submission | Reject:
    key = mapping.key(row)
    if not key:
        return Reject(line, cells, key, "the row has no key")
    try:
        origin = Origin(system=mapping.system, reference=key, reported_at=mapping.reported_at(row))
        opinion = Opinion(title=mapping.title(row), body=mapping.body(row), category=mapping.category(row), origin=origin)
        return Submission(line, cells, mapping.unit(row), opinion)
    except ValidationError as error:
        return Reject(line, cells, key, _told(error))
    except ValueError as error:
        return Reject(line, cells, key, str(error))


def _told(error: ValidationError) -> str:
    found = error.errors(include_input=False, include_url=False)
    return "; ".join(f"{error.title} {'.'.join(map(str, each['loc']))}: {each['msg']}" for each in found)
