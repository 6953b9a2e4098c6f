from uuid import uuid4

from shared.auth import Role
from shared.events.assessment import StandardActivated
from tests.assessment.office import ADMIN, Office, assert_problem
from tests.support.callers import principal

WHY = {"reason": "As the comments asked for."}


async def test_a_standard_counts_only_after_comments_answers_and_a_dry_run(office: Office) -> None:
    draft = await office.draft_standard()
    path = f"/v1/standards/{draft['id']}"
    said = await office.post(f"{path}/comments", {"stance": "oppose", "text": "Too strict."}, principal(Role.resident))
    assert_problem(await office.client.post(f"{path}/activate", caller=ADMIN, json=WHY), 409, "comments-still-open")
    office.clock.advance(days=14)
    assert_problem(await office.client.post(f"{path}/activate", caller=ADMIN, json=WHY), 409, "comments-unanswered")
    reply = {"decision": "declined", "reason": "It was tried."}
    answered = await office.client.post(f"{path}/comments/{said['id']}/answer", caller=ADMIN, json=reply)
    assert answered.status_code == 200
    assert_problem(await office.client.post(f"{path}/activate", caller=ADMIN, json=WHY), 409, "not-tried")
    await office.try_standard(draft)
    active = await office.activate_standard(draft)
    assert (active["state"], active["reason"], active["changes"]) == ("active", WHY["reason"], ["first version"])
    assert_problem(await office.client.post(f"{path}/activate", caller=ADMIN, json=WHY), 409, "standard-state")
    late = await office.client.post(f"{path}/comments/{said['id']}/answer", caller=ADMIN, json=reply)
    assert_problem(late, 409, "standard-state")


async def test_an_activation_shows_what_changed_and_why_and_ends_the_version_before(office: Office) -> None:
    first = await office.adopt_standard()
    second = await office.adopt_standard(bands={"qualified": 0.7, "excellent": 0.9})
    assert second["changes"] == ["bands: 0.60/0.85 -> 0.70/0.90"]
    assert (await office.get(f"/v1/standards/{first['id']}"))["state"] == "superseded"
    told = (await office.recorded(StandardActivated))[-1].model_dump(mode="json")
    assert told == {
        "standard_id": second["id"], "standard_code": "basic", "version": 2, "supersedes_id": first["id"], "changes": 1,
        "activated_at": second["activated_at"],
    }  # fmt: skip


async def test_activation_is_the_administrators(office: Office) -> None:
    draft = await office.draft_standard()
    for role in (Role.resident, Role.lead, Role.inspector):
        refused = await office.client.post(f"/v1/standards/{draft['id']}/activate", caller=principal(role), json=WHY)
        assert_problem(refused, 403, "role-not-allowed")
    unknown = await office.client.post(f"/v1/standards/{uuid4()}/activate", caller=ADMIN, json=WHY)
    assert_problem(unknown, 404, "standard-not-found")
