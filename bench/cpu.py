"""CPU time and memory of processes, read from Linux's /proc."""

import os
from pathlib import Path

TICK = 1 / os.sysconf("SC_CLK_TCK")


def tree_seconds(pid: int) -> float:
    """User and system time of a process, its children that live and those that have ended."""
    own = _stat(pid)
    if own is None:
        return 0.0
    living = (stat for stat in map(_stat, _pids()) if stat is not None and stat.parent == pid)
    return own.seconds + own.reaped + sum(child.seconds for child in living)


def parent_of(pid: int) -> int | None:
    stat = _stat(pid)
    return stat.parent if stat else None


def resident_mib(pid: int) -> float:
    return _status(pid, "VmRSS")


def peak_mib(pid: int) -> float:
    """The most that it had in memory since `forget_peak`."""
    return _status(pid, "VmHWM")


def forget_peak(pid: int) -> None:
    Path(f"/proc/{pid}/clear_refs").write_text("5")


def _status(pid: int, name: str) -> float:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith(f"{name}:"))


class _Stat:
    __slots__ = ("parent", "reaped", "seconds")

    def __init__(self, line: str) -> None:
        fields = line.rpartition(") ")[2].split()  # the name in parentheses may hold spaces
        self.parent = int(fields[1])
        self.seconds = (int(fields[11]) + int(fields[12])) * TICK
        self.reaped = (int(fields[13]) + int(fields[14])) * TICK


def _stat(pid: int) -> _Stat | None:
    try:
        return _Stat(Path(f"/proc/{pid}/stat").read_text())
    except (FileNotFoundError, ProcessLookupError):
        return None


def _pids() -> list[int]:
    return [int(entry) for entry in os.listdir("/proc") if entry.isdigit()]
