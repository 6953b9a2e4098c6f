"""The tree and its proofs against RFC 6962 as it is written, and the verifier against every change of a proof."""

import hashlib
import json
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.feedback.ledger import rules
from services.feedback.ledger.rules import EMPTY, blocks_of, day_to_seal, path_of, root_of
from services.feedback.ledger.verifier import NO_SEAL, NotProven, check, check_ledger, commitment_of, leaf_of, main, seal_of

SALT = bytes(range(32))
CONTENT = {"title": "灯坏了", "body": 'The lamp\nis "broken".', "channel": "public_opinion", "unit_id": "u", "filed_in": "h"}


def plainly(leaves: Sequence[bytes]) -> bytes:
    """The definition in RFC 6962, 2.1, over hashes of leaves."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return hashlib.sha256(b"\x01" + plainly(leaves[:split]) + plainly(leaves[split:])).digest()


def commitments(count: int) -> list[bytes]:
    return [hashlib.sha256(str(number).encode()).digest() for number in range(count)]


def proof_of(position: int, size: int, *, block: int = 8) -> dict[str, Any]:
    """As the service makes it, of a tree whose leaf at `position` is that of `CONTENT`."""
    every = commitments(size)
    every[position] = commitment_of(SALT, CONTENT)
    blocks = [[leaf_of(each) for each in every[start : start + block]] for start in range(0, size, block)]
    roots = [root_of(leaves) for leaves in blocks]
    path = [*path_of(position % block, blocks[position // block]), *path_of(position // block, roots)]
    return {
        "version": 1,
        "day": "2026-03-02",
        "size": size,
        "position": position,
        "path": [node.hex() for node in path],
        "root": root_of(roots).hex(),
        "previous": NO_SEAL.hex(),
        "seal": seal_of(NO_SEAL, "2026-03-02", size, root_of(roots)).hex(),
        "commitment": every[position].hex(),
        "opening": {"salt": SALT.hex(), "content": CONTENT},
    }


sizes = st.integers(1, 70)


@given(st.integers(0, 300))
def test_the_root_is_that_of_the_rfc(size: int) -> None:
    leaves = [leaf_of(each) for each in commitments(size)]
    assert root_of(leaves) == plainly(leaves)


def test_a_day_of_several_blocks_has_the_root_of_all_its_leaves(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rules, "BLOCK", 16)
    for size in (1, 15, 16, 17, 31, 33, 100):
        every = commitments(size)
        assert root_of([root_of(block) for block in blocks_of(every)]) == plainly([leaf_of(each) for each in every])


def test_a_day_without_opinions_has_the_empty_root() -> None:
    assert root_of([]) == EMPTY == plainly([])


@given(sizes, st.data())
def test_every_proof_is_accepted(size: int, data: st.DataObject) -> None:
    proof = proof_of(data.draw(st.integers(0, size - 1)), size)
    check(json.loads(json.dumps(proof)), str(proof["seal"]))
    check({**proof, "opening": None}, str(proof["seal"]).upper() + "\n")


@given(sizes, st.data())
def test_every_changed_byte_is_refused(size: int, data: st.DataObject) -> None:
    """Of the proof as the server writes it; a change that leaves no JSON at all is none to speak of."""
    proof = proof_of(data.draw(st.integers(0, size - 1)), size)
    written = json.dumps(proof, separators=(",", ":"), ensure_ascii=False).encode()
    place, other = data.draw(st.integers(0, len(written) - 1)), data.draw(st.integers(0, 255))
    if written[place] == other:
        other = (other + 1) % 256
    changed = written[:place] + bytes([other]) + written[place + 1 :]
    try:
        shown = json.loads(changed.decode())
    except ValueError:
        return
    with pytest.raises(NotProven):
        check(shown, str(proof["seal"]))


@given(sizes, st.data())
def test_a_changed_tree_size_or_day_is_refused_though_the_path_may_fit(size: int, data: st.DataObject) -> None:
    proof = proof_of(data.draw(st.integers(0, size - 1)), size)
    change: dict[str, Any] = data.draw(
        st.sampled_from([{"size": size + 1}, {"day": "2026-03-03"}, {"previous": "1" * 64}, {"path": []}])
    )
    if change == {"path": []} and size == 1:
        return
    with pytest.raises(NotProven):
        check({**proof, **change}, str(proof["seal"]))


@pytest.mark.parametrize(
    "shown",
    [None, [], 7, "proof", {}, {"version": 1}, {**proof_of(0, 2), "more": 1}, {**proof_of(0, 2), "size": True}]
    + [
        {**proof_of(0, 2), "opening": opening}
        for opening in (7, {}, {"salt": 1, "content": 2}, {"salt": "0" * 64, "content": {}})
    ],
    ids=str,
)
def test_what_is_no_proof_is_refused(shown: object) -> None:
    with pytest.raises(NotProven):
        check(shown, str(proof_of(0, 2)["seal"]))


def ledger(days: int) -> list[dict[str, Any]]:
    shown: list[dict[str, Any]] = []
    previous = NO_SEAL
    for number in range(days):
        day, root = (date(2026, 3, 2) + timedelta(number)).isoformat(), hashlib.sha256(bytes([number])).digest()
        seal = seal_of(previous, day, number, root)
        shown.insert(0, {"day": day, "size": number, "root": root.hex(), "previous": previous.hex(), "seal": seal.hex()})
        previous = seal
    return shown


def test_days_that_follow_one_another_are_accepted() -> None:
    for days in range(4):
        check_ledger({"items": ledger(days), "next_cursor": None})


def test_a_day_that_is_changed_or_taken_away_is_seen() -> None:
    days = ledger(4)
    for broken in ([*days[:2], *days[3:]], [days[0], {**days[1], "size": 9}, *days[2:]], [days[1], days[0], *days[2:]]):
        with pytest.raises(NotProven):
            check_ledger({"items": broken})
    no_pages: list[Any] = [None, [], {"items": 3}, {"items": [{}]}]
    for nothing in no_pages:
        with pytest.raises(NotProven):
            check_ledger(nothing)


@pytest.mark.parametrize(
    ("now", "day"),
    [("2026-03-02T00:09:59", "2026-02-28"), ("2026-03-02T00:10:00", "2026-03-01"), ("2026-03-02T23:59:59", "2026-03-01")],
)
def test_a_day_is_sealed_shortly_after_its_end(now: str, day: str) -> None:
    assert day_to_seal(datetime.fromisoformat(now).replace(tzinfo=UTC)) == date.fromisoformat(day)


def test_the_command_says_what_it_found(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    proof, file = proof_of(0, 3), tmp_path / "proof.json"
    file.write_text(json.dumps(proof))
    assert main([str(file), proof["seal"]]) == 0
    assert "number 1 of 3 in the ledger of 2026-03-02" in capsys.readouterr().out
    assert main([str(file)]) == 1
    assert "give it too" in capsys.readouterr().err
    assert main([str(file), "seal"]) == 1
    assert main([str(tmp_path)]) == main([str(file), "a", "b"]) == 2
