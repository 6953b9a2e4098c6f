"""What a new version of a policy may be, and why one applies."""

from collections.abc import Mapping

from shared.errors import Conflict, Invalid
from shared.policies import Scope

RESERVED = frozenset({"effective"})
"""Codes that are a word of the API's paths."""


def check_code(code: str) -> None:
    """Raises `Invalid` (policy-code-reserved)."""
    if code in RESERVED:
        raise Invalid("policy-code-reserved", f"A policy cannot have the code {code}: choose another one.")


def check_scope(code: str, scope: Scope, taken: Mapping[str, Scope]) -> None:
    """A code has one scope for ever, and a scope one code, so versions alone decide. `taken`: the scope of each known code.

    Raises `Conflict` (policy-scope-fixed, policy-scope-taken).
    """
    if code in taken and taken[code] != scope:
        raise Conflict("policy-scope-fixed", f"The policy {code} is for {describe(taken[code])}, in every version.")
    other = next((known for known, its in taken.items() if its == scope and known != code), None)
    if other is not None:
        raise Conflict(
            "policy-scope-taken", f"For {describe(scope)} there is the policy {other}: register its next version with that code."
        )


def describe(scope: Scope) -> str:
    level, channel = scope
    units = f"units of the level {level.value}" if level else "units of every level"
    return f"{units}, {f'the channel {channel.value}' if channel else 'every channel'}"


def explain(label: str, scope: Scope) -> str:
    """Why this one applies."""
    narrower = "" if None not in scope else "; no policy for anything narrower that you asked about is in effect then"
    return f"{label} is the version in effect for {describe(scope)}{narrower}."
