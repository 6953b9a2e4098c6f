"""The API's documentation as one HTML page: no script, nothing from elsewhere, so it works wherever the API does."""

import json
from collections.abc import Iterator
from html import escape
from typing import Any

from services.gateway.proxy.rules import METHODS
from shared.types import JsonObject

STYLE = """
body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1d2a35;background:#fff}
h2{margin-top:2.5rem;border-bottom:1px solid #cdd6dd}summary{cursor:pointer;padding:.3rem 0}
code,pre{font:14px/1.4 ui-monospace,monospace}pre{background:#f2f5f7;padding:.8rem;overflow:auto}
.m{display:inline-block;min-width:4rem;font-weight:600;color:#0b5c8a}table{border-collapse:collapse}
td,th{text-align:left;padding:.2rem 1rem .2rem 0;vertical-align:top}a{color:#0b5c8a}
"""
POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

Operation = tuple[str, str, JsonObject]


def docs_page(document: JsonObject) -> str:
    """HTML of a merged OpenAPI document: every operation by area, its parameters, body and answer."""
    info = document["info"]
    areas = [tag["name"] for tag in document["tags"]]
    menu = " · ".join(f'<a href="#{escape(area)}">{escape(area)}</a>' for area in areas)
    sections = "".join(_section(area, list(_operations(document, area)), document) for area in areas)
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>{escape(info['title'])} API</title><style>{STYLE}</style><h1>{escape(info['title'])} API</h1>"
        f'<p>{escape(info["description"])}</p><p>For programs: <a href="/openapi.json">/openapi.json</a></p>'
        f"<nav>{menu}</nav>{sections}</html>"
    )


def _operations(document: JsonObject, area: str) -> Iterator[Operation]:
    for path, item in document["paths"].items():
        for method, operation in item.items():
            if method in METHODS and operation["tags"][0] == area:
                yield path, method, operation


def _section(area: str, operations: list[Operation], document: JsonObject) -> str:
    return f'<h2 id="{escape(area)}">{escape(area)}</h2>' + "".join(_operation(one, document) for one in operations)


def _operation(one: Operation, document: JsonObject) -> str:
    path, method, operation = one
    parts = [f"<p>{escape(operation.get('description', ''))}</p>", _parameters(operation)]
    body = _json_schema(operation.get("requestBody", {}).get("content", {}))
    if body:
        parts.append(f"<p>Body</p>{_schema(body, document)}")
    for status, response in operation.get("responses", {}).items():
        schema = _json_schema(response.get("content", {}))
        if status.startswith("2") and schema:
            parts.append(f"<p>{escape(status)}</p>{_schema(schema, document)}")
    summary = f'<span class="m">{method.upper()}</span> <code>{escape(path)}</code> {escape(operation.get("summary", ""))}'
    return f"<details><summary>{summary}</summary>{''.join(parts)}</details>"


def _parameters(operation: JsonObject) -> str:
    rows = "".join(
        f"<tr><td><code>{escape(p['name'])}</code><td>{escape(p['in'])}<td>{escape(p.get('description', ''))}"
        for p in operation.get("parameters", [])
    )
    return f"<table>{rows}</table>" if rows else ""


def _json_schema(content: JsonObject) -> JsonObject:
    return next((media["schema"] for media in content.values() if "schema" in media), {})


def _schema(schema: JsonObject, document: JsonObject) -> str:
    return f"<pre>{escape(json.dumps(_shown(schema, document), indent=1, ensure_ascii=False))}</pre>"


def _shown(schema: JsonObject, document: JsonObject, depth: int = 4) -> Any:
    """A schema as an outline of the JSON it describes."""
    if "$ref" in schema:
        name = schema["$ref"].rsplit("/", 1)[-1]
        target = document["components"]["schemas"].get(name, {})
        return _shown(target, document, depth - 1) if depth else name
    if "properties" in schema:
        return {name: _shown(part, document, depth) for name, part in schema["properties"].items()}
    if "enum" in schema:
        return " | ".join(str(value) for value in schema["enum"])
    for many in ("anyOf", "oneOf"):
        if many in schema:
            options = [_shown(option, document, depth) for option in schema[many]]
            return options[0] if len(options) == 1 or not all(isinstance(o, str) for o in options) else " | ".join(options)
    if schema.get("type") == "array":
        return [_shown(schema.get("items", {}), document, depth)]
    return str(schema.get("format") or schema.get("const") or schema.get("type") or "any")
