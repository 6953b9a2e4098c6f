"""REST of categories: what opinions can be about, as data."""

from typing import Annotated

from fastapi import APIRouter, Depends, Header, Request, Response

from services.feedback.cases.rules import Channel
from services.feedback.categories import actions, queries
from services.feedback.categories.directory import CategoryDirectory
from services.feedback.categories.rules import rank, sound_of
from services.feedback.categories.schemas import (
    CategoryChangeIn,
    CategoryIn,
    CategoryOut,
    SuggestionIn,
    SuggestionOut,
    SuggestionsOut,
)
from shared.auth import Administrator, Caller
from shared.http import EdgeRoute, QueryRoute, Uow, Version, tag_version
from shared.languages import Language, current_language
from shared.pages import Page, PageCursor, PageLimit
from shared.types import Code

MOST_SUGGESTED = 10


async def get_language(accept_language: Annotated[str | None, Header(description="`en` or `zh`.")] = None) -> Language:
    return current_language()


async def get_directory(request: Request) -> CategoryDirectory:
    directory: CategoryDirectory = request.app.state.categories
    return directory


Preferred = Annotated[Language, Depends(get_language)]
Directory = Annotated[CategoryDirectory, Depends(get_directory)]

router = APIRouter(prefix="/v1/categories", route_class=EdgeRoute, tags=["categories"])
asking = APIRouter(prefix="/v1/categories", route_class=QueryRoute, tags=["categories"])


@router.post("", status_code=201)
async def register_category(
    uow: Uow, principal: Administrator, language: Preferred, body: CategoryIn, response: Response
) -> CategoryOut:
    """Register a category. Until then its code is a plain label that any opinion may bear."""
    row = await actions.register_category(uow, body)
    tag_version(response, row.version)
    return CategoryOut.of(row, language)


@router.get("")
async def list_categories(
    uow: Uow,
    principal: Caller,
    language: Preferred,
    channel: Channel | None = None,
    limit: PageLimit = 50,
    cursor: PageCursor = None,
) -> Page[CategoryOut]:
    """The categories in use, in the order of their registration."""
    return await queries.list_categories(uow, channel=channel, language=language, limit=limit, cursor=cursor)


@router.get("/{code}")
async def get_category(uow: Uow, principal: Caller, language: Preferred, code: Code, response: Response) -> CategoryOut:
    """One category, also a retired one."""
    row = await queries.get_category(uow, code)
    tag_version(response, row.version)
    return CategoryOut.of(row, language)


@router.put("/{code}")
async def change_category(
    uow: Uow,
    principal: Administrator,
    version: Version,
    language: Preferred,
    code: Code,
    body: CategoryChangeIn,
    response: Response,
) -> CategoryOut:
    """Replace all of a category but its code. 412 when somebody changed it after you read it."""
    row = await actions.change_category(uow, code, version, body)
    tag_version(response, row.version)
    return CategoryOut.of(row, language)


@router.post("/{code}/retire")
async def retire_category(uow: Uow, principal: Administrator, language: Preferred, code: Code, response: Response) -> CategoryOut:
    """Take it out of use, for good. Cases filed under it keep it."""
    row = await actions.retire_category(uow, code)
    tag_version(response, row.version)
    return CategoryOut.of(row, language)


@asking.post("/suggest")
async def suggest_categories(principal: Caller, directory: Directory, language: Preferred, body: SuggestionIn) -> SuggestionsOut:
    """Which categories a text, English or Chinese, sounds like, by their keywords, the best first. The text is not kept."""
    found = rank(sound_of(body.text), await directory.in_use(body.channel))
    items = [SuggestionOut(code=each.code, title=each.names[language], score=score) for score, each in found[:MOST_SUGGESTED]]
    return SuggestionsOut(items=items)
