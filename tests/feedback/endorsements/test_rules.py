"""A pseudonym tells the same account on the same case, and nothing else."""

from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from services.feedback.endorsements.rules import pseudonym

PEPPER = b"a pepper"


@given(st.uuids(), st.uuids(), st.uuids())
def test_it_differs_from_case_to_case_from_account_to_account_and_from_pepper_to_pepper(
    one: UUID, other: UUID, case_id: UUID
) -> None:
    mine = pseudonym(PEPPER, case_id, one)
    assert mine == pseudonym(PEPPER, case_id, one)
    assert mine != pseudonym(b"another", case_id, one)
    if one != other:
        assert mine != pseudonym(PEPPER, case_id, other)
        assert pseudonym(PEPPER, one, other) != pseudonym(PEPPER, other, one)
    assert one.bytes not in mine
