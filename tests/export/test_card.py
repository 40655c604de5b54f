"""The card's head is YAML that the Hub's own library reads, and every section is filled from the record."""

import json
from pathlib import Path

import pytest
from huggingface_hub import DatasetCard

from tests.support.databases import FreshDatabase
from tests.support.releases import PROFILES, Stage, decision, few_lines, stage, suggestion

SECTIONS = (
    "Composition", "Consent and licence", "Contributors and annotators", "What is not here", "Known limits",
    "For your summary of training content", "Columns",
)  # fmt: skip


@pytest.fixture
def show(fresh_database: FreshDatabase) -> Stage:
    made = stage()
    made.brings_in(few_lines())
    made.authorises()
    return made


@pytest.mark.parametrize("profile", PROFILES)
def test_the_head_is_read_and_no_section_is_missing(show: Stage, profile: str) -> None:
    _, folder = show.releases(profile)
    card = DatasetCard.load(folder / "README.md")
    head = card.data.to_dict()
    assert head["license_name"] == "studio-restricted-1.0"
    assert head["configs"][0]["config_name"] == profile
    assert head["size_categories"] == ["n<1K"]
    assert head["pretty_name"] == f"night-ferry: {profile}"
    headings = [line[3:] for line in card.text.splitlines() if line.startswith("## ")]
    assert headings == list(SECTIONS)
    assert "None" not in card.text


def test_agreement_is_that_of_the_people_who_judged_the_same(show: Stage) -> None:
    """Suggestion 5 of the sample has two judges who differ; one more has two who agree."""
    show.brings_in([suggestion(20, decision("accept", by="director-1"), decision("accept", by="editor-1"))])
    show.authorises()
    text = (show.releases("signals")[1] / "README.md").read_text()
    assert "People who judged: 2" in text
    assert "2 suggestion(s) carry the verdicts of two people or more" in text
    assert "on 1 of them all said the same" in text
    assert "alpha over accept, reject and revise: 0.000" in text


def test_names_of_people_stand_nowhere_in_the_folder(show: Stage) -> None:
    _, folder = show.releases("signals")
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        raw = path.read_bytes()
        assert b"editor-1" not in raw, path.name
        assert b"director-1" not in raw, path.name


def test_equal_orders_differ_in_the_manifest_its_signature_and_its_proof_alone(show: Stage) -> None:
    first_export, first = show.releases("signals")
    again, second = show.releases("signals", checkpoint=first_export.checkpoint_size)
    assert bytes(again.order_digest) == bytes(first_export.order_digest)
    assert {path for path in bytes_of(first) if bytes_of(first)[path] != bytes_of(second)[path]} == {
        "manifest.json", "manifest.dsse.json", "audit/event.json", "audit/export.tlog-proof",
    }  # fmt: skip


def test_whoever_must_publish_a_summary_finds_the_answers(show: Stage) -> None:
    export, folder = show.releases("preference")
    text = (folder / "README.md").read_text()
    section = text.partition("## For your summary of training content")[2].partition("\n## ")[0]
    assert f"{export.rows_included} rows" in section
    assert "2026-05 to 2026-05" in section
    assert "`fb_chosen_origin` is made or begun by a model in" in section
    manifest = json.loads((folder / "manifest.json").read_bytes())
    assert f"Authorisations by basis: consent {manifest['counts']['authorisations']};" in section
    assert f"{sum(e['size_bytes'] for e in manifest['files'] if e['path'].startswith('data/'))} bytes" in section


def bytes_of(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
