"""Who may say what, and how."""

import pytest

from services.feedback.cases.rules import Protection
from services.feedback.opinions.rules import check_import
from shared.errors import Invalid


def test_an_import_cannot_be_anonymous() -> None:
    check_import(Protection.named)
    check_import(Protection.confidential)
    with pytest.raises(Invalid, match="import-not-anonymous"):
        check_import(Protection.anonymous)
