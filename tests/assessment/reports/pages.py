"""Reading a report as a browser does."""

import base64
import hashlib
import re
from typing import Any

import httpx
from lxml import etree

from shared.auth import ANONYMOUS, Principal
from tests.assessment.office import Office

SPACES = re.compile(r"\s+")


class Sheet:
    """A page that is well-formed, down to the last tag."""

    def __init__(self, answer: httpx.Response) -> None:
        assert answer.status_code == 200, answer.text
        self.answer = answer
        self.root = etree.fromstring(answer.content)

    @property
    def text(self) -> str:
        return _text(self.root.find("body"))

    @property
    def language(self) -> str:
        return str(self.root.get("lang"))

    def section(self, id: str) -> str:
        """The words of one section; nothing where there is none."""
        found = self.root.xpath(f"//section[@aria-labelledby='{id}']")
        return _text(found[0]) if found else ""

    @property
    def sections(self) -> list[str]:
        return [str(each) for each in self.root.xpath("//section/@aria-labelledby")]

    def rows(self, id: str) -> dict[str, list[str]]:
        """The table of a section: what stands behind each head of a row."""
        rows = self.root.xpath(f"//section[@aria-labelledby='{id}']//tbody/tr")
        return {_text(row.find("th")): [_text(cell) for cell in row.findall("td")] for row in rows}

    def has_own_style_only(self) -> bool:
        """Whether the policy lets exactly this style through, and there is nothing else to let through."""
        [style] = self.root.xpath("//style")
        digest = base64.b64encode(hashlib.sha256(style.text.encode()).digest()).decode()
        outside = self.root.xpath("//script|//link|//img|//iframe|//object|//form|//@style|//@src|//@href|//@onload|//@onclick")
        allowed = f"style-src 'sha256-{digest}'" in self.answer.headers["content-security-policy"]
        return allowed and not outside and "url(" not in style.text and "@import" not in style.text


def _text(element: Any) -> str:
    return SPACES.sub(" ", " ".join(element.itertext())).strip()


async def open_report(
    office: Office, unit: Any, caller: Principal = ANONYMOUS, language: str | None = None, accepted: str = ""
) -> Sheet:
    """As this caller reads it: without an account the public one."""
    way = "/v1/public/units" if caller is ANONYMOUS else "/v1/units"
    params = {"language": language} if language else {}
    return Sheet(
        await office.client.get(f"{way}/{unit['id']}/report", caller=caller, params=params, headers={"Accept-Language": accepted})
    )
