"""Codes: what is refused, and what is forgiven."""

from hypothesis import given
from hypothesis import strategies as st

from shared.codes import ALPHABET, BITS, CHECKS, read_code, write_code

numbers = st.integers(0, 2**BITS - 1)


@given(numbers)
def test_a_code_reads_back_as_it_was_written(number: int) -> None:
    written = write_code(number)
    code = read_code(written)
    assert code is not None
    assert [len(group) for group in written.split("-")] == [5, 5, 5, 5, 1]
    assert (code.finder + code.prover).decode() == written[:-2].replace("-", "")


@given(numbers, numbers)
def test_different_numbers_have_different_codes(one: int, other: int) -> None:
    assert (one == other) == (write_code(one) == write_code(other))


@given(numbers, st.integers(0, 20), st.sampled_from(CHECKS))
def test_any_single_wrong_character_is_refused(number: int, position: int, character: str) -> None:
    written = write_code(number).replace("-", "")
    changed = written[:position] + character + written[position + 1 :]
    assert (read_code(changed) is not None) == (changed == written)


@given(numbers, st.integers(0, 18))
def test_two_swapped_characters_are_refused(number: int, position: int) -> None:
    written = write_code(number).replace("-", "")
    swapped = written[:position] + written[position + 1] + written[position] + written[position + 2 :]
    assert (read_code(swapped) is not None) == (swapped == written)


@given(numbers)
def test_case_spaces_and_confusable_letters_are_forgiven(number: int) -> None:
    written = write_code(number)
    plain = read_code(written)
    assert read_code(written.lower().replace("-", " ")) == plain
    assert read_code(f"  {written} ") == plain
    assert read_code(written.replace("0", "O").replace("1", "l")) == plain


@given(st.text(max_size=40))
def test_no_text_fails_to_be_read_or_refused(text: str) -> None:
    code = read_code(text)
    assert code is None or set((code.finder + code.prover).decode()) <= set(ALPHABET)
