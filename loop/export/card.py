"""`README.md`: the Hub's YAML head, so that `load_dataset(folder)` works, and a dataset card filled from the record."""

import json
from collections.abc import Mapping

from loop.export.column_tables import table
from loop.export.disclosures import NOT_MADE_REASONS, SENTENCES
from loop.export.licence import LICENCE_NAME
from loop.export.limits import limits
from loop.export.markdown import plain
from loop.export.naming import title
from loop.export.record import ReleaseRecord
from loop.export.rows import columns
from loop.export.rules import KEPT_INSIDE
from loop.export.summaries import summaries
from loop.export.tally import USES

_HEAD = """\
---
license: other
license_name: {licence}
license_link: LICENSE.md
pretty_name: {title}
size_categories:
- {size}
annotations_creators:
- expert-generated
tags:
- human-feedback
- consent-recorded
configs:
- config_name: {profile}
  default: true
  data_files:
{files}
---
"""
BESIDE = {
    "csv": "the same rows, RFC 4180; null is empty, lists are JSON, text that looks like a formula has a `'` in front",
    "jsonl": "the same rows, one JSON object a line",
    "media": "the files, by SHA-256, each with a CAWG training and data mining assertion: JSON, and a C2PA credential",
    "webdataset": "tar files of samples: a media file, the rows that name it (by `fb_row_id`), its assertion",
}


def card(record: ReleaseRecord) -> bytes:
    """The bytes of the file; equal orders give equal bytes, so no id and no time stands in it."""
    parts = [
        _HEAD.format(
            licence=LICENCE_NAME,
            profile=record.shape.name,
            size=_size(record.tally.rows),
            files="\n".join(_files_of(name, record.shape.name) for name in _splits(record)),
            title=json.dumps(title(record.export), ensure_ascii=False),
        ),
        f"# {plain(record.export.production.code)}: {record.shape.name}\n\n{record.shape.about}\n",
        _composition(record),
        _consent(record),
        _people(record),
        _missing(record),
        _limits(record),
        summaries(record),
        _columns(record),
    ]
    return "\n".join(parts).encode()


def _splits(record: ReleaseRecord) -> tuple[str, ...]:
    """The splits that have files."""
    return tuple(dict.fromkeys(shard.split for shard in record.shards))


def _files_of(split: str, profile: str) -> str:
    return f"  - split: {split}\n    path: data/{profile}/{split}-*.parquet"


def _split_lines(record: ReleaseRecord) -> list[str]:
    """What was split how, and the labels of each; nothing where there is one split."""
    if not record.recipe.splits:
        return []
    tally, label = record.tally, record.shape.label_balance
    lines = [
        "Split by brief: every row of a brief is in one split, drawn by a hash of the brief and the recipe's seed,",
        "and stays in it in later releases of that recipe.\n",
        f"| Split | share asked | rows | briefs | rows by `{label}` |",
        "|---|---|---|---|---|",
    ]
    for name, share in record.recipe.splits:
        each = tally.splits[name]
        labels = ", ".join(f"{plain(value) or '(empty)'} {number}" for value, number in sorted(each.labels.items()))
        lines.append(f"| {name} | {share} | {each.rows} | {len(each.briefs)} | {labels} |")
    empty = [name for name, each in tally.splits.items() if not each.rows and name not in _splits(record)]
    if empty:
        lines.append(f"\nNo brief fell into {', '.join(empty)}: there is no file, as loaders refuse empty splits.")
    return [*lines, ""]


def _composition(record: ReleaseRecord) -> str:
    tally, export = record.tally, record.export
    period = f"{tally.first_month} to {tally.last_month}" if tally.first_month else "not recorded"
    lines = [
        "## Composition\n",
        f"- Rows: {tally.rows}, in {len(record.shards)} file(s) below `data/{record.shape.name}/`",
        f"- Decided: {period}",
        f"- Labels: policy `{record.recipe.labels}`",
        f"- Form: {record.recipe.form}",
        f"- Rows without a recorded prompt: {tally.without_prompt}",
        "",
        *_split_lines(record),
        _table(f"Rows by `{record.shape.label_balance}`", tally.of(record.shape.label_balance)),
        *(_table(f"Rows by `{name}`", tally.of(name)) for name in record.shape.origins),
        _table("Rows by model", tally.of("fb_model")),
        _table("Rows by who owns the model's outputs (empty: not recorded)", tally.of("fb_output_owner")),
        _table("Rows by kind", tally.of("fb_kind")),
        _table("Rows by stage (empty: not stated)", tally.of("fb_stage")),
    ]
    if record.recipe.filters:
        chosen = "; ".join(
            f"{name}: {len(values) if name in KEPT_INSIDE else ', '.join(map(plain, values))}"
            for name, values in record.recipe.filters.items()
        )
        lines.insert(3, f"- Only: {chosen}")
    lines[-1:] = [lines[-1], *_beside(record)]
    lines[1:1] = _version(record)
    lines.insert(1, f"- Ordered for `{export.purpose}`, by recipient `{plain(export.recipient.code)}`")
    return "\n".join(lines)


def _beside(record: ReleaseRecord) -> list[str]:
    formats, media = record.recipe.formats, record.media
    lines = [f"- `{name}/`: {BESIDE[name]}" for name in formats]
    if media:
        lines.append(
            f"- Media files that rows name: {media['named']}; here: {media['included']}; not brought in by the house: "
            f"{media['missing']}"
            + (f"; with a C2PA credential: {media['credentials']}" if "credentials" in media else "")
        )
    return ["Beside the Parquet, made from it:\n", *lines, ""] if lines else []


def _version(record: ReleaseRecord) -> list[str]:
    export = record.export
    lines = [f"- Version: {export.version}"]
    if export.saved is not None:
        lines.append(f"- Recipe: {plain(export.saved.name)}, version {export.saved.version}")
    if export.replaces is not None:
        old = export.replaces
        lines += [
            f"- Replaces: release `{old.uid}`, version {old.version}, manifest SHA-256 `{old.manifest_sha256}`.",
            f"  {len(record.absent)} rows of that one were recalled and are not here; `manifest.json` names them.",
        ]
    if export.next_of is not None:
        old = export.next_of
        lines += [
            f"- Follows: release `{old.uid}`, version {old.version},",
            f"  manifest SHA-256 `{old.manifest_sha256}`.",
        ]
    return lines


def _consent(record: ReleaseRecord) -> str:
    tally, export = record.tally, record.export
    until = tally.expires_on.isoformat() if tally.expires_on else "no rows"
    lines = [
        "## Consent and licence\n",
        f"- Licence: {LICENCE_NAME}, see `LICENSE.md`. One recipient, one purpose.",
        f"- Evaluated for {export.gate_date.isoformat()} under rules {export.policy_version}: a row leaves only if",
        "  every contributor to it, the person who decided included, has an authorisation in force for this purpose,",
        "  recipient, kind of material and capacity. Any refusal wins; missing data refuses.",
        f"- Authorisations in use: {len(tally.auths)}, listed without names in `consents.jsonl`, where `fb_auth_ids`",
        "  points to.",
        f"- Earliest end of an authorisation: {until}",
        "",
        _table("Authorisations by basis", record.bases),
        *(_table(f"Rows by `{name}`", tally.of(name)) for name in USES),
    ]
    return "\n".join(lines)


def _people(record: ReleaseRecord) -> str:
    return "\n".join(
        [
            "## Contributors and annotators\n",
            "The judgements are those of people at work on the production, made in its own review pages or brought in",
            "from its own files; nobody was recruited to annotate. No names leave the house.\n",
            f"- People who judged: {record.annotators.people}",
            f"- Agreement: {record.annotators.sentence}\n",
            _table("Contributors by kind", record.parties),
            _table("Rows by the role of who decided (empty: unknown)", record.tally.of("fb_decider_role")),
        ]
    )


def _missing(record: ReleaseRecord) -> str:
    excluded = {f"{code}: {SENTENCES.get(code, '')}": n for code, n in record.excluded.items()}
    dropped = {f"{code}: {SENTENCES.get(code, '')}": n for code, n in record.dropped.items()}
    not_made = {NOT_MADE_REASONS.get(name, name): n for name, n in sorted(record.export.not_made.items())}
    return "\n".join(
        [
            "## What is not here\n",
            "Rows that may not leave are counted by the first rule that refused them. Who refused stays inside.\n",
            _table("Excluded rows by code", excluded),
            _table("Dropped between freezing and publishing", dropped),
            _table("Not made by rule", not_made),
        ]
    )


def _limits(record: ReleaseRecord) -> str:
    lines = ["## Known limits\n", *(f"- {sentence}" for sentence in limits(record))]
    if not record.tally.rows:
        lines.append(
            "- This release has no rows; the tables above say why, by code. `datasets` has no empty splits: it answers"
        )
        lines.append("  `corresponds to no data` unless `streaming=True`; pyarrow, pandas and DuckDB read the file.")
    return "\n".join(lines) + "\n"


def _columns(record: ReleaseRecord) -> str:
    digested = ", ".join(f"`{name}`" for name in record.shape.digested)
    covers = f"`fb_content_sha256` covers {digested}, in this order."
    return f"## Columns\n\n{table(columns(record.shape))}\n\n{covers}\n"


def _size(rows: int) -> str:
    """The Hub's word for a number of rows."""
    steps = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"))
    return next((word for most, word in steps if rows < most), "1M<n<10M")


def _table(heading: str, counts: Mapping[str, int | str]) -> str:
    if not counts:
        return f"{heading}: none.\n"
    what = "rows" if heading.startswith(("Rows", "Excl")) else "number"
    lines = [f"| {heading} | {what} |", "|---|---|"]
    lines += [f"| {plain(value) or '(empty)'} | {number} |" for value, number in counts.items()]
    return "\n".join(lines) + "\n"
