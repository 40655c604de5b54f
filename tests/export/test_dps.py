"""`dps.json` has the members and values of OASIS prov-meta 1.0.

The draft's schema is not part of this repository. `dps.own.schema.json` is written by hand after it: only what we
write, nowhere laxer. Whoever has the OASIS file names it in CIRCLED_DPS_SCHEMA, and the same documents are held
against it.
"""

import json
import os
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from loop.export.dps import METHODS, PURPOSES
from tests.support.databases import FreshDatabase
from tests.support.releases import PROFILES, few_lines, stage

OWN = json.loads((Path(__file__).parent / "dps.own.schema.json").read_bytes())
OFFICIAL = os.environ.get("CIRCLED_DPS_SCHEMA", "")


def written(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "dps.json").read_bytes())
    return found


def check(document: dict[str, Any]) -> None:
    jsonschema.Draft202012Validator(OWN).validate(document)
    if OFFICIAL:
        schema = json.loads(Path(OFFICIAL).read_bytes())
        checker = jsonschema.Draft202012Validator.FORMAT_CHECKER
        jsonschema.Draft202012Validator(schema, format_checker=checker).validate(document)


@pytest.mark.parametrize("profile", PROFILES)
def test_it_fits_the_schema_and_says_what_the_release_is(fresh_database: FreshDatabase, profile: str) -> None:
    show = stage()
    show.brings_in(few_lines())
    show.authorises()
    export, folder = show.releases(profile, rows_per_shard=3)
    document = written(folder)
    check(document)
    listed = {entry["path"]: entry["sha256"] for entry in json.loads((folder / "manifest.json").read_bytes())["files"]}
    hashes = {each["path"]: each["tree-hashes"][0]["value"] for each in document["source"]["id"]["hashes"]}
    assert hashes == {path: digest for path, digest in listed.items() if path.startswith("data/")}
    assert document["use"]["intended-purpose"][0]["code"] == "alignment"
    assert document["provenance"]["generation-period"]["start"] == "2026-05-01T00:00:00Z"
    assert document["source"]["data-version"] == export.version


def test_a_release_without_rows_has_one_too(fresh_database: FreshDatabase) -> None:
    show = stage()
    show.brings_in(few_lines())
    _, folder = show.releases("preference")
    check(written(folder))
    assert "generation-period" not in written(folder)["provenance"]


def test_every_code_we_may_write_is_one_of_the_standard() -> None:
    parts = OWN["properties"]
    purposes = parts["use"]["properties"]["intended-purpose"]["items"]["properties"]["code"]["enum"]
    methods = parts["provenance"]["properties"]["generation-method"]["items"]["properties"]["code"]["enum"]
    assert set(PURPOSES.values()) <= set(purposes)
    assert {code for code, _ in METHODS.values()} <= set(methods)


def test_a_document_with_anything_else_does_not_fit(fresh_database: FreshDatabase) -> None:
    show = stage()
    show.brings_in(few_lines())
    show.authorises()
    document = written(show.releases("preference")[1])
    for path, value in [(("use", "license"), []), (("set", "tracking", "status"), "done"), (("set", "more"), 1),
                        (("provenance", "format"), ["application/x-parquet"])]:  # fmt: skip
        altered = json.loads(json.dumps(document))
        place = altered
        for name in path[:-1]:
            place = place[name]
        place[path[-1]] = value
        with pytest.raises(jsonschema.ValidationError):
            check(altered)
