"""What goes into the routes of redactions."""

from typing import Annotated

from pydantic import Field, StringConstraints

from services.feedback.redactions.rules import LONGEST, SHORTEST
from shared.types import In, Text


class RedactionIn(In):
    passage: Annotated[Text, StringConstraints(min_length=SHORTEST, max_length=LONGEST)] = Field(
        description="Letter by letter as you wrote it; wherever it stands in your words it is replaced for good."
    )
