"""Control tokens of chat templates, which a tokenizer may take for orders instead of characters. Pure.

From the published templates: ChatML, Qwen, Phi, Llama 3, Cohere and Harmony (all of the shape <|name|>), DeepSeek (the
same with U+FF5C and U+2581), Llama 2 and Mistral ([INST], <<SYS>>, [TOOL_CALLS] ...), Gemma (<start_of_turn>), and the
marks of a sequence, <s> and </s>. </s> also ends what HTML strikes out: with a <s> before it in the same text it is
ambiguous, without one it is a token.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from loop.screening.finding import SEAM, Finding

_ANGLED: Final = re.compile(
    r"<(?:(?P<token>[|｜][\w▁.:\-]{1,64}[|｜]>|</?SYS>>|/?SYS>>|(?:start|end)_of_(?:turn|image)>)"
    r"|(?P<ends>/s>)|(?P<ambiguous>(?:s|bos|eos|unk|pad|mask)>))"
)
_SQUARE: Final = re.compile(
    r"\[(?:(?P<token>/?INST|/?SYSTEM_PROMPT|/?AVAILABLE_TOOLS|/?TOOL_CALLS|/?TOOL_RESULTS|gMASK|TOOL_CONTENT)"
    r"|(?P<ambiguous>CLS|SEP|MASK|PAD|UNK))\]"
)
_HEADING: Final = re.compile(r"#{2,4} ?(?:Instruction|System|Assistant|Human|User|Response|Input)s?:")


def find(text: str) -> Iterator[Finding]:
    """The tokens in `text`, which may be several texts with SEAM between them."""
    if "<" in text:
        for match in _ANGLED.finditer(text):
            kind = match.lastgroup or ""
            if kind == "ends":
                begins = text.rfind("<s>", text.rfind(SEAM, 0, match.start()) + 1, match.start())
                kind = "ambiguous" if begins >= 0 else "token"
            yield Finding(f"control.{kind}", match.start(), match.end())
    if "[" in text:
        for match in _SQUARE.finditer(text):
            yield Finding(f"control.{match.lastgroup}", match.start(), match.end())
    if "##" in text:
        for match in _HEADING.finditer(text):
            yield Finding("control.role_header", match.start(), match.end())
