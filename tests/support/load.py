"""Loads a release folder as its user does, offline, in a process of its own; prints what it saw as JSON.

python tests/support/load.py FOLDER PROFILE [trl | empty]
"""

import json
import os
import sys
import tempfile
import warnings

os.environ["HF_HUB_OFFLINE"] = os.environ["HF_DATASETS_OFFLINE"] = "1"
os.environ["HF_HOME"] = tempfile.mkdtemp(prefix="hf")
warnings.simplefilter("ignore")


def main() -> None:
    folder, profile = sys.argv[1:3]
    import datasets

    datasets.disable_progress_bars()
    streamed = datasets.load_dataset(folder, profile, split="train", streaming=True)
    if "empty" in sys.argv:
        sys.stdout.write(json.dumps({"streamed": sum(1 for _ in streamed), "error": refusal(folder)}))
        return
    default = datasets.load_dataset(folder)
    named = datasets.load_dataset(folder, profile, split="train")
    seen = {
        "splits": list(default),
        "rows": named.num_rows,
        "same": default["train"].to_list() == named.to_list(),
        "streamed": sum(1 for _ in streamed),
        "columns": named.column_names,
        "first": json.loads(json.dumps(named[0], default=str)) if named.num_rows else None,
    }
    if "trl" in sys.argv:
        seen |= trl(named, profile)
    sys.stdout.write(json.dumps(seen))


def refusal(folder: str) -> str:
    """What `datasets` says of a folder without rows: it has no empty splits, except in streaming."""
    import datasets

    try:
        datasets.load_dataset(folder)
    except ValueError as error:
        return str(error)
    return ""


def trl(data: "object", profile: str) -> dict[str, object]:
    from trl.data_utils import is_conversational, unpair_preference_dataset

    seen: dict[str, object] = {"conversational": is_conversational(data[0])}
    if profile == "preference":
        unpaired = unpair_preference_dataset(data)
        seen["unpaired"] = unpaired.num_rows
        seen["labels"] = sorted(set(unpaired["label"]))
        seen["unpaired_columns"] = [name for name in unpaired.column_names if not name.startswith("fb_")]
    return seen


if __name__ == "__main__":
    main()
