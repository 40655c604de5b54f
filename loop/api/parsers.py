"""Bodies: strict JSON of bounded size, and JSON lines handed on as bytes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import IO, Any

from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser

from loop.api.problems import TooLarge
from loop.kernel.strict_json import StrictJsonError, loads

MAX_BODY_BYTES = 2 * 1024 * 1024
MAX_BULK_BYTES = 32 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Lines:
    """A body of JSON lines, not parsed here: the bulk reader reports every bad line with its number."""

    data: bytes


class StrictJSONParser(BaseParser):
    """application/json under the rules of kernel/strict_json.py. 400 for anything else, 413 beyond 2 MiB."""

    media_type = "application/json"
    most_bytes = MAX_BODY_BYTES

    def parse(self, stream: IO[bytes], media_type: str | None = None, context: Mapping[str, Any] | None = None) -> Any:
        data = read_bounded(stream, self.most_bytes)
        try:
            return loads(data)
        except StrictJsonError as error:
            raise ParseError(str(error), code=error.code) from error


class BulkJSONParser(StrictJSONParser):
    """The same for a JSON array of suggestions, up to 32 MiB."""

    most_bytes = MAX_BULK_BYTES


class LinesParser(BaseParser):
    """application/x-ndjson, up to 32 MiB."""

    media_type = "application/x-ndjson"

    def parse(self, stream: IO[bytes], media_type: str | None = None, context: Mapping[str, Any] | None = None) -> Any:
        return Lines(read_bounded(stream, MAX_BULK_BYTES))


def read_bounded(stream: IO[bytes], most_bytes: int) -> bytes:
    """The whole body, whatever length it announced. Raises TooLarge beyond `most_bytes`, having read one byte more."""
    data = stream.read(most_bytes + 1)
    if len(data) > most_bytes:
        raise TooLarge(f"The body is larger than the {most_bytes} bytes that this route takes.")
    return data
