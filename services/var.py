"""The folder of everything that one installation keeps: secrets made at the first start, and the embedded servers' data."""

import json
import os
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from shared.embedded import LifeLock

SECRETS = {
    "internal_secret": "MASSLINE_INTERNAL_SECRET",
    "pepper": "MASSLINE_PEPPER",
    "vault_keys": "MASSLINE_FEEDBACK_VAULT_KEYS",
    "token_secret": "MASSLINE_GATEWAY_TOKEN_SECRET",
    "webhook_key": "MASSLINE_GATEWAY_WEBHOOK_KEY",
}
ADMIN_PASSWORD = "MASSLINE_GATEWAY_ADMIN_PASSWORD"
PATIENCE = 1.0
"""Seconds for an owner that is just going, and for whoever only looks at its lock."""


class FolderUnusable(Exception):
    """MASSLINE_VAR is no folder and cannot become one."""


class FolderInUse(Exception):
    """Another massline lives in the folder: two would stop each other's databases."""


class Owner(NamedTuple):
    """Whoever lives in a folder: its process, and the command that it was started with."""

    pid: int
    command: str


def var_folder() -> Path:
    """`$MASSLINE_VAR`, by default `./var`; made if missing, readable by its owner only. Raises `FolderUnusable`."""
    folder = Path(os.environ.get("MASSLINE_VAR") or "var").absolute()
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise FolderUnusable(f"MASSLINE_VAR {folder} cannot be used as a folder: {error.strerror}") from None
    return folder


@contextmanager
def owned(var: Path, command: str) -> Iterator[None]:
    """Be the only massline in the folder; the kernel gives it free however this process ends.

    Raises `FolderInUse`, `FolderUnusable`.
    """
    try:
        lock = _take(_owner_lock(var))
    except OSError as error:
        raise FolderUnusable(f"MASSLINE_VAR {var} cannot be written to: {error.strerror}") from None
    if lock is None:
        owner = _named_owner(var)
        who = f" (pid {owner.pid}, `massline {owner.command}`)" if owner else ""
        raise FolderInUse(f"another massline{who} uses this folder, {var}: stop it, or set MASSLINE_VAR to another one")
    try:
        os.ftruncate(lock, 0)
        os.pwrite(lock, f"{os.getpid()} {command}\n".encode(), 0)
        yield
    finally:
        os.close(lock)


def owner_of(var: Path) -> Owner | None:
    """Who lives in the folder now."""
    return _named_owner(var) if is_owned(var) else None


def is_owned(var: Path) -> bool:
    return _owner_lock(var).held()


def _owner_lock(var: Path) -> LifeLock:
    return LifeLock(_owner_file(var))


def _owner_file(var: Path) -> Path:
    return var / "owner.lock"


def _take(lock: LifeLock) -> int | None:
    deadline = time.monotonic() + PATIENCE
    while (taken := lock.take()) is None and time.monotonic() < deadline:
        time.sleep(0.05)
    return taken


def _named_owner(var: Path) -> Owner | None:
    pid, _, command = _owner_file(var).read_text().strip().partition(" ")
    return Owner(int(pid), command) if pid else None


def kept_secrets(var: Path) -> dict[str, str]:
    """Environment variables of this installation's secrets. What the environment sets wins; the rest is made once and kept."""
    file = var / "secrets.json"
    kept: dict[str, str] = json.loads(file.read_text()) if file.exists() else {}
    missing = SECRETS.keys() - kept.keys()
    if missing:
        kept.update({name: secrets.token_urlsafe(48) for name in sorted(missing)})
        write_private(file, json.dumps(kept, indent=2) + "\n")
    environment = {variable: kept[name] for name, variable in SECRETS.items()}
    environment[ADMIN_PASSWORD] = _admin_password(var)
    return {variable: os.environ.get(variable) or value for variable, value in environment.items()}


def admin_password_file(var: Path) -> Path:
    return var / "admin-password"


def _admin_password(var: Path) -> str:
    file = admin_password_file(var)
    if not file.exists():
        write_private(file, (os.environ.get(ADMIN_PASSWORD) or secrets.token_urlsafe(18)) + "\n")
    return file.read_text().strip()


def write_private(file: Path, text: str) -> None:
    """Write whole or not at all, readable by its owner only."""
    draft = file.with_name(f".{file.name}.{os.getpid()}")
    draft.touch(mode=0o600)
    draft.write_text(text)
    draft.replace(file)
