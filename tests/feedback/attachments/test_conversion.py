"""Conversion: what comes out is what can be seen of the file, and nothing else of it."""

import os
import sys
from io import BytesIO
from pathlib import Path

import pikepdf
import pytest
from PIL import Image

from services.feedback.attachments.conversion import Converted, Converter
from services.feedback.attachments.rules import Caps, FileType
from shared.errors import Invalid
from tests.feedback.files import HEIC, MARK, all_of, drawing, huge_png, jpeg, opened, pdf, png, saved, webp

CAPS = Caps(size=1_000_000, pixels=1_000_000, pages=3, per_case=10)
TAKEN = {
    "JPEG": (jpeg(), "JPEG"),
    "progressive JPEG": (jpeg(progressive=True), "JPEG"),
    "PNG": (png(), "PNG"),
    "WebP": (webp(), "WEBP"),
    "HEIC": (HEIC, "JPEG"),
}


async def convert(content: bytes, caps: Caps = CAPS) -> Converted:
    return await Converter(caps).convert(content)


async def refused(content: bytes, caps: Caps = CAPS) -> str:
    with pytest.raises(Invalid) as refusal:
        await convert(content, caps)
    assert refusal.value.detail.endswith(".")
    return refusal.value.slug


@pytest.mark.parametrize("name", list(TAKEN))
async def test_a_picture_keeps_its_pixels_and_nothing_else(name: str) -> None:
    content, format = TAKEN[name]
    made = await convert(content)
    assert made.thumbnail is not None
    for file in (made.content, made.thumbnail):
        image = opened(file)
        assert MARK.encode() not in file
        assert dict(image.getexif()) == {}
        assert not {"exif", "xmp", "XML:com.adobe.xmp", "icc_profile", "comment", "photoshop"} & image.info.keys()
        assert b"Exif" not in file
        assert b"http://ns.adobe.com/xap" not in file
        assert b"8BIM" not in file
    assert opened(made.content).format == format
    assert opened(made.thumbnail).format == "JPEG"


@pytest.mark.parametrize("name", list(TAKEN))
async def test_a_picture_comes_out_upright(name: str) -> None:
    made = await convert(TAKEN[name][0])
    assert (made.width, made.height, made.pages) == (48, 64, None)
    image = opened(made.content).convert("RGB")
    corners = {(x, y): image.getpixel((x, y)) for x in (2, 45) for y in (2, 61)}
    red = [place for place, colour in corners.items() if isinstance(colour, tuple) and colour[1] < 100]
    assert red == [(45, 2)]


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA"])
async def test_a_png_of_any_kind_looks_as_before(mode: str) -> None:
    made = await convert(saved(drawing(mode=mode, corner="black"), "PNG"))
    image = opened(made.content).convert("RGB")
    assert image.getpixel((2, 2)) == (0, 0, 0)
    assert image.getpixel((60, 40)) == (255, 255, 255)


async def test_a_16_bit_picture_keeps_its_brightness() -> None:
    grey = Image.new("I;16", (8, 8), 0x8000)
    assert opened((await convert(saved(grey, "PNG"))).content).getpixel((4, 4)) == 128


async def test_transparency_is_kept_where_it_can_be_and_white_where_not() -> None:
    clear = Image.new("RGBA", (400, 400), (0, 0, 0, 0))
    made = await convert(saved(clear, "PNG"))
    assert opened(made.content).getpixel((4, 4)) == (0, 0, 0, 0)
    assert made.thumbnail is not None
    thumbnail = opened(made.thumbnail)
    assert thumbnail.getpixel((4, 4)) == (255, 255, 255)
    assert thumbnail.size == (320, 320)


async def test_a_press_picture_becomes_one_for_screens() -> None:
    made = await convert(saved(Image.new("CMYK", (8, 8), (0, 255, 255, 0)), "JPEG"))
    image = opened(made.content)
    assert image.mode == "RGB"
    red, green, _ = image.getpixel((4, 4))  # type: ignore[misc]
    assert red > 200 > 60 > green


async def test_of_a_moving_picture_the_first_frame_stays() -> None:
    frames = [drawing(), Image.new("RGB", (64, 48), "black")]
    made = await convert(saved(frames[0], "WEBP", save_all=True, append_images=frames[1:]))
    image = opened(made.content)
    assert getattr(image, "n_frames", 1) == 1
    assert image.convert("RGB").getpixel((40, 40)) == (255, 255, 255)


async def test_a_document_keeps_its_pages_and_nothing_else() -> None:
    made = await convert(pdf(pages=3))
    assert (made.type, made.pages, made.width, made.thumbnail) == (FileType.pdf, 3, None, None)
    whole = all_of(made.content)
    assert MARK.encode() not in whole
    for name in (b"JavaScript", b"EmbeddedFile", b"/Metadata", b"/Author", b"OpenAction", b"/URI", b"PieceInfo", b"Exif"):
        assert name not in whole, name
    assert b"/Photo Do" in whole
    with pikepdf.open(BytesIO(made.content)) as document:
        picture = document.pages[0].obj.Resources.XObject.Photo
        photo = Image.open(BytesIO(picture.read_raw_bytes()))
        assert photo.size == (64, 48)
        assert photo.convert("RGB").getpixel((60, 40)) == (255, 255, 255)


async def test_the_words_of_a_form_are_drawn() -> None:
    document = pikepdf.new()
    page = document.add_blank_page(page_size=(200, 200))
    font = pikepdf.Dictionary(Type=pikepdf.Name.Font, Subtype=pikepdf.Name.Type1, BaseFont=pikepdf.Name.Helvetica)
    field = pikepdf.Dictionary(
        Type=pikepdf.Name.Annot,
        Subtype=pikepdf.Name.Widget,
        FT=pikepdf.Name.Tx,
        T="place",
        V="By the well",
        DA="/F 12 Tf 0 g",
        Rect=[10, 10, 190, 30],
    )
    written = document.make_indirect(field)
    page.obj.Annots = pikepdf.Array([written])
    resources = pikepdf.Dictionary(Font=pikepdf.Dictionary(F=font))
    document.Root.AcroForm = pikepdf.Dictionary(Fields=[written], DR=resources, DA="/F 12 Tf 0 g", NeedAppearances=True)
    file = BytesIO()
    document.save(file)
    whole = all_of((await convert(file.getvalue())).content)
    assert b"By the well" in whole
    assert b"AcroForm" not in whole


@pytest.mark.parametrize("before", [b"PK\x03\x04", b"<html><script>", b"\n"])
async def test_what_another_program_would_take_for_something_else_is_no_picture(before: bytes) -> None:
    assert await refused(before + jpeg()) == "file-type-not-taken"
    assert await refused(before + pdf()) == "file-type-not-taken"


async def test_what_hides_behind_a_picture_is_left_behind() -> None:
    for content in (jpeg(), png(), webp(), pdf()):
        made = await convert(content + b"<script>" + MARK.encode() + b"</script>PK\x05\x06")
        assert MARK.encode() not in made.content
        assert b"script" not in made.content


REFUSED = {
    "nothing": (b"", "file-type-not-taken"),
    "text": (b"Dear all", "file-type-not-taken"),
    "SVG": (b'<svg xmlns="http://www.w3.org/2000/svg"/>', "file-type-not-taken"),
    "HTML": (b"<!doctype html><script>alert(1)</script>", "file-type-not-taken"),
    "GIF": (saved(drawing(), "GIF"), "file-type-not-taken"),
    "TIFF": (saved(drawing(), "TIFF"), "file-type-not-taken"),
    "AVIF": (b"\0\0\0\x1cftypavif\0\0\0\0avifmif1miaf" + bytes(100), "file-type-not-taken"),
    "half a JPEG": (jpeg()[: len(jpeg()) - 300], "file-unreadable"),
    "half a PNG": (png()[:-100], "file-unreadable"),
    "half a WebP": (webp()[:60], "file-unreadable"),
    "half a HEIC": (HEIC[:400], "file-unreadable"),
    "a JPEG's first bytes": (b"\xff\xd8\xff\xe0", "file-unreadable"),
    "a PDF's first bytes": (b"%PDF-1.7\n", "file-unreadable"),
    "a PDF without pages": (b"%PDF-1.7\ntrailer<</Root<</Pages<</Kids[]/Count 0>>>>>>", "file-unreadable"),
    "PNG bytes in a JPEG's name": (b"\xff\xd8\xff" + png(), "file-unreadable"),
    "an encrypted PDF": (pdf(encryption=pikepdf.Encryption(owner="a", user="b")), "file-encrypted"),
    "a PDF that only its owner may change": (pdf(encryption=pikepdf.Encryption(owner="a", user="")), "file-encrypted"),
    "too many pages": (pdf(pages=4), "too-many-pages"),
    "too many pixels": (saved(drawing((1001, 1000)), "JPEG"), "too-many-pixels"),
    "a picture that explodes": (huge_png(), "too-many-pixels"),
    "too many bytes": (jpeg() + bytes(1_000_000), "file-too-large"),
}


@pytest.mark.parametrize("name", list(REFUSED))
async def test_a_bad_file_is_refused_with_a_reason(name: str) -> None:
    content, slug = REFUSED[name]
    assert await refused(content) == slug


async def test_a_file_that_grows_too_much_is_refused() -> None:
    """A few colours in a small file, which need many bytes as true ones."""
    noise = saved(Image.effect_noise((300, 300), 90).quantize(2), "PNG")
    assert len((await convert(noise)).content) > 2 * len(noise)
    assert await refused(noise, Caps(size=len(noise), pixels=1_000_000, pages=3, per_case=10)) == "file-too-large-inside"


async def broken(program: str, *, seconds: float = 30) -> str:
    with pytest.raises(Invalid) as refusal:
        await Converter(CAPS, command=(sys.executable, "-c", program), seconds=seconds).convert(jpeg())
    return refusal.value.slug


async def test_what_takes_too_long_is_killed(tmp_path: Path) -> None:
    number = tmp_path / "pid"
    program = f"import os, time; open({str(number)!r}, 'w').write(str(os.getpid())); time.sleep(60)"
    assert await broken(program, seconds=2) == "file-too-slow"
    with pytest.raises(ProcessLookupError):
        os.kill(int(number.read_text()), 0)


@pytest.mark.parametrize(
    "program",
    [
        "import os; os.abort()",
        "print('nonsense')",
        "print('{\"sizes\": [5]}')",
        "print('{\"sizes\": []}')",
        "import sys; sys.stdout.write('x' * 50_000_000)",
    ],
    ids=["dies", "nonsense", "promises more", "nothing", "floods"],
)
async def test_a_sandbox_that_breaks_gives_no_file(program: str) -> None:
    assert await broken(program) == "file-unreadable"
