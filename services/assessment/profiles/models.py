"""Profiles of units: every declaration is a row of its own and its words are never changed."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, DateTime, Index, Text, UniqueConstraint, text
from sqlmodel import Field

from services.assessment.profiles.rules import MOST_PEOPLE, MOST_STAFF, Profile
from services.assessment.tables import AssessmentTable
from shared.events.assessment import Terrain
from shared.types import enum_check

NEWEST = "newest"
"""Condition of the partial indexes, which the queries repeat to the letter so that PostgreSQL uses them."""


class UnitProfile(AssessmentTable, table=True):
    """Of two of one day the later `version` counts. `newest`: the one that counts now. `peer_group` is kept, so that the units of
    one group are found by index."""

    __tablename__ = "unit_profiles"
    __table_args__ = (
        UniqueConstraint("unit_id", "as_of", "version", name="unit_profiles_unit_id_as_of_version"),
        CheckConstraint(f"population BETWEEN 1 AND {MOST_PEOPLE}", name="unit_profiles_population"),
        CheckConstraint(f"staff BETWEEN 0 AND {MOST_STAFF}", name="unit_profiles_staff"),
        CheckConstraint(enum_check("terrain", Terrain), name="unit_profiles_terrain_known"),
        Index("ix_unit_profiles_newest", "unit_id", unique=True, postgresql_where=text(NEWEST)),
        Index("ix_unit_profiles_peers", "peer_group", "unit_id", postgresql_where=text(NEWEST)),
    )

    id: UUID = Field(primary_key=True)
    unit_id: UUID = Field(foreign_key="units.id")
    version: int
    as_of: date
    population: int
    staff: int
    terrain: Terrain = Field(sa_type=Text)
    peer_group: str = Field(sa_type=Text)
    source: str = Field(sa_type=Text)
    newest: bool
    declared_by: UUID
    declared_at: datetime = Field(sa_type=DateTime(timezone=True))

    @property
    def profile(self) -> Profile:
        return Profile(self.population, self.staff, Terrain(self.terrain))
