"""Sending a file in parts: one range of bytes a request, read from the disk in chunks.

Django sends files whole only, and a browser goes nowhere in a film that it cannot ask for in parts. What follows is
RFC 9110, section 14, for single ranges; several in one request are answered with the whole file, which it allows.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseNotModified, StreamingHttpResponse

CHUNK_BYTES: Final = 256 * 1024
# A player asks for everything from here on and then reads as it plays. Answering with a part of it (206 may) gives the
# thread back, instead of keeping it for as long as somebody looks at a film; the player asks for the next part.
MOST_BYTES: Final = 8 * 1024 * 1024
_RANGE = re.compile(r"bytes=(\d*)-(\d*)", re.ASCII)
MOST_DIGITS: Final = 18


@dataclass(frozen=True, slots=True)
class Part:
    """Bytes `first` to `last`, both included."""

    first: int
    last: int

    @property
    def length(self) -> int:
        return self.last - self.first + 1


class UnsatisfiableError(ValueError):
    """The range begins behind the end of the file."""


def part_of(header: str, size: int) -> Part | None:
    """The part that a Range header asks for; None: the whole, because it is no single range of bytes.

    Raises UnsatisfiableError.
    """
    match = _RANGE.fullmatch(header.strip())
    if match is None or max(len(match[1]), len(match[2])) > MOST_DIGITS:
        return None
    if not match[1]:
        if not match[2]:
            return None
        length = min(int(match[2]), size)
        if length == 0:
            raise UnsatisfiableError
        return Part(size - length, size - 1)
    first = int(match[1])
    if match[2] and int(match[2]) < first:
        return None
    if first >= size:
        raise UnsatisfiableError
    if not match[2]:
        return Part(first, min(size, first + MOST_BYTES) - 1)
    return Part(first, min(int(match[2]), size - 1))


def send(request: HttpRequest, path: Path, *, mime: str, etag: str) -> HttpResponseBase:
    """The file at `path`, or the part of it that is asked for. `etag` changes whenever the bytes do.

    200 with everything, 206 with a part, 304 if the browser has it, 416 behind the end. A HEAD gets what a GET without
    a range would. If-Range with another tag gets the whole. Raises FileNotFoundError.
    """
    size = path.stat().st_size
    tag = f'"{etag}"'
    if tag in [one.strip().removeprefix("W/") for one in request.headers.get("If-None-Match", "").split(",")]:
        return _headed(HttpResponseNotModified(), tag)
    asked = request.headers.get("Range", "") if request.method == "GET" else ""
    if request.headers.get("If-Range", tag).strip() != tag:
        asked = ""
    try:
        part = part_of(asked, size) if asked else None
    except UnsatisfiableError:
        refused = HttpResponse(status=416, content_type=mime)
        refused.headers["Content-Range"] = f"bytes */{size}"
        return _headed(refused, tag)
    if request.method == "HEAD":
        head = HttpResponse(content_type=mime)
        head.headers["Content-Length"] = str(size)
        return _headed(head, tag)
    sent = part or Part(0, size - 1)
    response = StreamingHttpResponse(_Chunks(path.open("rb"), sent), status=206 if part else 200, content_type=mime)
    response.headers["Content-Length"] = str(sent.length)
    if part:
        response.headers["Content-Range"] = f"bytes {sent.first}-{sent.last}/{size}"
    return _headed(response, tag)


def _headed(response: HttpResponseBase, tag: str) -> HttpResponseBase:
    response.headers["ETag"] = tag
    response.headers["Accept-Ranges"] = "bytes"
    return response


class _Chunks:
    """The bytes of a part, a chunk at a time. Django closes it with the response, begun or not."""

    def __init__(self, file: BinaryIO, part: Part) -> None:
        self._file, self._left = file, part.length
        file.seek(part.first)

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        chunk = self._file.read(min(CHUNK_BYTES, self._left)) if self._left else b""
        self._left -= len(chunk)
        if not chunk:
            raise StopIteration
        return chunk

    def close(self) -> None:
        self._file.close()
