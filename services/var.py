"""The folder of everything that one installation keeps: secrets made at the first start, and the embedded servers' data."""

import json
import os
import secrets
from pathlib import Path

SECRETS = {
    "internal_secret": "MASSLINE_INTERNAL_SECRET",
    "pepper": "MASSLINE_PEPPER",
    "token_secret": "MASSLINE_GATEWAY_TOKEN_SECRET",
    "webhook_key": "MASSLINE_GATEWAY_WEBHOOK_KEY",
}
ADMIN_PASSWORD = "MASSLINE_GATEWAY_ADMIN_PASSWORD"


def var_folder() -> Path:
    """`$MASSLINE_VAR`, by default `./var`; made if missing, readable by its owner only."""
    folder = Path(os.environ.get("MASSLINE_VAR") or "var").absolute()
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return folder


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
