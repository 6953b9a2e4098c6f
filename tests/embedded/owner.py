"""Another process that starts an embedded server, says that it did, and waits to be killed."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Self

_REPOSITORY = Path(__file__).parents[2]
_PROGRAM = """
import signal
import sys
from pathlib import Path
from shared.embedded.kafka import EmbeddedKafka
from shared.embedded.postgres import EmbeddedPostgres
server = {"kafka": EmbeddedKafka, "postgres": EmbeddedPostgres}[sys.argv[1]].start(Path(sys.argv[2]))
signal.signal(signal.SIGINT, signal.default_int_handler)  # as in a terminal, however the tests were started
print(server.url if sys.argv[1] == "postgres" else server.bootstrap, flush=True)
sys.stdin.read()
"""


class Owner:
    """Starting is asynchronous: `address` waits until the server is up."""

    def __init__(self, kind: str, folder: Path) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", _PROGRAM, kind, folder],
            cwd=_REPOSITORY,
            env={**os.environ, "PYTHONPATH": str(_REPOSITORY)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def address(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()
