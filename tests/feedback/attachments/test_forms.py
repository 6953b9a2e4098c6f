"""The form that a file comes in: one file and nothing else, whatever is sent, however it is cut."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from shared.auth import CREDENTIAL_HEADER, Credentials
from shared.http import FORM_BYTES
from tests.feedback.files import jpeg
from tests.feedback.house import House

PHOTO = jpeg()
MOST = 10_485_760


def part(name: str, content: bytes, *, filename: str | None = None, more: str = "") -> bytes:
    named = f'; filename="{filename}"' if filename is not None else ""
    return f'--edge\r\nContent-Disposition: form-data; name="{name}"{named}\r\n{more}\r\n'.encode() + content + b"\r\n"


FILE, END = part("file", PHOTO, filename="a.jpg"), b"--edge--\r\n"
GOOD = "multipart/form-data; boundary=edge"
MALFORMED: dict[str, tuple[str, bytes]] = {
    "no boundary": ("multipart/form-data", FILE + END),
    "an empty boundary": ("multipart/form-data; boundary=", FILE + END),
    "another boundary": ("multipart/form-data; boundary=other", FILE + END),
    "nothing": (GOOD, b""),
    "no parts": (GOOD, END),
    "no end": (GOOD, FILE),
    "half a file": (GOOD, FILE[:-50]),
    "two files": (GOOD, FILE + FILE + END),
    "two files of other names": (GOOD, FILE + part("other", PHOTO, filename="b.jpg") + END),
    "a wrong name": (GOOD, part("photo", PHOTO, filename="a.jpg") + END),
    "a field instead of a file": (GOOD, part("file", b"words") + END),
    "a large field": (GOOD, part("file", PHOTO * 100) + END),
    "one field too many": (GOOD, FILE + part("title", b"x") + END),
    "a part without a name": (GOOD, b"--edge\r\nContent-Disposition: form-data\r\n\r\nx\r\n" + END),
    "a part without headers": (GOOD, b"--edge\r\n\r\nx\r\n" + END),
    "a huge header": (GOOD, part("file", PHOTO, filename="a" * 500_000) + END),
    "many headers": (GOOD, part("file", PHOTO, filename="a", more="X: y\r\n" * 5_000) + END),
    "bytes before the first part": (GOOD, b"words" + FILE + END),
    "a character set that decodes badly": (GOOD + "; charset=idna", part("\xff" * 3, PHOTO, filename="a") + END),
    "no character set": (GOOD + "; charset=base64", part("f\xffle", PHOTO, filename="a") + END),
}
OTHER_TYPES = ["application/json", "image/jpeg", "application/x-www-form-urlencoded", "multipart/mixed; boundary=edge", ""]


async def post(house: House, path: str, content: bytes | AsyncIterator[bytes], content_type: str) -> httpx.Response:
    credentials = Credentials(house.service.settings.internal_secret.get_secret_value())
    headers = {CREDENTIAL_HEADER: credentials.issue(house.speaker), "Content-Type": content_type}
    return await house.client.http.post(path, content=content, headers=headers)


def assert_problem(answer: httpx.Response, status: int, *slugs: str) -> None:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["type"].removeprefix("urn:massline:problem:") in slugs


async def paths(house: House) -> tuple[str, ...]:
    return f"/v1/cases/{await house.case()}/attachments", "/v1/receipts/attachments"


@pytest.mark.parametrize("name", list(MALFORMED))
async def test_a_malformed_form_is_told_so(house: House, tmp_path: Path, name: str) -> None:
    content_type, content = MALFORMED[name]
    for path in await paths(house):
        assert_problem(await post(house, path, content, content_type), 422, "form-malformed")
    assert not (tmp_path / "attachments").exists()


@pytest.mark.parametrize("content_type", OTHER_TYPES)
async def test_something_else_than_a_form_is_told_so(house: House, content_type: str) -> None:
    for path in await paths(house):
        assert_problem(await post(house, path, PHOTO, content_type), 422, "form-expected")


async def test_a_receipt_comes_in_the_form(house: House) -> None:
    receipt = (await house.submit(protection="anonymous"))["receipt"].encode()
    path = "/v1/receipts/attachments"
    field, as_file = part("receipt", receipt), part("receipt", receipt, filename="r")
    for form in (FILE, FILE + field + field, FILE + as_file, as_file, field):
        assert_problem(await post(house, path, form + END, GOOD), 422, "form-malformed")
    for form in (field + FILE, FILE + field):
        assert (await post(house, path, form + END, GOOD)).status_code == 201


async def test_a_form_with_a_preamble_header_and_quotes_is_taken(house: House) -> None:
    path, _ = await paths(house)
    form = part("file", PHOTO, filename="../../etc/passwd", more="Content-Type: text/html\r\n")
    assert (await post(house, path, form + END, 'Multipart/Form-Data; charset=utf-8; boundary="edge"')).status_code == 201


async def sent_in_pieces(content: bytes, size: int) -> AsyncIterator[bytes]:
    for start in range(0, len(content), size):
        yield content[start : start + size]


async def test_a_form_in_pieces_is_taken(house: House) -> None:
    path, _ = await paths(house)
    assert (await post(house, path, sent_in_pieces(FILE + END, 7), GOOD)).status_code == 201


@pytest.mark.parametrize("pieces", [False, True])
async def test_the_cap_holds_while_it_is_read(house: House, *, pieces: bool) -> None:
    path, _ = await paths(house)
    under = part("file", PHOTO + bytes(MOST - len(PHOTO)), filename="a") + END
    over = part("file", bytes(MOST + FORM_BYTES), filename="a") + END
    larger = part("file", PHOTO + bytes(MOST), filename="a") + END

    def body(content: bytes) -> Any:
        return sent_in_pieces(content, 100_000) if pieces else content

    assert (await post(house, path, body(under), GOOD)).status_code == 201
    assert_problem(await post(house, path, body(larger), GOOD), 422, "file-too-large")
    assert_problem(await post(house, path, body(over), GOOD), 413, "body-too-large")


async def test_nowhere_else_is_a_large_body_taken(house: House) -> None:
    case_id = await house.case()
    form = part("file", bytes(1_048_576), filename="a") + END
    for path in (
        "/v1/opinions",
        "/v1/receipts/open",
        f"/v1/cases/{case_id}/messages",
        f"/v1/cases/{case_id}/attachments/{uuid4()}",
        f"/v1/receipts/attachments/{uuid4()}/remove",
    ):
        answer = await post(house, path, form, GOOD)
        assert answer.status_code in (404, 405, 413), path
