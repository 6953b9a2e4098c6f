"""Activations as they are asked for."""

from pydantic import Field

from shared.types import Body, In


class ActivationIn(In):
    reason: Body = Field(description="Why it changes what it changes; shown with the standard.")
