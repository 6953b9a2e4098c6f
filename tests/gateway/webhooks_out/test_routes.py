from uuid import uuid4

import pytest
from sqlalchemy import select

from services.gateway.webhooks_out.models import WebhookEndpoint
from services.gateway.webhooks_out.rules.signing import PREFIX
from services.gateway.webhooks_out.sealing import SecretBox, SecretUnreadable
from shared.auth import Role
from tests.gateway.support import Gateway, assert_problem
from tests.gateway.webhooks_out.conftest import CREATED, Post, Work

BODY = {"url": "https://example.org/hook", "event_types": [CREATED]}


async def test_create_webhook_shows_its_secret_once_and_keeps_it_encrypted(gateway: Gateway) -> None:
    made = (await gateway.admin("POST", "/v1/webhooks", json=BODY)).json()
    assert made["secret"].startswith(PREFIX)
    assert made["enabled"] is True
    shown = (await gateway.admin("GET", f"/v1/webhooks/{made['id']}")).json()
    assert shown == {name: value for name, value in made.items() if name != "secret"}
    assert (await gateway.admin("GET", "/v1/webhooks")).json()["items"] == [shown]
    async with gateway.service.database.session() as session:
        (endpoint,) = (await session.scalars(select(WebhookEndpoint))).all()
    box: SecretBox = gateway.service.api.state.secret_box
    assert len(box.open(endpoint.id, endpoint.secret)) == 32
    with pytest.raises(SecretUnreadable):
        SecretBox("another key").open(endpoint.id, endpoint.secret)
    with pytest.raises(SecretUnreadable):
        box.open(uuid4(), endpoint.secret)


@pytest.mark.parametrize(
    ("changes", "slug"),
    [
        ({"url": "http://10.0.0.1/"}, "webhook-url-refused"),
        ({"url": "http://169.254.169.254/latest/meta-data"}, "webhook-url-refused"),
        ({"url": "http://user:pw@example.org/"}, "webhook-url-refused"),
        ({"url": "ftp://example.org/"}, "webhook-url-refused"),
        ({"event_types": ["massline.feedback.case.open.v1"]}, "unknown-event-type"),
        ({"event_types": []}, "invalid-request"),
        ({"event_types": ["\x00"]}, "invalid-request"),
        ({"event_types": "*"}, "invalid-request"),
        ({"url": "https://example.org/\x00"}, "invalid-request"),
        ({"url": 7}, "invalid-request"),
        ({"secret": "mine"}, "invalid-request"),
        ({"description": "x" * 201}, "invalid-request"),
    ],
)
async def test_create_webhook_refuses_what_does_not_fit(gateway: Gateway, changes: dict[str, object], slug: str) -> None:
    assert_problem(await gateway.admin("POST", "/v1/webhooks", json={**BODY, **changes}), 422, slug)


async def test_create_webhook_names_what_was_meant(gateway: Gateway) -> None:
    body = {**BODY, "event_types": ["massline.feedback.case.open.v1"]}
    answer = await gateway.admin("POST", "/v1/webhooks", json=body)
    assert "massline.feedback.case.opened.v1" in answer.json()["detail"]


async def test_create_webhook_with_one_idempotency_key_makes_one(gateway: Gateway) -> None:
    bearer = {"authorization": f"Bearer {gateway.token(Role.admin)}", "idempotency-key": "one"}
    first = await gateway.http.post("/v1/webhooks", json=BODY, headers=bearer)
    again = await gateway.http.post("/v1/webhooks", json=BODY, headers=bearer)
    assert first.json() == again.json()
    assert len((await gateway.admin("GET", "/v1/webhooks")).json()["items"]) == 1


async def test_delete_webhook_takes_everything_with_it(post: Post) -> None:
    webhook = await post.register()
    await post.tell()
    path = f"/v1/webhooks/{webhook['id']}"
    assert (await post.gateway.admin("DELETE", path)).status_code == 204
    for answer in (await post.gateway.admin("DELETE", path), await post.gateway.admin("GET", f"{path}/deliveries")):
        assert_problem(answer, 404, "webhook-not-found")


async def test_deliveries_are_paged_and_filtered(post: Post) -> None:
    webhook = await post.register()
    await post.tell(3)
    path = f"/v1/webhooks/{webhook['id']}/deliveries"
    first = (await post.gateway.admin("GET", path, params={"limit": 2})).json()
    rest = (await post.gateway.admin("GET", path, params={"limit": 2, "cursor": first["next_cursor"]})).json()
    assert len({item["id"] for item in first["items"] + rest["items"]}) == 3
    assert len(await post.deliveries(webhook, state="pending")) == 3
    assert await post.deliveries(webhook, state="delivered") == []
    assert_problem(await post.gateway.admin("GET", path, params={"state": "lost"}), 422, "invalid-request")


async def test_a_test_message_goes_to_the_endpoint_alone(post: Post, start: Work) -> None:
    webhook = await post.register("/ok", CREATED)
    await post.register("/ok", "*")
    answer = await post.gateway.admin("POST", f"/v1/webhooks/{webhook['id']}/test")
    assert answer.status_code == 202, answer.text
    await start()
    await post.one(webhook, "delivered")
    assert len(post.hostile.got) == 1
    assert b"massline.gateway.webhook.tested.v1" in post.hostile.got[0].body


async def test_retry_delivery_refuses_one_that_is_finished_or_another_s(post: Post, start: Work) -> None:
    webhook, other = await post.register(), await post.register("/ok", "massline.visits.visit.planned.v1")
    await start()
    await post.tell()
    delivery = await post.one(webhook, "delivered")
    retry = f"deliveries/{delivery['id']}/retry"
    assert_problem(await post.gateway.admin("POST", f"/v1/webhooks/{webhook['id']}/{retry}"), 409, "delivery-finished")
    assert_problem(await post.gateway.admin("POST", f"/v1/webhooks/{other['id']}/{retry}"), 404, "delivery-not-found")
