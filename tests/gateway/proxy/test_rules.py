import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.gateway.proxy.rules import AREAS, OWN, DocumentClash, bearer_of, merge_openapi, place_of
from shared.types import JsonObject


@pytest.mark.parametrize(
    ("path", "service", "label"),
    [
        ("/v1/opinions", "feedback", "/v1/opinions"),
        ("/v1/cases/7/answer", "feedback", "/v1/cases"),
        ("/v1/receipts/open", "feedback", "/v1/receipts"),
        ("/v1/visit-plans", "visits", "/v1/visit-plans"),
        ("/v1/units/7/scorecard", "assessment", "/v1/units"),
        ("/v1/public/scoreboard", "assessment", "/v1/public"),
        ("/v1/operations/visits/parked-events", "visits", "/v1/operations/visits"),
        ("/v1/operations/gateway/parked-events", "gateway", "unmatched"),
        ("/v1/operations", "gateway", "unmatched"),
        ("/v1/accounts", "gateway", "unmatched"),
        ("/v2/opinions", "gateway", "unmatched"),
        ("/opinions", "gateway", "unmatched"),
        ("/", "gateway", "unmatched"),
        ("", "gateway", "unmatched"),
        ("*", "gateway", "unmatched"),
    ],
)
def test_the_first_segment_says_who_answers(path: str, service: str, label: str) -> None:
    place = place_of(path)
    assert (place.service, place.path) == (service, label)


@given(st.text())
def test_any_path_has_a_place_and_few_labels(path: str) -> None:
    place = place_of(path)
    assert place == OWN or place.path.startswith("/v1/")


@pytest.mark.parametrize(
    ("header", "token"),
    [
        (b"Bearer abc", "abc"),
        (b"bearer  abc ", "abc"),
        (b"Basic abc", None),
        (b"Bearer", None),
        (b"Bearer \xff", None),
        (b"", None),
    ],
)
def test_only_a_bearer_is_a_bearer(header: bytes, token: str | None) -> None:
    assert bearer_of(header) == token


def document(path: str, schema: JsonObject, **operation: object) -> JsonObject:
    reference = {"$ref": "#/components/schemas/Thing"}
    answer = {"200": {"content": {"application/json": {"schema": reference}}}}
    return {
        "paths": {path: {"get": {"operationId": "read", "responses": answer, **operation}}},
        "components": {"schemas": {"Thing": schema}},
    }


def test_merging_keeps_every_operation_under_its_own_id_and_schema() -> None:
    merged = merge_openapi(
        {
            "visits": document("/v1/visits", {"type": "string"}, tags=["visits"]),
            "feedback": document("/v1/cases", {"type": "integer"}, security=[{"bearer": []}]),
        }
    )
    assert list(merged["paths"]) == ["/v1/cases", "/v1/visits"]
    case, visit = (item["get"] for item in merged["paths"].values())
    assert (case["operationId"], visit["operationId"]) == ("read", "visits_read")
    assert visit["responses"]["200"]["content"]["application/json"]["schema"] == {"$ref": "#/components/schemas/VisitsThing"}
    assert merged["components"]["schemas"] == {"Thing": {"type": "integer"}, "VisitsThing": {"type": "string"}}
    assert {} in visit["security"]
    assert {} not in case["security"]
    assert [tag["name"] for tag in merged["tags"]] == ["cases", "visits"]


def test_merging_shares_equal_schemas() -> None:
    merged = merge_openapi({"a": document("/v1/a", {"type": "string"}), "b": document("/v1/b", {"type": "string"})})
    assert list(merged["components"]["schemas"]) == ["Thing"]


def test_merging_refuses_two_claims_to_one_path() -> None:
    with pytest.raises(DocumentClash, match="GET /v1/a"):
        merge_openapi({"a": document("/v1/a", {}), "b": document("/v1/a", {})})


def test_every_area_belongs_to_a_service_behind_the_gateway() -> None:
    assert set(AREAS.values()) == {"feedback", "visits", "assessment"}
