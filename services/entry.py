"""Where the `massline` command begins: while the rest is imported, which takes seconds, Ctrl-C ends it without a traceback."""

import signal

signal.signal(signal.SIGINT, signal.SIG_DFL)

from services.cli import main  # noqa: E402 - only the line above makes the seconds of this one quiet

__all__ = ["main"]
