"""The card's help for whoever trains on a release and must then publish a summary of training content.

Two laws ask the maker of the model, not us: Art. 53(1)(d) of the EU AI Act (the Commission's template) and California's
AB 2013 (Civil Code 3111). The table answers their questions as far as this release's record does.
"""

from loop.export.licence import LICENCE_NAME
from loop.export.markdown import plain
from loop.export.record import ReleaseRecord

UNKNOWN = "not recorded"


def summaries(record: ReleaseRecord) -> str:
    """The section in Markdown; nothing in it is a text of the production."""
    lines = [
        "## For your summary of training content\n",
        "For the EU template (sections 1.3 and 2) and California AB 2013. What is yours to add says so.\n",
        "| asked | EU | AB 2013 | of this release |",
        "|---|---|---|---|",
    ]
    lines += [f"| {asked} | {eu} | {ab} | {answer} |" for asked, eu, ab, answer in _answers(record)]
    return "\n".join(lines) + "\n"


def _answers(record: ReleaseRecord) -> list[tuple[str, str, str, str]]:
    tally, export, shape = record.tally, record.export, record.shape
    size = sum(shard.size_bytes or 0 for shard in record.shards)
    period = f"{tally.first_month} to {tally.last_month}" if tally.first_month else UNKNOWN
    bases = ", ".join(f"{basis} {number}" for basis, number in record.bases.items()) or "no rows"
    owners = [owner for owner in tally.of("fb_output_owner") if owner]
    media = f" Media files: {record.media['included']}." if record.media else ""
    labels = ", ".join(plain(value) or "(empty)" for value in tally.of(shape.label_balance)) or "none"
    return [
        ("Source and owner", "2.2.1", "(a)(1)", "One production; the issuing house holds or licenses the rights."),
        ("How it serves the purpose", "2.2.1", "(a)(2)", f"Ordered for {export.purpose}; profile {shape.name}."),
        ("Size", "1.3", "(a)(3)", f"{tally.rows} rows, {size} bytes of Parquet."),
        ("Modality and types of data", "1.3", "(a)(4)", f"Text with labels. `{shape.label_balance}`: {labels}.{media}"),
        (
            "Copyright, trademark, patent",
            "2.2.1",
            "(a)(5)",
            f"Protected, not public domain; {LICENCE_NAME}. Owners of models' outputs on record: {len(owners)}.",
        ),
        (
            "Purchased or licensed",
            "2.2.1: yes",
            "(a)(6)",
            f"Licensed. Authorisations by basis: {bases}; with a term of pay: {record.paid}.",
        ),
        ("Personal information", "2.2.1", "(a)(7)", f"Yes: judgements of {record.annotators.people} people, no names."),
        ("Aggregate consumer information", "", "(a)(8)", "No."),
        ("Cleaning, processing, modification", "", "(a)(9)", f"Pseudonyms; labels by {record.recipe.labels}."),
        ("Period of collection", "1.3", "(a)(10)", f"{period}; the production may go on."),
        ("First used by you", "", "(a)(11)", "Yours to say."),
        ("Synthetic data", "2.5", "(a)(12)", _synthetic(record)),
        ("Crawled from the web", "2.3: no", "", "No."),
        ("Data of users of your model", "2.4: no", "", "No: people at work on the production, not your users."),
    ]


def _synthetic(record: ReleaseRecord) -> str:
    parts = []
    for name in record.shape.origins:
        counts = record.tally.of(name)
        made = counts.get("ai", 0) + counts.get("ai_edited_by_human", 0)
        parts.append(f"`{name}` is made or begun by a model in {made} of {sum(counts.values())}")
    models = [model for model in record.tally.of("fb_model") if model]
    return f"{'; '.join(parts)}. Models on record: {len(models)}, named above."
