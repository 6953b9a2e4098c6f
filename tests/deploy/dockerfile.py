"""As much of the Dockerfile syntax as deploy/Dockerfile uses."""

import re
import shlex
from dataclasses import dataclass, field

from .manifests import DEPLOY


@dataclass(frozen=True)
class Instruction:
    keyword: str
    arguments: str

    def words(self) -> list[str]:
        return shlex.split(self.arguments)

    def commands(self) -> list[list[str]]:
        """The commands of a RUN that joins them by `&&`, as argument lists."""
        return [shlex.split(command) for command in self.arguments.split("&&")]

    def settings(self) -> dict[str, str]:
        """The names and values of an ENV."""
        return {name: value for name, _, value in (word.partition("=") for word in self.words())}


@dataclass
class Stage:
    base: str
    name: str | None
    instructions: list[Instruction] = field(default_factory=list)

    def all(self, keyword: str) -> list[Instruction]:
        return [each for each in self.instructions if each.keyword == keyword]

    def only(self, keyword: str) -> Instruction:
        (found,) = self.all(keyword)
        return found

    def commands(self) -> list[list[str]]:
        return [command for run in self.all("RUN") for command in run.commands()]


def parse() -> tuple[list[Instruction], list[Stage]]:
    """What stands before the first FROM, and the stages."""
    kept = [line for line in (DEPLOY / "Dockerfile").read_text().splitlines() if not line.lstrip().startswith("#")]
    joined = re.sub(r"\\\n", " ", "\n".join(kept))
    before: list[Instruction] = []
    stages: list[Stage] = []
    for line in filter(None, map(str.strip, joined.splitlines())):
        keyword, _, arguments = line.partition(" ")
        if keyword == "FROM":
            base, _, name = arguments.partition(" AS ")
            stages.append(Stage(base, name or None))
        else:
            (stages[-1].instructions if stages else before).append(Instruction(keyword, arguments.strip()))
    return before, stages
