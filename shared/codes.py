"""Codes that somebody without an account comes back with: 100 random bits in Crockford's base 32, with his check character.

For a receipt the first half of the bits finds the opinion, and the second half proves that the holder was given the code.
"""

from dataclasses import dataclass

from shared.keyring import Keyring

BITS = 100
DIGITS = BITS // 5
GROUP = 5
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
CHECKS = ALPHABET + "*~$=U"
"""One for each remainder of 37, a prime above 32: no single wrong character and no swap of two goes unnoticed."""
_READ_AS = str.maketrans({"I": "1", "L": "1", "O": "0", "-": None, " ": None})
_VALUES = {digit: value for value, digit in enumerate(ALPHABET)}


@dataclass(frozen=True, slots=True)
class Code:
    """`finder` and `prover` are the two halves, as text of fixed length."""

    finder: bytes
    prover: bytes


def write_code(number: int) -> str:
    """`number` of 100 bits as its holder sees it: four groups of five, and the check character."""
    digits = "".join(ALPHABET[(number >> shift) & 31] for shift in range(BITS - 5, -1, -5))
    groups = [digits[start : start + GROUP] for start in range(0, DIGITS, GROUP)]
    return "-".join([*groups, CHECKS[number % len(CHECKS)]])


def read_code(written: str) -> Code | None:
    """The code as somebody typed it, whatever the case, the spaces and the confusable letters; None if it cannot be one."""
    plain = written.strip().upper().translate(_READ_AS)
    digits, check = plain[:DIGITS], plain[DIGITS:]
    if len(digits) != DIGITS or any(digit not in _VALUES for digit in digits):
        return None
    number = 0
    for digit in digits:
        number = number << 5 | _VALUES[digit]
    if check != CHECKS[number % len(CHECKS)]:
        return None
    return Code(finder=digits[: DIGITS // 2].encode(), prover=digits[DIGITS // 2 :].encode())


def lookup_of(keyring: Keyring, purpose: bytes, written: str) -> bytes | None:
    """By which a code is found again where it must not be kept; None for what cannot be one.

    Of 100 random bits, which nobody finds by trying: a fast keyed hash keeps them as well as a slow one would.
    """
    code = read_code(written)
    return keyring.fingerprint(purpose, code.finder + code.prover) if code else None
