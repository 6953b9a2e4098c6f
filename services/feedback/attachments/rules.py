"""What may be attached, what becomes of it, and why a file is refused. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from shared.errors import Invalid
from shared.events.feedback import AttachmentKind


class Format(StrEnum):
    """What a file is, by the names of the library that opens it."""

    jpeg = "JPEG"
    png = "PNG"
    webp = "WEBP"
    heif = "HEIF"
    pdf = "PDF"


class FileType(StrEnum):
    """What is kept."""

    jpeg = "jpeg"
    png = "png"
    webp = "webp"
    pdf = "pdf"

    @property
    def media_type(self) -> str:
        return "application/pdf" if self is FileType.pdf else f"image/{self}"


BECOMES: Mapping[Format, FileType] = {
    Format.jpeg: FileType.jpeg,
    Format.png: FileType.png,
    Format.webp: FileType.webp,
    Format.heif: FileType.jpeg,
    Format.pdf: FileType.pdf,
}
HEIF_BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis", b"mif1", b"msf1"})


class Refusal(StrEnum):
    """Why a file is not taken, as the program that opens it says."""

    unreadable = "unreadable"
    encrypted = "encrypted"
    too_many_pixels = "too-many-pixels"
    too_many_pages = "too-many-pages"
    too_large_inside = "too-large-inside"
    too_slow = "too-slow"


@dataclass(frozen=True, slots=True)
class Caps:
    """`size` in bytes."""

    size: int
    pixels: int
    pages: int
    per_case: int

    def refused(self, why: Refusal) -> Invalid:
        slug, detail = REFUSALS[why]
        return Invalid(slug, detail.format(pixels=self.pixels, pages=self.pages))


REFUSALS: Mapping[Refusal, tuple[str, str]] = {
    Refusal.unreadable: ("file-unreadable", "The file is broken or cut off: open it on your side, save it again, and send that."),
    Refusal.encrypted: ("file-encrypted", "The PDF is encrypted: save it without a password and send that."),
    Refusal.too_many_pixels: ("too-many-pixels", "The picture has too many pixels: make it smaller, at most {pixels} in all."),
    Refusal.too_many_pages: ("too-many-pages", "The PDF has too many pages: at most {pages}. Send it in parts."),
    Refusal.too_large_inside: ("file-too-large-inside", "Opened, the file is far larger than it looks: send a smaller picture."),
    Refusal.too_slow: ("file-too-slow", "The file takes too long to open: save it in a simpler form and send that."),
}


def format_of(content: bytes) -> Format:
    """By its first bytes, whatever it is called. Raises `Invalid` (file-type-not-taken)."""
    if content.startswith(b"\xff\xd8\xff"):
        return Format.jpeg
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return Format.png
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return Format.webp
    if content[4:8] == b"ftyp" and content[8:12] in HEIF_BRANDS:
        return Format.heif
    if content.startswith(b"%PDF-"):
        return Format.pdf
    raise Invalid("file-type-not-taken", "The file is not a JPEG, PNG, WebP or HEIC picture, nor a PDF, whatever it is called.")


def kind_of(type: FileType) -> AttachmentKind:
    return AttachmentKind.document if type is FileType.pdf else AttachmentKind.image
