"""C2PA content credentials of media files that leave: detached (`<sha256>.c2pa`), so that no byte of a file changes.

A credential says that the house opened the file and what may be done with it (`cawg.training-mining`), bound to the
file's hash and signed under the house's certificates (certificates.py). C2PA draws random identifiers into each, so it
is made once for a release and what it says, and kept with the shards: assembling again takes the same bytes.
"""

import functools
import json
import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from loop.export import places
from loop.export.certificates import chain, signing_key
from loop.export.models import Export
from loop.kernel.canonical import Json, digest

SUFFIX: Final = "c2pa"
ASSERTION: Final = "cawg.training-mining"
VALID: Final = ("Valid", "Trusted")
# No thumbnails: making one would decode a file that only the media worker may decode.
SETTINGS: Final = {"builder": {"thumbnail": {"enabled": False}}}


def credential(export: Export, source: Path, *, sha256: str, mime: str, assertion: Mapping[str, Json]) -> bytes | None:
    """The credential of the file at `source`; None where C2PA cannot bind one to such a file.

    It is held against the file before it counts: for FLAC the library writes detached ones that do not fit.
    Two workers that make it at once agree: the first link wins.
    """
    kept = places.shards(export) / f"{sha256}-{digest(assertion).hex()}.{SUFFIX}"
    if not kept.exists():
        signed = _signed(source, mime, assertion)
        if signed is None or stated(source, mime, signed) != assertion["data"]:
            return None
        fresh = kept.with_name(f".{secrets.token_hex(8)}.tmp")
        try:
            fresh.write_bytes(signed)
            os.link(fresh, kept)
        except FileExistsError:
            pass
        finally:
            fresh.unlink(missing_ok=True)
    return kept.read_bytes()


def stated(media: Path, mime: str, raw: bytes) -> Mapping[str, Any] | None:
    """What a credential says may be done with the file it was made for; None if it is not valid for this file."""
    library = _library()
    try:
        with media.open("rb") as file, library.Reader(mime, file, manifest_data=raw) as reader:
            found = json.loads(reader.json())
    except library.C2paError:
        return None
    if found.get("validation_state") not in VALID:
        return None
    active = found["manifests"][found["active_manifest"]]
    return next((each["data"] for each in active["assertions"] if each["label"] == ASSERTION), None)


def _signed(source: Path, mime: str, assertion: Mapping[str, Json]) -> bytes | None:
    """None for a kind of file that the library does not know, and for a file that it cannot read as such."""
    if mime not in _kinds():
        return None
    library = _library()
    manifest = {
        "claim_generator_info": [{"name": "Circled"}],
        "format": mime,
        "assertions": [{"label": assertion["label"], "data": assertion["data"]}],
    }
    # No time-stamping authority: that would be a call over the network.
    key = library.C2paSignerInfo(alg=b"ed25519", sign_cert=chain(), private_key=signing_key(), ta_url=None)
    with (
        library.Context.from_dict(SETTINGS) as context,
        library.Signer.from_info(key) as signer,
        library.Builder(json.dumps(manifest), context=context) as builder,
        source.open("rb") as file,
        Path(os.devnull).open("r+b") as nothing,
    ):
        builder.set_no_embed()
        builder.set_intent(library.C2paBuilderIntent.EDIT)
        try:
            return bytes(builder.sign(signer, mime, file, nothing))
        except library.C2paError:
            return None


@functools.cache
def _kinds() -> frozenset[str]:
    return frozenset(_library().Builder.get_supported_mime_types())


def _library() -> Any:
    """Loaded where it is needed: 50 MB of machine code that most releases never call."""
    import c2pa

    return c2pa
