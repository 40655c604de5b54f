"""The words of a production: its reasons, the nine on the digits first, and its beats."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from django.db.models import CharField, Value

from loop.decision import taxonomy
from loop.decision.models import ProductionBeat, ProductionReason
from loop.material.models import Production


@dataclass(frozen=True, slots=True)
class Codes:
    """(code, label) of every reason and beat that may be given: nine on digits, the rest of what is wrong, beats.

    `labels` names all of them, and the praise, which is no reason to reject and stands on its own.
    """

    digits: list[tuple[str, str]]
    more: list[tuple[str, str]]
    beats: list[tuple[str, str]]
    labels: dict[str, str] = field(default_factory=dict)

    def reason_labels(self, codes: Sequence[str]) -> list[str]:
        """What was stated, for people; "no reason stated" is no reason."""
        return [self.labels.get(code) or taxonomy.label(code) for code in codes if code != taxonomy.UNSTATED]

    def beat_labels(self, codes: Sequence[str]) -> list[str]:
        """The beats, for people."""
        known = dict(self.beats)
        return [known.get(code, code) for code in codes]


def codes_of(production: Production, kind: str) -> Codes:
    """The vocabulary of a production for a kind of suggestion. One query."""
    reasons = ProductionReason.objects.filter(production=production, deprecated_at=None).order_by()
    beats = ProductionBeat.objects.filter(production=production).order_by()
    columns = ("is_a", "code", "label")
    added = (
        reasons.annotate(is_a=Value("reason", output_field=CharField()))
        .values_list(*columns)
        .union(beats.annotate(is_a=Value("beat", output_field=CharField())).values_list(*columns), all=True)
    )
    found = sorted(added)
    labels = {code: reason.label for code, reason in taxonomy.CORE.items()}
    labels |= {code: label for is_a, code, label in found if is_a == "reason"}
    all_beats = taxonomy.BEATS | {code: label for is_a, code, label in found if is_a == "beat"}
    digits = taxonomy.digit_reasons(kind)
    return Codes(
        [(code, labels[code]) for code in digits],
        [(code, label) for code, label in labels.items() if code not in digits and not taxonomy.is_praise(code)],
        sorted(all_beats.items(), key=lambda one: one[1].casefold()),
        labels,
    )
