"""Recording whether a model's supplier lets others train on what the model puts out."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from loop.audit.record import record
from loop.consent import checks
from loop.consent.evidence import Document, store_evidence
from loop.consent.permission import require_registry
from loop.kernel.actor import Actor
from loop.kernel.clock import now
from loop.kernel.ids import uuid7
from loop.suggestion.models import ModelTerms, ModelVersion
from loop.suggestion.rules import model_parts


def record_terms(
    *,
    label: str,
    training_on_outputs: str,
    actor: Actor,
    output_owner: str = "",
    evidence: Document | None = None,
    at: datetime | None = None,
) -> ModelTerms:
    """Records the supplier's terms for the model known by `label`; the newest record counts, earlier ones stand.

    The terms may be known before the model brings its first suggestion. Raises NotValidError for a bad field.
    """
    require_registry(actor)
    moment = at or now()
    label = checks.named("label", label, 200)
    checks.one_of("training_on_outputs", training_on_outputs, ModelTerms.Training.values)
    owner = checks.named("output_owner", output_owner, 100) if output_owner else ""
    with transaction.atomic(durable=True):
        vendor, name, version = model_parts(label)
        model, _ = ModelVersion.objects.get_or_create(
            label=label,
            defaults={"vendor": vendor[:100], "name": name, "version": version[:100], "created_at": moment},
        )
        stored = None
        if evidence is not None:
            stored = store_evidence(document=evidence, actor=actor, production_id=None, at=moment)
        uid = uuid7()
        event = record(
            event="model.terms", actor=actor, obj_table="loop_model_terms", obj_uid=uid, production_id=None, at=moment,
            facts={
                "model": str(model.uid), "model_label": model.label, "training_on_outputs": training_on_outputs,
                "output_owner": owner,
                "evidence_sha256": None if stored is None else stored.sha256,
            },
        )  # fmt: skip
        return ModelTerms.objects.create(
            uid=uid, model=model, training_on_outputs=training_on_outputs, output_owner=owner, evidence=stored,
            event=event, recorded_at=moment,
        )  # fmt: skip
