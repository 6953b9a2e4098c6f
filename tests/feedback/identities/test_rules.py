"""What is sealed of who spoke."""

import pytest

from services.feedback.identities.rules import BLOCK, Identity, read_identity, write_identity

WRITTEN = [Identity("Lin", None), Identity("林", "mei@example.org"), Identity('"\\', " "), Identity("林" * 200, "0" * 200)]


@pytest.mark.parametrize("identity", WRITTEN, ids=range(len(WRITTEN)))
def test_an_identity_is_read_as_it_was_written(identity: Identity) -> None:
    assert read_identity(write_identity(identity)) == identity


def test_a_name_cannot_be_told_by_its_length() -> None:
    assert len(write_identity(Identity("Lin", None))) == len(write_identity(Identity("Alexandra Lindqvist", "0" * 100))) == BLOCK
