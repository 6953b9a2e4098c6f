"""A bucket behind the part of S3's protocol that is used here: objects put, got and deleted, each request's signature checked."""

import hashlib
import hmac
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import parse_qsl, quote, urlsplit

ACCESS_KEY, SECRET_KEY, REGION = "an-access-key", "its-secret", "north"
AUTHORIZATION = re.compile(
    rf"AWS4-HMAC-SHA256 Credential={ACCESS_KEY}/(\d{{8}})/{REGION}/s3/aws4_request, ?"
    r"SignedHeaders=([a-z0-9;-]+), ?Signature=([0-9a-f]{64})"
)


@dataclass
class Bucket:
    """`objects` by their whole keys; `refused` counts requests whose signature was not right."""

    name: str
    endpoint: str = ""
    objects: dict[str, bytes] = field(default_factory=dict)
    refused: int = 0


@contextmanager
def open_bucket(name: str) -> Iterator[Bucket]:
    bucket = Bucket(name)

    class Handler(_Handler):
        kept = bucket

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    bucket.endpoint = f"http://127.0.0.1:{server.server_port}"
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield bucket
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    kept: Bucket
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: object) -> None:
        """Not in the tests' output."""

    def do_PUT(self) -> None:
        if key := self._key(body := self._body()):
            self.kept.objects[key] = body
            self._answer(200, ETag=_etag(body))

    def do_GET(self) -> None:
        if key := self._key(self._body()):
            found = self.kept.objects.get(key)
            if found is None:
                self._refuse(404, "NoSuchKey")
            else:
                self._answer(200, found, ETag=_etag(found), **{"Last-Modified": self.date_time_string()})

    def do_POST(self) -> None:
        """Of several objects together, which is the only thing that is deleted here."""
        if self._key(body := self._body()) is not None and urlsplit(self.path).query == "delete":
            keys = re.findall(r"<Key>([^<]+)</Key>", body.decode())
            for key in keys:
                self.kept.objects.pop(key, None)
            deleted = "".join(f"<Deleted><Key>{key}</Key></Deleted>" for key in keys)
            self._answer(200, f'<?xml version="1.0"?><DeleteResult>{deleted}</DeleteResult>'.encode())

    def _body(self) -> bytes:
        return self.rfile.read(int(self.headers.get("content-length", 0)))

    def _key(self, body: bytes) -> str | None:
        """What the request is about; None when it has been refused."""
        if not self._is_signed(body):
            self.kept.refused += 1
            self._refuse(403, "SignatureDoesNotMatch")
            return None
        bucket, _, key = urlsplit(self.path).path[1:].partition("/")
        if bucket != self.kept.name:
            self._refuse(404, "NoSuchBucket")
            return None
        return key

    def _is_signed(self, body: bytes) -> bool:
        """By "AWS Signature Version 4" with this bucket's secret, over the body too."""
        match = AUTHORIZATION.fullmatch(self.headers.get("authorization", ""))
        digest = hashlib.sha256(body).hexdigest()
        if match is None or self.headers["x-amz-content-sha256"] != digest:
            return False
        day, names, signature = match.groups()
        url = urlsplit(self.path)
        asked = sorted(parse_qsl(url.query, keep_blank_values=True))
        query = "&".join(f"{quote(name, safe='-_.~')}={quote(value, safe='-_.~')}" for name, value in asked)
        headers = "".join(f"{name}:{self.headers[name].strip()}\n" for name in names.split(";"))
        request = "\n".join((self.command, url.path, query, headers, names, digest))
        scope = f"{day}/{REGION}/s3/aws4_request"
        hashed = hashlib.sha256(request.encode()).hexdigest()
        text = "\n".join(("AWS4-HMAC-SHA256", self.headers["x-amz-date"], scope, hashed))
        secret = f"AWS4{SECRET_KEY}".encode()
        for part in (day, REGION, "s3", "aws4_request"):
            secret = hmac.digest(secret, part.encode(), "sha256")
        return hmac.compare_digest(hmac.digest(secret, text.encode(), "sha256").hex(), signature)

    def _refuse(self, status: int, code: str) -> None:
        self._answer(status, f'<?xml version="1.0"?><Error><Code>{code}</Code><Message>{code}</Message></Error>'.encode())

    def _answer(self, status: int, body: bytes = b"", **headers: str) -> None:
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


def _etag(content: bytes) -> str:
    return f'"{hashlib.sha256(content).hexdigest()[:32]}"'
