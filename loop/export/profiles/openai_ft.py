"""Profile `openai_ft`: the answers of `sft` as chat lines, one JSON object a line, for that service's fine-tuning."""

from collections.abc import Iterator
from dataclasses import replace

import orjson

from loop.export.columns import ASSISTANT, USER
from loop.export.profiles import sft
from loop.export.profiles.rendering import Files, Reader

SHAPE = replace(
    sft.SHAPE,
    name="openai_ft",
    about="Chat lines: what was accepted or written by a person, as JSONL for OpenAI's fine-tuning.",
    notes=(
        *sft.SHAPE.notes,
        "interchange/chat.jsonl is what is uploaded. Its line n is row n of the Parquet, which says whence it came.",
        "A row without a prompt is the assistant's message alone. The service takes no empty content.",
    ),
)
COLUMNS = ("prompt", "completion")


def render(read: Reader) -> Files:
    """One file."""
    yield "chat.jsonl", _lines(read)


def _lines(read: Reader) -> Iterator[bytes]:
    for row in read(COLUMNS):
        messages = [{"role": USER, "content": row["prompt"]}] if row["prompt"] else []
        messages.append({"role": ASSISTANT, "content": row["completion"]})
        yield orjson.dumps({"messages": messages}, option=orjson.OPT_APPEND_NEWLINE)
