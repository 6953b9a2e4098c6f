"""What is sealed is opened with its key, in its place, and by nothing else."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.keyring import Keyring, Unreadable, read_keys

HERE, ELSEWHERE = UUID(int=1), UUID(int=2)
OLD, NEW = Keyring({"1": "a" * 40}, "pepper"), Keyring({"2": "b" * 40, "1": "a" * 40}, "pepper")
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=200)


@given(TEXT)
def test_what_is_sealed_comes_back_and_is_not_seen(words: str) -> None:
    sealed = OLD.seal(HERE, words)
    assert OLD.open(HERE, sealed) == NEW.open(HERE, sealed) == words
    assert OLD.seal(HERE, words) != sealed, "equal words do not look equal"
    assert len(words) < 3 or words not in sealed


@given(TEXT)
def test_what_was_never_sealed_is_left_as_it_is(words: str) -> None:
    assert OLD.open(HERE, words) == words
    assert OLD.open(HERE, "\x02" + words) == "\x02" + words


@given(st.binary(max_size=60), st.data())
def test_no_byte_can_be_changed(content: bytes, data: st.DataObject) -> None:
    sealed = bytearray(OLD.seal_bytes(HERE, content))
    sealed[data.draw(st.integers(0, len(sealed) - 1))] ^= data.draw(st.integers(1, 255))
    with pytest.raises(Unreadable):
        OLD.open_bytes(HERE, "1", bytes(sealed))


def test_another_place_and_a_lost_key_open_nothing() -> None:
    for keyring, place in ((OLD, ELSEWHERE), (Keyring({"1": "c" * 40}, "pepper"), HERE), (Keyring({"2": "b" * 40}, ""), HERE)):
        with pytest.raises(Unreadable) as refused:
            keyring.open(place, OLD.seal(HERE, "words"))
        assert str(refused.value) == "1"
    with pytest.raises(Unreadable):
        OLD.open(HERE, OLD.seal(HERE, "words")[:-5] + "====")
    with pytest.raises(Unreadable):
        OLD.open_bytes(HERE, "1", b"short")


def test_the_newest_key_seals() -> None:
    assert NEW.current == "2"
    with pytest.raises(Unreadable):
        OLD.open(HERE, NEW.seal(HERE, "words"))


def test_an_alias_stays_with_its_pepper_and_tells_nothing() -> None:
    assert OLD.alias(HERE) == NEW.alias(HERE) != HERE
    assert OLD.alias(ELSEWHERE) != OLD.alias(HERE) != Keyring({"1": "a" * 40}, "salt").alias(HERE)


@pytest.mark.parametrize(
    ("written", "keys"),
    [
        ("a secret", {"1": "a secret"}),
        ("1:one", {"1": "one"}),
        (" b:two , a:one:1,", {"b": "two", "a": "one:1"}),
    ],
    ids=["alone", "named", "several"],
)
def test_keys_are_written_newest_first(written: str, keys: dict[str, str]) -> None:
    assert list(read_keys(written).items()) == list(keys.items())


@pytest.mark.parametrize("written", ["", ",", "a:", ":b", "a b:c", "a:b,a:c", f"{'x' * 21}:y"])
def test_keys_that_cannot_be_told_apart_are_refused(written: str) -> None:
    with pytest.raises(ValueError, match="id:secret"):
        read_keys(written)
