"""Checks a proof of filing with nothing but Python: no server, no network, no other package. Keep a copy of this file.

    python verifier.py PROOF.json SEAL

PROOF.json is what GET /v1/opinions/{id}/proof or POST /v1/receipts/proof answered; SEAL is what GET /v1/ledger showed for its
day, from a copy that somebody else has kept. Exit status 0: the opinion was in the ledger of that day; 1: this proof does not
show it. A proof without `opening` shows that something was filed; with it, what was filed, word by word.

    python verifier.py LEDGER.json

LEDGER.json is a page of GET /v1/ledger. Exit status 0: its days follow one another, each sealed over the one before it.

The tree is that of RFC 6962: SHA-256, with 0x00 before a leaf and 0x01 before a node. Here also 0x02 before a day's seal, which
binds the day, its size and its root to the seal of the day before, and 0x03 before a commitment, which hides words behind a salt.
"""

import hashlib
import json
import sys
from typing import Any

VERSION = 1
FIELDS = frozenset({"version", "day", "size", "position", "path", "root", "previous", "seal", "commitment", "opening"})
DAY = frozenset({"day", "size", "root", "previous", "seal"})
NO_SEAL = bytes(32)
"""Stands before the first day."""


class NotProven(Exception):
    """The proof does not show what it says; the message tells why."""


def leaf_of(commitment: bytes) -> bytes:
    return hashlib.sha256(b"\x00" + commitment).digest()


def node_of(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


def seal_of(previous: bytes, day: str, size: int, root: bytes) -> bytes:
    return hashlib.sha256(b"\x02" + previous + day.encode() + size.to_bytes(8, "big") + root).digest()


def commitment_of(salt: bytes, content: dict[str, str]) -> bytes:
    written = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(b"\x03" + salt + written.encode()).digest()


def check(proof: Any, seal: str) -> None:
    """Raises `NotProven` unless `proof`, as JSON was parsed, leads from its commitment (and opening, if it has one) to `seal`."""
    if not isinstance(proof, dict) or set(proof) != FIELDS or proof["version"] != VERSION:
        raise NotProven("This is no proof of version 1 of a massline ledger.")
    size, position, day = _number(proof["size"]), _number(proof["position"]), proof["day"]
    if not isinstance(day, str) or not isinstance(proof["path"], list):
        raise NotProven("`day` or `path` is malformed.")
    commitment = _hash(proof["commitment"])
    _check_opening(proof["opening"], commitment)
    root = _climb(leaf_of(commitment), position, size, [_hash(each) for each in proof["path"]])
    if root != _hash(proof["root"]):
        raise NotProven("The path does not lead from the commitment to `root`.")
    if seal_of(_hash(proof["previous"]), day, size, root) != _hash(proof["seal"]):
        raise NotProven("`day`, `size`, `root` and `previous` do not make `seal`.")
    if _hash(proof["seal"]) != _hash(seal.strip().lower()):
        raise NotProven("The proof belongs to another seal than the one that you gave.")


def check_ledger(page: Any) -> None:
    """Raises `NotProven` unless the days of a page of the ledger, newest first, are each sealed over the one before."""
    days = page.get("items") if isinstance(page, dict) else None
    if not isinstance(days, list) or not all(isinstance(day, dict) and set(day) >= DAY for day in days):
        raise NotProven("This is no page of a massline ledger; a proof is checked against a seal: give it too.")
    for number, day in enumerate(days):
        if seal_of(_hash(day["previous"]), str(day["day"]), _number(day["size"]), _hash(day["root"])) != _hash(day["seal"]):
            raise NotProven(f"The seal of {day['day']} is not made of its day, size, root and the seal before.")
        if number and days[number - 1]["previous"] != day["seal"]:
            raise NotProven(f"{days[number - 1]['day']} does not follow {day['day']}: a day was changed or taken away.")


def _check_opening(opening: Any, commitment: bytes) -> None:
    if opening is None:
        return
    if not isinstance(opening, dict) or set(opening) != {"salt", "content"} or not isinstance(opening["content"], dict):
        raise NotProven("`opening` is malformed.")
    try:
        shown = commitment_of(_hash(opening["salt"]), opening["content"])
    except (TypeError, UnicodeEncodeError):
        raise NotProven("`opening` is malformed.") from None
    if shown != commitment:
        raise NotProven("These are not the words that were filed.")


def _climb(node: bytes, position: int, size: int, path: list[bytes]) -> bytes:
    """As RFC 9162 says in 2.1.3.2."""
    if position >= size:
        raise NotProven("`position` lies outside of the tree.")
    last = size - 1
    for sibling in path:
        if last == 0:
            raise NotProven("The path is too long.")
        if position % 2 or position == last:
            node = node_of(sibling, node)
            while position % 2 == 0 and position:
                position, last = position // 2, last // 2
        else:
            node = node_of(node, sibling)
        position, last = position // 2, last // 2
    if last:
        raise NotProven("The path is too short.")
    return node


def _number(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 2**63:
        raise NotProven("`size` or `position` is no number.")
    return value


def _hash(value: Any) -> bytes:
    if not isinstance(value, str) or len(value) != 64 or not set(value) <= set("0123456789abcdef"):
        raise NotProven("A hash is not 64 digits of lower-case hexadecimal.")
    return bytes.fromhex(value)


def main(arguments: list[str]) -> int:
    if len(arguments) not in (1, 2):
        print("usage: python verifier.py PROOF.json SEAL, or: python verifier.py LEDGER.json", file=sys.stderr)
        return 2
    try:
        with open(arguments[0], encoding="utf-8") as file:
            shown = json.load(file)
    except (OSError, ValueError, RecursionError) as error:
        print(f"Not readable: {arguments[0]}: {type(error).__name__}", file=sys.stderr)
        return 2
    try:
        if len(arguments) == 2:
            check(shown, arguments[1])
        else:
            check_ledger(shown)
    except NotProven as error:
        print(f"Not proven: {error}", file=sys.stderr)
        return 1
    print(f"Proven: {_told(shown)}")
    return 0


def _told(shown: Any) -> str:
    if "items" in shown:
        return f"{len(shown['items'])} days follow one another."
    words = "and its words are those in the proof" if shown["opening"] else "and the proof keeps its words to itself"
    return f"it is number {shown['position'] + 1} of {shown['size']} in the ledger of {shown['day']}, {words}."


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
