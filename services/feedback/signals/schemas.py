"""What goes out of the signal routes."""

from datetime import date
from uuid import UUID

from pydantic import Field

from services.feedback.cases.rules import Channel
from services.feedback.signals.rules import FLOOR, STEP, Signal, Weeks
from shared.types import Out


class SignalOut(Out):
    """Null where it is not shown."""

    recent: int | None = Field(
        description=f"Cases of the last weeks, in steps of {STEP}; null below {FLOOR}, and where it would tell one."
    )
    before: int | None = Field(description="Those of the weeks before.")
    ratio: float | None = Field(description="How many times as many.")
    ratio_low: float | None = Field(description="The ratio is at least this, with 95 % confidence, whatever the steps hide.")
    ratio_high: float | None
    rising: bool = Field(description="Whether `ratio_low` is above 1.")

    @staticmethod
    def fields_of(signal: Signal) -> dict[str, int | float | bool | None]:
        trend = signal.trend
        return {
            "recent": signal.recent.shown,
            "before": signal.before.shown,
            "ratio": trend.ratio,
            "ratio_low": trend.low,
            "ratio_high": trend.high,
            "rising": trend.rising,
        }


class CategorySignalOut(SignalOut):
    category: str | None = Field(description="Null for the cases without one.")


class ChannelSignalOut(SignalOut):
    channel: Channel


class SignalsOut(Out):
    """Whole ISO weeks in UTC: [`before_from`, `recent_from`) against [`recent_from`, `until`)."""

    unit_id: UUID
    weeks: Weeks
    before_from: date
    recent_from: date
    until: date
    total: SignalOut
    by_category: list[CategorySignalOut] = Field(description="What rises most surely first, then the most frequent.")
    by_channel: list[ChannelSignalOut]
