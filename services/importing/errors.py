"""Why an import stops. Each carries one sentence for the person at the terminal and the exit code of the command."""

from typing import ClassVar


class ImportStopped(Exception):
    exit_code: ClassVar[int] = 1


class WrongInput(ImportStopped):
    """The file, the mapping or an option is not usable: nothing was imported."""

    exit_code = 2


class Refused(ImportStopped):
    """The server knows us not, or not as an administrator."""

    exit_code = 2


class ServerAway(ImportStopped):
    """The server stayed away for longer than we are patient: run again to go on."""
