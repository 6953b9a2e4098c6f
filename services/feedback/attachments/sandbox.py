"""Takes one file apart and writes it anew: a program of its own, because what it reads may be made to break it.

`conversion` starts it for each file with an empty environment, and kills it when it takes too long. It reads the file from its
standard input, and writes a line of JSON to its standard output, then what it made. It uses nothing of the product.
"""

import json
import re
import resource
import sys
from collections.abc import Iterator
from contextlib import suppress
from io import BytesIO
from typing import Any

import pi_heif
import pikepdf
from PIL import Image, ImageCms, ImageOps

THUMBNAIL = (320, 320)
SAVING: dict[str, dict[str, Any]] = {
    "JPEG": {"quality": 85},
    "PNG": {"compress_level": 3},
    "WEBP": {"quality": 85, "method": 2},
}
KEPT_OF_PAGE = frozenset({"/Type", "/MediaBox", "/CropBox", "/Rotate", "/Resources", "/Contents", "/UserUnit", "/Group"})
FORGOTTEN = frozenset({"/Metadata", "/PieceInfo", "/LastModified", "/AF", "/OPI", "/Measure", "/PtData"})
KEPT_BOXES = frozenset({b"jP  ", b"ftyp", b"jp2h", b"jp2c"})
MARKER = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")
DICTIONARIES = (pikepdf.Dictionary, pikepdf.Stream)
START_OF_SCAN, END_OF_IMAGE, ADOBE, COMMENT = 0xDA, 0xD9, 0xEE, 0xFE
APPLICATIONS = range(0xE0, 0xF0)


class Refused(Exception):
    """The file is not taken; the first argument says why, as a `rules.Refusal`."""


def main(limits: dict[str, Any]) -> None:
    _bound(limits["memory"], limits["seconds"])
    try:
        facts, parts = convert(sys.stdin.buffer.read(), limits)
    except Refused as refusal:
        facts, parts = {"refused": refusal.args[0]}, []
    except MemoryError:
        facts, parts = {"refused": "too-many-pixels"}, []
    except Exception:  # whatever a decoder makes of a broken file
        facts, parts = {"refused": "unreadable"}, []
    facts["sizes"] = [len(part) for part in parts]
    sys.stdout.buffer.write(json.dumps(facts).encode() + b"\n" + b"".join(parts))


def _bound(memory: int, seconds: int) -> None:
    """No more memory and time than this, no file written, no core left behind."""
    for what, most in (
        (resource.RLIMIT_CPU, seconds),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_AS, memory),
    ):
        with suppress(ValueError):  # macOS does not bound memory so
            resource.setrlimit(what, (most, most))


def convert(content: bytes, limits: dict[str, Any]) -> tuple[dict[str, Any], list[bytes]]:
    """What is known of the new file, and the file itself, with its thumbnail if it has one."""
    if limits["format"] == "PDF":
        facts, parts = clean_pdf(content, limits["pages"])
    else:
        facts, parts = clean_image(content, limits["format"], limits["pixels"])
    if sum(map(len, parts)) > limits["bytes"]:
        raise Refused("too-large-inside")
    return facts, parts


def clean_image(content: bytes, format: str, most_pixels: int) -> tuple[dict[str, Any], list[bytes]]:
    """The pixels of the first frame, upright and in sRGB, and nothing else of the file."""
    Image.MAX_IMAGE_PIXELS = None
    if format == "HEIF":
        pi_heif.register_heif_opener(thumbnails=False)
    image: Image.Image = Image.open(BytesIO(content), formats=[format])
    width, height = image.size
    if width * height > most_pixels:
        raise Refused("too-many-pixels")
    image.load()
    ImageOps.exif_transpose(image, in_place=True)
    image = _in_srgb(image)
    made = "JPEG" if format == "HEIF" else format
    if made == "JPEG":
        image = _opaque(image)
    image.info.clear()
    width, height = image.size
    return {"width": width, "height": height}, [_saved(image, made), _thumbnail(image)]


def _in_srgb(image: Image.Image) -> Image.Image:
    """Grey, RGB or RGBA, eight bits a channel; a profile that cannot be read is left out of account."""
    profile = image.info.get("icc_profile")
    if image.mode.startswith("I"):
        image = image.convert("I").point(lambda value: value / 256).convert("L")
    elif image.has_transparency_data and image.mode != "RGBA":
        image = image.convert("RGBA")
    elif image.mode not in ("L", "RGB", "RGBA", "CMYK"):
        image = image.convert("L" if image.mode == "1" else "RGB")
    if profile:
        with suppress(ImageCms.PyCMSError, OSError):
            mode = "RGBA" if image.mode == "RGBA" else "RGB"
            source, target = ImageCms.ImageCmsProfile(BytesIO(profile)), ImageCms.createProfile("sRGB")
            image = ImageCms.profileToProfile(image, source, target, outputMode=mode) or image
    return image.convert("RGB") if image.mode == "CMYK" else image


def _opaque(image: Image.Image) -> Image.Image:
    """On white."""
    if image.mode != "RGBA":
        return image
    ground = Image.new("RGB", image.size, "white")
    ground.paste(image, mask=image.getchannel("A"))
    return ground


def _thumbnail(image: Image.Image) -> bytes:
    """Of an image that is not needed any more."""
    image.thumbnail(THUMBNAIL, reducing_gap=2.0)
    return _saved(_opaque(image), "JPEG")


def _saved(image: Image.Image, format: str) -> bytes:
    file = BytesIO()
    image.save(file, format, **SAVING[format])
    return file.getvalue()


def clean_pdf(content: bytes, most_pages: int) -> tuple[dict[str, Any], list[bytes]]:
    """The pages as they look, in a new document: what was filled in is drawn; what runs, links or is attached is gone."""
    try:
        source = pikepdf.open(BytesIO(content))
    except pikepdf.PasswordError:
        raise Refused("encrypted") from None
    with source, pikepdf.new() as clean:
        pages = len(source.pages)
        if source.is_encrypted:
            raise Refused("encrypted")
        if pages > most_pages:
            raise Refused("too-many-pages")
        if pages == 0:
            raise Refused("unreadable")
        source.generate_appearance_streams()
        source.flatten_annotations("screen")
        for page in source.pages:
            for name in set(page.obj.keys()) - KEPT_OF_PAGE:
                del page.obj[name]
        clean.pages.extend(source.pages)
        for thing in clean.objects:
            _forget(thing)
        file = BytesIO()
        clean.save(file, object_stream_mode=pikepdf.ObjectStreamMode.generate, deterministic_id=True)
        return {"pages": pages}, [file.getvalue()]


def _forget(thing: Any) -> None:
    """Take out of a page, stream or dictionary what is not for the eye."""
    if isinstance(thing, pikepdf.Stream):
        _strip_picture(thing)
    for part in _dictionaries(thing):
        drawn = isinstance(part, pikepdf.Stream) or part.get("/Type") == "/Page"
        for name in list(part.keys()):
            if (drawn and name in FORGOTTEN) or _is_attached(part.get(name)):
                del part[name]


def _dictionaries(thing: Any) -> Iterator[Any]:
    """`thing` and every dictionary written inside it; what it only refers to comes by itself."""
    waiting = [thing]
    while waiting:
        part = waiting.pop()
        if isinstance(part, DICTIONARIES):
            yield part
            waiting += [value for _, value in part.items() if _is_inside(value)]
        elif isinstance(part, pikepdf.Array):
            waiting += [value for value in part if _is_inside(value)]


def _is_inside(value: Any) -> bool:
    return isinstance(value, pikepdf.Object) and not value.is_indirect


def _is_attached(value: Any) -> bool:
    if not isinstance(value, DICTIONARIES):
        return False
    return value.get("/Type") in ("/Metadata", "/Filespec", "/EmbeddedFile", "/Action")


def _strip_picture(stream: Any) -> None:
    """A picture inside a document is a whole file, and a phone writes into it where it was taken."""
    filters = stream.get("/Filter")
    names = [str(name) for name in filters] if isinstance(filters, pikepdf.Array) else [str(filters)]
    strip = {"/DCTDecode": bare_jpeg, "/JPXDecode": bare_jpeg2000}.get(names[-1]) if names else None
    if strip is not None:
        picture = stream.get_raw_stream_buffer() if len(names) == 1 else _unwrapped(stream)
        stream.write(strip(bytes(picture)), filter=pikepdf.Name(names[-1]), decode_parms=_last_parameters(stream))


def _unwrapped(stream: Any) -> Any:
    return stream.get_stream_buffer(decode_level=pikepdf.StreamDecodeLevel.generalized)


def _last_parameters(stream: Any) -> Any:
    parameters = stream.get("/DecodeParms")
    return parameters[-1] if isinstance(parameters, pikepdf.Array) else parameters


def bare_jpeg(content: bytes) -> bytes:
    """The same picture without comments, and without what applications wrote into it, except how Adobe meant its colours."""
    if content[:2] != b"\xff\xd8":
        raise Refused("unreadable")
    kept, at = [content[:2]], 2
    while (found := MARKER.search(content, at)) is not None:
        at, marker = found.start(), content[found.start() + 1]
        if marker == END_OF_IMAGE:
            break
        end = at + 2 + int.from_bytes(content[at + 2 : at + 4])
        if marker == START_OF_SCAN:
            after = MARKER.search(content, end)
            end = after.start() if after else len(content)
        if marker != COMMENT and (marker not in APPLICATIONS or marker == ADOBE):
            kept.append(content[at:end])
        at = end
    return b"".join([*kept, b"\xff\xd9"])


def bare_jpeg2000(content: bytes) -> bytes:
    """The boxes that hold the picture; a bare code stream has none."""
    kept, at = [], 0
    if content[:4] == b"\xff\x4f\xff\x51":
        return content
    while at + 8 <= len(content):
        length, kind, head = int.from_bytes(content[at : at + 4]), content[at + 4 : at + 8], 8
        if length == 1:
            length, head = int.from_bytes(content[at + 8 : at + 16]), 16
        end = len(content) if length == 0 else at + length
        if end < at + head:
            raise Refused("unreadable")
        if kind in KEPT_BOXES:
            kept.append(content[at:end])
        at = end
    return b"".join(kept)


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
