"""Pictures and documents that say more than they show: each hides `MARK` wherever its format lets it."""

import zlib
from base64 import b64decode
from io import BytesIO
from typing import Any

import pikepdf
from PIL import Image, ImageCms, ImageDraw, PngImagePlugin

MARK = "MARKED-FILE-7741"
XMP = f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF>{MARK}</rdf:RDF></x:xmpmeta>'.encode()
TURNED = 6
"""EXIF: what is stored lies on its left side."""

HEIC = b64decode(
    "AAAAHGZ0eXBoZWljAAAAAG1pZjFoZWljbWlhZgAAAchtZXRhAAAAAAAAACFoZGxyAAAAAAAAAABwaWN0AAAAAAAAAAAAAAAAAAAAADRpbG9jAAAAAERA"
    "AAIAAQAAAAAB7AABAAAAAAAAAD8AAgAAAAACKwABAAAAAAAAAK4AAAA4aWluZgAAAAAAAgAAABVpbmZlAgAAAAABAABodmMxAAAAABVpbmZlAgAAAQAC"
    "AABFeGlmAAAAAA5waXRtAAAAAAABAAABB2lwcnAAAADmaXBjbwAAAHZodmNDAQNwAAAAkAAAAAAAHvAA/P34+AAADwNgAAEAGEABDAH//wNwAAADAJAA"
    "AAMAAAMAHroCQGEAAQAqQgEBA3AAAAMAkAAAAwAAAwAeoCCBBZbq5Ka5uAhoMCAAAAMDIAAAAwAhYgABAAZEAcFzwIkAAAATY29scm5jbHgAAQANAAaA"
    "AAAAFGlzcGUAAAAAAAAAQAAAAEAAAAAoY2xhcAAAAEAAAAABAAAAMAAAAAEAAAAAAAAAAv////AAAAACAAAAEHBpeGkAAAAAAwgICAAAAAlpcm90AwAA"
    "ABlpcG1hAAAAAAAAAAEAAQaBAgMFhIYAAAAaaXJlZgAAAAAAAAAOY2RzYwACAAEAAQAAAPVtZGF0AAAAOygBrxmA+0thD/45z+XZftg/qYop8dXtY4Fm"
    "Iq0xuATg+pk6wzZu4DArJSnsXzp5BPD/4KLXz1qI/N/gAAAABkV4aWYAAE1NACoAAAAIAAMBDwACAAAADAAAADIBEgADAAAAAQAGAACIJQAEAAAAAQAA"
    "AD4AAAAAQ0FNRVJBLU1BUksAAAQAAQACAAAAAk4AAAAAAgAFAAAAAwAAAHQAAwACAAAAAkUAAAAABAAFAAAAAwAAAIwAAAAAAAAAJwAAAAEAAAA2AAAA"
    "AQAAABQAAAABAAAAdAAAAAEAAAAXAAAAAQAAAB0AAAAB"
)
"""A white picture of 64 x 48 with a red upper left corner, turned as a phone turns it, with EXIF of a camera and a place."""


def exif() -> Image.Exif:
    made = Image.Exif()
    made[0x010F] = MARK  # the camera's maker
    made[0x0112] = TURNED
    made[0x9286] = MARK  # a user's comment
    place = made.get_ifd(0x8825)
    place.update({1: "N", 2: (39.0, 54.0, 20.0), 3: "E", 4: (116.0, 23.0, 29.0)})
    return made


def drawing(size: tuple[int, int] = (64, 48), mode: str = "RGB", corner: str = "red") -> Image.Image:
    """White, with an upper left corner of another colour."""
    image = Image.new("RGB", size, "white")
    ImageDraw.Draw(image).rectangle((0, 0, size[0] // 4 - 1, size[1] // 4 - 1), fill=corner)
    return image.convert(mode)


def jpeg(image: Image.Image | None = None, **options: Any) -> bytes:
    """With EXIF, XMP, IPTC, a comment and a colour profile."""
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    plain = saved(image or drawing(), "JPEG", exif=exif(), xmp=XMP, comment=MARK, icc_profile=profile, **options)
    iptc = b"Photoshop 3.0\x008BIM\x04\x04\x00\x00" + len(MARK).to_bytes(4) + MARK.encode()
    return plain[:2] + b"\xff\xed" + (len(iptc) + 2).to_bytes(2) + iptc + plain[2:]


def png(image: Image.Image | None = None) -> bytes:
    texts = PngImagePlugin.PngInfo()
    texts.add_text("Author", MARK)
    texts.add_text("Comment", MARK, zip=True)
    texts.add_itxt("XML:com.adobe.xmp", XMP.decode())
    return saved(image or drawing(), "PNG", exif=exif(), pnginfo=texts)


def webp(image: Image.Image | None = None) -> bytes:
    return saved(image or drawing(), "WEBP", exif=exif(), xmp=XMP)


def saved(image: Image.Image, format: str, **options: Any) -> bytes:
    file = BytesIO()
    image.save(file, format, **options)
    return file.getvalue()


def opened(content: bytes) -> Image.Image:
    image = Image.open(BytesIO(content))
    image.load()
    return image


def huge_png(side: int = 30_000) -> bytes:
    """A few hundred kilobytes that open to `side` x `side` pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return len(data).to_bytes(4) + kind + data + zlib.crc32(kind + data).to_bytes(4)

    header = side.to_bytes(4) + side.to_bytes(4) + b"\x08\x00\x00\x00\x00"
    rows = zlib.compress(bytes(side + 1) * side, 9)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def pdf(pages: int = 1, **saving: Any) -> bytes:
    """With an author, XMP, an attachment, scripts, a link, a filled-in form, and a photo that tells where it was taken."""
    document = pikepdf.new()
    for _ in range(pages):
        document.add_blank_page(page_size=(200, 200))
    page = document.pages[0]
    with document.open_metadata() as metadata:
        metadata["dc:creator"] = [MARK]
    document.docinfo["/Author"] = MARK
    document.attachments["secret.txt"] = MARK.encode()
    script = pikepdf.Dictionary(S=pikepdf.Name.JavaScript, JS=f"app.alert('{MARK}')")
    document.Root.OpenAction = document.make_indirect(script)
    page.obj.AA = pikepdf.Dictionary(O=script)
    page.obj.PieceInfo = pikepdf.Dictionary(App=pikepdf.Dictionary(LastModified=MARK))
    link = pikepdf.Dictionary(
        Type=pikepdf.Name.Annot,
        Subtype=pikepdf.Name.Link,
        Rect=[0, 0, 100, 100],
        A=pikepdf.Dictionary(S=pikepdf.Name.URI, URI=f"https://example.org/{MARK}"),
    )
    page.obj.Annots = document.make_indirect(pikepdf.Array([document.make_indirect(link)]))
    photo = pikepdf.Stream(document, jpeg())
    photo.update(
        pikepdf.Dictionary(
            Type=pikepdf.Name.XObject,
            Subtype=pikepdf.Name.Image,
            Width=64,
            Height=48,
            ColorSpace=pikepdf.Name.DeviceRGB,
            BitsPerComponent=8,
            Filter=pikepdf.Name.DCTDecode,
            Metadata=document.make_indirect(pikepdf.Stream(document, XMP)),
        )
    )
    page.obj.Resources = pikepdf.Dictionary(XObject=pikepdf.Dictionary(Photo=document.make_indirect(photo)))
    page.obj.Contents = pikepdf.Stream(document, b"q 64 0 0 48 50 50 cm /Photo Do Q % drawn")
    file = BytesIO()
    document.save(file, **saving)
    return file.getvalue()


def all_of(document: bytes) -> bytes:
    """Everything in a PDF, nothing packed."""
    file = BytesIO()
    with pikepdf.open(BytesIO(document)) as source:
        unpacked = pikepdf.StreamDecodeLevel.generalized
        source.save(
            file, object_stream_mode=pikepdf.ObjectStreamMode.disable, stream_decode_level=unpacked, compress_streams=False
        )
    return file.getvalue()
