"""Draws the pictures, clips and sounds of the sample production and writes them with their digests.

Run by hand when a drawing changes: `python scripts/render_sample_media.py [NAME ...]`. It needs Pillow, which
tests/requirements.txt brings; the product does not. The files and MANIFEST.json are committed, so nobody else has to
draw. The same machine makes the same bytes; another makes the same pictures, and may code them differently.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import shutil
import sys
import tempfile
import time
from multiprocessing import Pool
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from scripts.sample_media import encode  # noqa: E402
from scripts.sample_media.boards import PANELS, panel  # noqa: E402
from scripts.sample_media.catalogue import CLIPS, SOUNDS  # noqa: E402

HOME = ROOT / "loop" / "sample" / "night_ferry" / "media"
MANIFEST = "MANIFEST.json"
MIMES = {
    ".mp4": "video/mp4", ".webm": "video/webm", ".webp": "image/webp",
    ".wav": "audio/wav", ".flac": "audio/flac", ".opus": "audio/ogg",
}  # fmt: skip


def render(asked: tuple[str, Path]) -> str:
    """Writes one file into a folder and says how long it took."""
    begun = time.monotonic()
    name, folder = asked
    draft = folder / name
    clip = next((clip for clip in CLIPS if clip.name == name), None)
    if clip is not None:
        wave = None if clip.wave is None else clip.wave()
        encode.write_clip(draft, clip.pictures(), clip.rate, start=clip.timecode(0), crf=clip.crf, sound=wave)
    elif name in SOUNDS:
        encode.write_sound(draft, SOUNDS[name]())
    else:
        encode.write_still(draft, panel(name))
    return f"{name}  {draft.stat().st_size / 1000:.0f} kB  {time.monotonic() - begun:.0f} s"


def write_manifest() -> int:
    """Writes the digest, size and type of every file; answers with their bytes."""
    entries = []
    for path in sorted(HOME.iterdir()):
        if path.suffix in MIMES:
            data = path.read_bytes()
            digest = hashlib.sha256(data).hexdigest()
            entries.append({"file": path.name, "sha256": digest, "size_bytes": len(data), "mime": MIMES[path.suffix]})
    text = json.dumps({"format": "circled-sample-media/1", "files": entries}, indent=1)
    (HOME / MANIFEST).write_text(text + "\n", encoding="utf-8")
    return sum(int(str(entry["size_bytes"])) for entry in entries)


def restamp() -> None:
    """Puts the digests into the lines that name the files."""
    digests = {entry["file"]: entry["sha256"] for entry in json.loads((HOME / MANIFEST).read_text())["files"]}
    lines = HOME.parent / "suggestions.jsonl"
    text = lines.read_text(encoding="utf-8")
    for name, digest in digests.items():
        named = re.escape(f'"uri": "night_ferry/media/{name}", "sha256": "')
        text = re.sub(named + "[0-9a-f]{64}", lambda met, own=digest: met[0][:-64] + own, text)
    lines.write_text(text, encoding="utf-8")


def main() -> None:
    """Draws what was named, or everything, in so many processes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help="files to draw (default: all)")
    parser.add_argument("--jobs", type=int, default=2)
    options = parser.parse_args()
    known = [*PANELS, *SOUNDS, *(clip.name for clip in CLIPS)]
    unknown = sorted(set(options.names) - set(known))
    if unknown:
        parser.error(f"expected files of the sample, found {', '.join(unknown)}")
    HOME.mkdir(exist_ok=True)
    names = options.names or known
    # Whoever loads the sample meanwhile finds files and digests that belong together: all change at the end.
    with tempfile.TemporaryDirectory() as folder, Pool(options.jobs) as pool:
        for said in pool.imap_unordered(render, [(name, Path(folder)) for name in names]):
            print(said, flush=True)
        for name in names:
            shutil.copyfile(Path(folder) / name, HOME / name)
    print(f"{write_manifest() / 1e6:.2f} MB in all")
    restamp()


if __name__ == "__main__":
    main()
