"""Categories to register."""

from typing import Any
from uuid import UUID

import httpx

from shared.auth import Principal
from tests.feedback.house import House, admin

LAMP = {
    "code": "light",
    "name": {"en": "Street light", "zh": "路灯"},
    "channels": ["public_opinion"],
    "keywords": ["lamp", "dark", "照明"],
}
SIZE = {"key": "big", "name": "Big"}, {"key": "small", "name": "Small"}
ATTRIBUTES: list[dict[str, Any]] = [
    {"code": "pole", "datatype": "string", "required": True, "description": "The number on the pole", "order": 2},
    {"code": "height", "datatype": "number", "description": "In metres"},
    {"code": "since", "datatype": "datetime", "description": "Since when"},
    {"code": "story", "datatype": "text", "description": "What happened"},
    {"code": "size", "datatype": "singlevaluelist", "description": "How big", "values": list(SIZE), "order": 1},
    {"code": "sizes", "datatype": "multivaluelist", "description": "How big they are", "values": list(SIZE)},
]


def category(**said: Any) -> dict[str, Any]:
    return {name: str(value) if isinstance(value, UUID) else value for name, value in {**LAMP, **said}.items()}


async def try_register(house: House, *, caller: Principal | None = None, **said: Any) -> httpx.Response:
    return await house.client.post("/v1/categories", caller=caller or admin(), json=category(**said))


async def register(house: House, **said: Any) -> Any:
    answer = await try_register(house, **said)
    assert answer.status_code == 201, answer.text
    return answer.json()


async def change(house: House, code: str, tag: str | None, /, *, caller: Principal | None = None, **said: Any) -> httpx.Response:
    body = {name: value for name, value in category(**said).items() if name != "code"}
    headers = {} if tag is None else {"If-Match": tag}
    return await house.client.call("PUT", f"/v1/categories/{code}", caller=caller or admin(), json=body, headers=headers)


async def retire(house: House, code: str, *, caller: Principal | None = None) -> httpx.Response:
    return await house.client.post(f"/v1/categories/{code}/retire", caller=caller or admin(), json={})
