"""`allowed` on a case is exactly what its reader can do to it now: tried out, verb by verb, in situations that chance makes."""

import random
from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Any
from uuid import UUID

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.feedback.appeals import actions as appeals
from services.feedback.appeals.schemas import DecisionIn
from services.feedback.cases.actions import acknowledging, judging, reopening
from services.feedback.cases.queries import reading
from services.feedback.cases.rules import VERBS_OF, Decision, Party, Verb
from services.feedback.cases.schemas import CaseOut, ConfirmationIn
from services.feedback.conversations import actions as conversations
from services.feedback.conversations.schemas import AnswerIn
from services.feedback.merges import actions as merges
from services.feedback.merges.schemas import MergeIn
from services.feedback.responsibility.actions import handing_over, joining
from services.feedback.responsibility.schemas import HandOverIn, InvitationIn
from shared.auth import Principal
from shared.errors import DomainError, NotFound
from shared.uow import UnitOfWork
from tests.feedback.house import House, admin, inspector, lead, official, unit
from tests.feedback.work import work

STAFF = [
    official("village"),
    official("neighbour"),
    official("township"),
    official("elsewhere"),
    lead("township"),
    lead("county"),
    inspector("village"),
    admin(),
]
CODES = ("village", "neighbour", "township", "elsewhere", "county")
Do = Callable[[UnitOfWork, Principal], Coroutine[Any, Any, object]]


def deeds(case: CaseOut, mate: UUID) -> Mapping[Verb, Do]:
    """Every verb with what makes it as likely to be taken as can be; `mate` is another case of the same unit."""
    id, working = case.id, [each.unit_id for each in case.units if each.part == "joint"]
    free = next(unit(code) for code in CODES if unit(code) not in {case.unit_id, *working})

    def leaving(who: Principal) -> UUID:
        return who.unit_id if who.unit_id in working else [*working, free][0]

    return {
        Verb.acknowledge: lambda uow, who: acknowledging.acknowledge_case(uow, who, id),
        Verb.ask: lambda uow, who: conversations.ask_resident(uow, who, id, "Which?"),
        Verb.answer: lambda uow, who: conversations.answer_case(uow, who, id, AnswerIn(text="Mended.")),
        Verb.message: lambda uow, who: conversations.add_message(uow, who, id, "And?"),
        Verb.reject: lambda uow, who: conversations.reject_case(uow, who, id, "No."),
        Verb.confirm: lambda uow, who: judging.confirm_case(uow, who, id, ConfirmationIn(resolved=id.int % 2 == 0)),
        Verb.reopen: lambda uow, who: reopening.reopen_case(uow, who, id, "Dark again."),
        Verb.withdraw: lambda uow, who: reopening.withdraw_case(uow, who, id, None),
        Verb.appeal: lambda uow, who: appeals.appeal_rejection(uow, who, id, "But."),
        Verb.uphold: lambda uow, who: appeals.decide_appeal(uow, who, id, DecisionIn(decision=Decision.uphold, reason="No.")),
        Verb.overturn: lambda uow, who: appeals.decide_appeal(
            uow, who, id, DecisionIn(decision=Decision.overturn, reason="Yes.")
        ),
        Verb.hand_over: lambda uow, who: handing_over.hand_over_case(uow, who, id, HandOverIn(unit_id=free, reason="Theirs")),
        Verb.invite: lambda uow, who: joining.invite_unit(uow, who, id, InvitationIn(unit_id=free, task="Help")),
        Verb.leave: lambda uow, who: joining.leave_case(uow, who, id, leaving(who), "Done"),
        Verb.merge: lambda uow, who: merges.merge_case(uow, who, id, MergeIn(into_case_id=mate, reason="The same")),
        Verb.unmerge: lambda uow, who: merges.unmerge_case(uow, who, id, "Another"),
    }


ASKED_FOR = {verb for party in Party for verb in VERBS_OF[party]}


async def read(house: House, case_id: UUID, who: Principal) -> CaseOut:
    async with house.service.works.open() as (uow, _):
        return await reading.get_case(uow, who, case_id)


async def mate_of(house: House, case: CaseOut) -> UUID:
    return UUID(await house.case(unit_id=case.unit_id))


RARE = {Verb.withdraw: 1, Verb.hand_over: 2, Verb.message: 2, Verb.invite: 4, Verb.merge: 4}
"""How often a verb is chosen, so that no situation is left out; the others count 9."""


def choose(chance: random.Random, allowed: Sequence[Verb]) -> Verb:
    return chance.choices(allowed, [RARE.get(verb, 9) for verb in allowed])[0]


async def live(house: House, case_id: UUID, chance: random.Random) -> None:
    """Somebody does something that they may do, and time passes."""
    house.clock.advance(hours=chance.choice([1, 1, 24, 24, 20 * 24]))
    if chance.random() < 0.2:
        await work(house.service)
    whole = await read(house, case_id, admin())
    whos = chance.sample([house.speaker, house.speaker, *STAFF], 10)
    for who in whos:
        try:
            allowed = (await read(house, case_id, who)).allowed
        except NotFound:
            continue
        if allowed:
            deed = deeds(whole, await mate_of(house, whole))[choose(chance, allowed)]
            async with house.service.works.begin() as uow:
                await deed(uow, who)
            return


async def taken(house: House, deed: Do, who: Principal) -> bool:
    """Whether it would be; nothing of it stays."""
    async with house.service.works.open() as (uow, _):
        try:
            await deed(uow, who)
        except DomainError:
            return False
        return True


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, 2**32))
async def test_allowed_says_exactly_what_succeeds(house: House, seed: int) -> None:
    chance, case_id = random.Random(seed), UUID(await house.case())
    for _ in range(chance.randint(0, 12)):
        await live(house, case_id, chance)
    whole = await read(house, case_id, admin())
    everything = deeds(whole, await mate_of(house, whole))
    assert everything.keys() == ASKED_FOR
    for who in (house.speaker, *STAFF):
        try:
            allowed = set((await read(house, case_id, who)).allowed)
        except NotFound:
            allowed = set()
        succeed = {verb for verb, deed in everything.items() if await taken(house, deed, who)}
        assert succeed == allowed, (whole.state, who.role, who.unit_id)
