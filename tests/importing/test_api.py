import httpx
import pytest

from services.importing.api import Api
from services.importing.errors import Refused, ServerAway

TOKEN = httpx.Response(200, json={"access_token": "t"})


def answering(*answers: httpx.Response | Exception, patience: float = 5.0) -> tuple[Api, list[httpx.Request]]:
    """An API that gives these answers in turn, the last one for ever."""
    left, asked = list(answers), []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        found = left.pop(0) if len(left) > 1 else left[0]
        if isinstance(found, Exception):
            raise found
        return httpx.Response(found.status_code, headers=found.headers, content=found.content)

    http = httpx.AsyncClient(transport=httpx.MockTransport(answer), base_url="http://massline")
    return Api(http, "admin", "secret", patience=patience), asked


@pytest.mark.parametrize("away", [httpx.Response(503), httpx.ConnectError("refused"), httpx.ReadTimeout("slow")])
async def test_a_server_that_stays_away_is_given_up(away: httpx.Response | Exception) -> None:
    api, asked = answering(away, patience=0.3)
    with pytest.raises(ServerAway, match="stays away"):
        await api.sign_in()
    assert len(asked) > 1


async def test_a_wait_that_the_server_asks_for_is_kept_to() -> None:
    api, asked = answering(httpx.Response(429, headers={"Retry-After": "3600"}))
    with pytest.raises(ServerAway):
        await api.sign_in()
    assert len(asked) == 1


@pytest.mark.parametrize("retry_after", ["", "soon", "-1", "Wed, 21 Oct 2015 07:28:00 GMT"])
async def test_a_retry_after_that_says_no_seconds_is_passed_over(retry_after: str) -> None:
    api, asked = answering(httpx.Response(503, headers={"Retry-After": retry_after}), TOKEN)
    await api.sign_in()
    assert len(asked) == 2


@pytest.mark.parametrize(
    "stranger",
    [httpx.Response(404, text="no"), httpx.Response(200, text="<html>"), httpx.Response(200, json=[1]), httpx.Response(301)],
)
async def test_another_server_is_refused(stranger: httpx.Response) -> None:
    api, _ = answering(stranger)
    with pytest.raises(Refused, match="does not answer like a massline API"):
        await api.sign_in()


async def test_an_expired_token_is_renewed_once() -> None:
    api, asked = answering(TOKEN, httpx.Response(401), TOKEN, httpx.Response(201, json={}))
    await api.sign_in()
    answer = await api.post("/v1/opinions", {}, key="k")
    assert answer.status == 201
    assert [request.url.path for request in asked] == ["/v1/auth/token", "/v1/opinions", "/v1/auth/token", "/v1/opinions"]


async def test_a_token_that_is_never_taken_is_refused() -> None:
    api, _ = answering(TOKEN, httpx.Response(401), TOKEN, httpx.Response(401))
    await api.sign_in()
    with pytest.raises(Refused, match="an administrator's account is needed"):
        await api.post("/v1/opinions", {}, key="k")


async def test_a_reason_names_the_fields() -> None:
    problem = {"detail": "It does not fit.", "errors": [{"field": "body.title", "message": "too long"}, "odd"]}
    api, _ = answering(TOKEN, httpx.Response(422, json=problem))
    await api.sign_in()
    answer = await api.post("/v1/opinions", {}, key="k")
    assert answer.reason == "422 It does not fit.; body.title: too long"
