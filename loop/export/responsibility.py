"""The RAI part of `croissant.json`: how the data came about, who judged, what it is fit for, what it lacks."""

from loop.export.limits import limits
from loop.export.record import ReleaseRecord
from loop.kernel.canonical import Json


def responsibility(record: ReleaseRecord) -> dict[str, Json]:
    """The properties of Croissant RAI 1.0, filled from the record; what no record has is not stated."""
    tally, people = record.tally, record.annotators
    roles = ", ".join(role for role in tally.of("fb_decider_role") if role) or "not recorded"
    stayed_out = "; ".join(f"{code}: {number}" for code, number in {**record.excluded, **record.dropped}.items())
    found: dict[str, Json] = {
        "rai:dataCollection": (
            "Suggestions of models, people and cameras, and the verdicts of those who work on the production, given in "
            "its own review pages or brought in from its own files. Nothing was crawled; nobody was hired to annotate."
        ),
        "rai:dataCollectionType": ["Direct measurement", "Manual Human Curator"],
        "rai:dataCollectionMissingData": (
            f"{tally.without_prompt} row(s) have no recorded prompt. Rows kept back, by the first rule that refused "
            f"them: {stayed_out or 'none'}."
        ),
        "rai:dataPreprocessingProtocol": [
            f"Several verdicts on one suggestion are brought together by the policy {record.recipe.labels}.",
            "Texts leave as they were recorded; ids are replaced by pseudonyms of this release.",
        ],
        "rai:dataAnnotationProtocol": [
            f"Accept, reject or revise; reasons of the taxonomy {record.versions['taxonomy']}, optional.",
        ],
        "rai:dataAnnotationPlatform": ["the house's own review pages"],
        "rai:dataAnnotationAnalysis": [people.sentence],
        "rai:annotationsPerItem": "one verdict a row; several people may judge one suggestion",
        "rai:annotatorDemographics": [
            f"{people.people} person(s), in the roles: {roles}. Nothing else about them leaves the house."
        ],
        "rai:personalSensitiveInformation": [
            "Judgements of people, under pseudonyms; the month of a verdict, never its day.",
            "Names may stand in the texts of a script or a note.",
            "Each row leaves under authorisations that consents.jsonl lists.",
        ],
        "rai:dataUseCases": [f"{record.export.purpose}, by {record.export.recipient.code}; no other use is licensed."],
        "rai:dataLimitations": list(limits(record)),
        "rai:dataBiases": [
            "One production, one house, the taste of those who decided there.",
            "Suggestions were judged in the course of work, not in random order.",
        ],
        "rai:dataSocialImpact": (
            "Whoever's judgement, writing or likeness a row rests on allowed this use, and may withdraw: a recall "
            "then names the rows."
        ),
        "rai:dataReleaseMaintenancePlan": (
            "What has left is never rewritten. Recalled rows are named by fb_row_id in the house's recall feed; a "
            "release that replaces this one has a higher version, a major one where rows are gone."
        ),
    }
    months = [f"{month}-01" for month in (tally.first_month, tally.last_month) if month]
    if months:
        found["rai:dataCollectionTimeframe"] = list(dict.fromkeys(months))
    models = [model for model in tally.of("fb_model") if model]
    if models:
        found["rai:machineAnnotationTools"] = [f"suggestions by {model}" for model in models]
    return found
