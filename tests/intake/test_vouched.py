"""What intake writes stands up to the verification of the log, and a changed column shows."""

from __future__ import annotations

from loop.audit.seal import seal_all
from loop.audit.verify import verify
from loop.intake.report import IngestReport
from loop.material.models import Production
from loop.suggestion.models import Suggestion
from tests.intake.shows import decision, line, push, show
from tests.intake.test_ingest import FULL
from tests.support.databases import FreshDatabase


def push_everything(production: Production) -> IngestReport:
    told = [decision("reject", external_id="a"), decision("retract", external_id="b"), decision("skip")]
    return push(
        production,
        FULL,
        line("s2", cost_usd=0, parent="s1:q5:0", decisions=told),
        line("s3", seed=2**63 - 1, group_id="s1:q5", constraints=["rain"], parameters={"$a": -0.0, "b": 1e300}),
        line("s4", media={**FULL["media"], "mime": "video/quicktime"}),  # type: ignore[dict-item]
    )


def test_every_digest_and_text_follows_from_its_row(fresh_database: FreshDatabase) -> None:
    production = show()
    report = push_everything(production)
    assert report.errors == []
    assert {one.problem.field for one in report.warnings} == {"latency_ms", "constraints", "media.mime"}
    assert push_everything(production).suggestions_known == 4
    seal_all()
    assert [str(problem) for problem in verify().problems] == []


def test_a_changed_column_shows(fresh_database: FreshDatabase) -> None:
    push_everything(show())
    seal_all()
    owner = fresh_database.connect("superuser")
    for statement in ("ALTER TABLE loop_suggestion DISABLE TRIGGER ALL", "UPDATE loop_suggestion SET latency_ms = 1"):
        owner.execute(statement)
    assert {problem.table for problem in verify().problems} == {"loop_suggestion"}
    assert verify().problem_count == Suggestion.objects.count()
