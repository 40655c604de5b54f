"""./manage.py authorisation show | state"""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from loop.consent.change import change_state
from loop.consent.models import Authorisation, AuthorisationState
from loop.management.acting import acting, add_actor_argument, refusals
from loop.management.arguments import authorisation_named

LATER = {
    "requested": AuthorisationState.REQUESTED.value,
    "deferred": AuthorisationState.DEFERRED.value,
    "refused": AuthorisationState.REFUSED.value,
    "expired": AuthorisationState.EXPIRED.value,
}


class Command(BaseCommand):
    help = "One authorisation: what it says and what happened to it, or what becomes of it. Taking back: withdraw."

    def add_arguments(self, parser: CommandParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True, metavar="show|state")
        shown = verbs.add_parser("show", help="every field and every event")
        changed = verbs.add_parser("state", help="record that it was deferred or refused, or ends before its last day")
        for verb in (shown, changed):
            verb.add_argument("authorisation", metavar="UID")
        changed.add_argument("state", help=", ".join(LATER))
        changed.add_argument("--reason", default="", help="kept with the audit event")
        add_actor_argument(changed)

    def handle(self, *args: Any, **options: Any) -> None:
        found = authorisation_named(options["authorisation"])
        if options["verb"] == "show":
            for name, value in described(found):
                self.stdout.write(f"{name}: {value}")
            return
        state = LATER.get(options["state"])
        if state is None:
            raise CommandError(f"state: expected one of {', '.join(LATER)}; found {options['state']!r}.")
        with refusals():
            event = change_state(
                authorisation=found, state=state, reason=options["reason"], actor=acting(options["actor"])
            )
        self.stdout.write(f"{found.uid}: {event.get_state_display()} since {event.effective_at:%Y-%m-%d %H:%M:%S} UTC.")


def described(found: Authorisation) -> list[tuple[str, str]]:
    """What the record says, field by field; what nobody said is left out."""
    uses = ", ".join(
        f"{purpose}={use.get('value')}" + (f" {use['constraint']}" if use.get("constraint") else "")
        for purpose, use in sorted(found.uses.items())
    )
    said = (
        ("authorisation", found.uid),
        ("party", f"{found.party} ({found.party.external_id}, {found.party.kind})"),
        ("production", found.production.code if found.production else "every production"),
        ("basis", found.basis),
        ("uses", uses),
        ("recipients", ", ".join(found.recipients)),
        ("recipient kinds", ", ".join(found.recipient_kinds)),
        ("capacities", ", ".join(found.capacities) or "every one"),
        ("kinds of material", ", ".join(found.material_kinds) or "every one"),
        ("territory", ", ".join(found.territory_allow) or "everywhere"),
        ("not in", ", ".join(found.territory_deny)),
        ("valid", f"{found.valid_from} to {found.valid_until}"),
        ("retention", "" if found.retention_days is None else f"{found.retention_days} days"),
        ("compensation", _pairs(found.compensation)),
        ("guild", _pairs(found.guild)),
        ("notice", f"{found.notice.version}/{found.notice.language}" if found.notice else ""),
        ("signed by", found.granted_by),
        ("representative's proof", found.representative_proof),
        ("withdrawal method", found.withdrawal_method),
        ("on withdrawal", ", ".join(found.on_withdrawal)),
        ("jurisdiction", found.jurisdiction),
        ("supersedes", found.supersedes.uid if found.supersedes else ""),
        ("evidence", f"{found.evidence.file_name}, {found.evidence.kind or 'a document'}, {found.evidence.sha256}"),
        ("evidence signed at", found.evidence.signed_at or ""),
        ("evidence signed by way of", found.evidence.method),
        *(
            ("event", f"{event.get_state_display()} since {event.effective_at:%Y-%m-%d %H:%M:%S} UTC")
            for event in found.events.order_by("effective_at", "id")
        ),
    )
    return [(name, str(value)) for name, value in said if value != ""]


def _pairs(values: dict[str, Any]) -> str:
    return ", ".join(f"{name} {value}" for name, value in sorted(values.items()))
