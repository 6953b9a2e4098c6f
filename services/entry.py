"""Where the `massline` command begins: while the rest is imported, which takes seconds, Ctrl-C ends it without a traceback."""

import signal

signal.signal(signal.SIGINT, signal.SIG_DFL)

from services.cli import app  # noqa: E402 - only the line above makes the seconds of this one quiet


def main() -> None:
    signal.signal(signal.SIGINT, signal.default_int_handler)
    app()
