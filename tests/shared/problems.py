"""What every refusal looks like."""

import httpx

REASONABLE = range(400, 500)


def assert_problem(answer: httpx.Response, status: int | None = None, slug: str | None = None, *, about: str = "") -> None:
    """A complete RFC 9457 answer with the request's id; any 4xx unless `status` says which."""
    assert answer.status_code in (REASONABLE if status is None else (status,)), f"{about}: {answer.text}"
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    assert set(body) == {"type", "title", "status", "detail", "request_id", "errors"}
    assert body["status"] == answer.status_code
    assert body["type"].startswith("urn:massline:problem:")
    assert body["detail"]
    assert body["request_id"] == answer.headers["x-request-id"]
    if slug is not None:
        assert body["type"] == f"urn:massline:problem:{slug}"
