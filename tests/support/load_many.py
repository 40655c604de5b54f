"""Loads many release folders in one process, as load.py loads one, and hands them to TRL's data utilities.

python tests/support/load_many.py '[["FOLDER", "PROFILE"], ...]' [trl]     prints {"PROFILE FORM": what was seen}
"""

import json
import sys
from typing import Any

import load  # beside this file; its import sets the offline switches

TRAINED = {"preference", "unpaired_preference", "sft", "prompt_only", "reward"}


def main() -> None:
    import datasets

    datasets.disable_progress_bars()
    tokenizer = with_template() if "trl" in sys.argv else None
    seen = []
    for folder, profile in json.loads(sys.argv[1]):
        default = datasets.load_dataset(folder)["train"]
        named = datasets.load_dataset(folder, profile, split="train")
        streamed = list(datasets.load_dataset(folder, profile, split="train", streaming=True))
        found: dict[str, Any] = {
            "rows": named.num_rows,
            "same": default.to_list() == named.to_list() == streamed,
            "columns": named.column_names,
            "features": {name: str(kind) for name, kind in named.features.items() if not name.startswith("fb_")},
        }
        if tokenizer is not None and profile in TRAINED:
            found["trl"] = trl(named, profile, tokenizer)
        seen.append(found)
    sys.stdout.write(json.dumps(seen))


def with_template() -> Any:
    """A tokenizer of no words with a chat template: enough for texts, without a download."""
    from tokenizers import Tokenizer
    from tokenizers.models import WordLevel
    from transformers import PreTrainedTokenizerFast

    empty = Tokenizer(WordLevel({"[UNK]": 0}, unk_token="[UNK]"))
    said = "{% for m in messages %}<{{ m.role }}>{{ m.content }}{% endfor %}"
    template = said + "{% if add_generation_prompt %}<assistant>{% endif %}"
    return PreTrainedTokenizerFast(tokenizer_object=empty, chat_template=template)


def trl(data: Any, profile: str, tokenizer: Any) -> dict[str, Any]:
    from trl import data_utils

    own = data.remove_columns([name for name in data.column_names if name.startswith("fb_")])
    found: dict[str, Any] = {"conversational": data_utils.is_conversational(own[0])}
    found["texts"] = [data_utils.maybe_apply_chat_template(dict(row), tokenizer) for row in own]
    if profile == "preference":
        unpaired = data_utils.unpair_preference_dataset(own)
        found["unpaired"] = [unpaired.num_rows, sorted(unpaired.column_names)]
    if profile == "reward":
        found["prompts"] = [data_utils.maybe_extract_prompt(dict(row))["prompt"] for row in own]
    return found


if __name__ == "__main__":
    assert load.os.environ["HF_HUB_OFFLINE"] == "1"
    main()
