"""The form of an authorisation: every field of one, and what `grant_many` takes out of it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, time
from typing import Any, Final

from django import forms

from loop.consent import terms
from loop.consent.checks import COMPENSATION
from loop.consent.evidence import Document, document_of, matching
from loop.consent.models import Authorisation, AuthorisationState, Notice, Recipient
from loop.consent.recording import GrantTerms
from loop.gate.parties import known_parties
from loop.kernel.canonical import Json
from loop.kernel.errors import NotValidError
from loop.kernel.strict_json import StrictJsonError, loads
from loop.material.models import Production
from loop.people.models import Contributor
from loop.people.roles import Permission
from loop.web.desk import Desk

EVERYBODY: Final = "*"
USE_PREFIX: Final = "use_"
ANSWERS: Final = (
    ("", "not mentioned"), ("allowed", "allowed"), ("constrained", "under a condition"), ("notAllowed", "not allowed"),
)  # fmt: skip
RARE: Final = (
    "conditions", "recipient_kinds", "deny_territory", "granted_by", "representative_proof", "notice", "retention_days",
    "jurisdiction", "compensation_term", "compensation_amount", "compensation_currency", "compensation_due",
    "compensation_status", "compensation_waiver", "guild_name", "guild_agreement", "guild_notice_ref",
    "withdrawal_method", "on_withdrawal", "supersedes", "renews", "evidence_kind", "evidence_sha256", "signed_on",
    "signing_method",
)  # fmt: skip
FIELD_OF: Final = {
    "evidence.signed_at": "signed_on", "territory_deny": "deny_territory", "compensation": "compensation_term",
    "guild": "guild_name", "state": "renews",
}  # fmt: skip
"""Fields of the form for those that refusals name otherwise."""


def _text(label: str, help_text: str = "") -> forms.CharField:
    return forms.CharField(label=label, required=False, max_length=200, help_text=help_text)


def _several(label: str, names: Mapping[str, str], help_text: str) -> forms.MultipleChoiceField:
    return forms.MultipleChoiceField(
        label=label, required=False, choices=list(names.items()), widget=forms.CheckboxSelectMultiple,
        help_text=help_text,
    )  # fmt: skip


def _words(names: tuple[str, ...]) -> dict[str, str]:
    return {name: name.replace("_", " ") for name in names}


class NoticeField(forms.ModelChoiceField):  # type: ignore[type-arg]  # generic for the type checker only
    """A notice by its version and language."""

    def label_from_instance(self, obj: Notice) -> str:
        return f"{obj.version}, {obj.language}"


class GrantForm(forms.Form):
    """What a party allows or forbids. Lists left empty mean all, except recipients: nobody is named by silence."""

    party = forms.ChoiceField(label="Party")
    basis = forms.ChoiceField(label="Basis", choices=Authorisation.Basis.choices)
    recipients = _several("Recipients", {}, "Who may receive it.")
    valid_from = forms.DateField(label="Valid from", widget=forms.DateInput(attrs={"type": "date"}))
    valid_until = forms.DateField(label="Valid until", widget=forms.DateInput(attrs={"type": "date"}))
    capacities = _several("Capacities", _words(terms.CAPACITIES), "In what capacity; none ticked means every one.")
    material_kinds = _text("Kinds of material", "Separated by commas; empty means every kind.")
    territory = _text("Territory", "Country codes separated by commas; empty means everywhere.")
    evidence = forms.FileField(label="Evidence", help_text="The signed document. It is kept with its SHA-256.")
    conditions = forms.CharField(
        label="Conditions", required=False, max_length=4000, widget=forms.Textarea(attrs={"rows": 2}),
        help_text='For uses under a condition, as JSON: {"research": {"recipients": ["lab"]}}. Other keys than '
        f"{', '.join(terms.CONSTRAINTS)} are kept and never met.",
    )  # fmt: skip
    recipient_kinds = _several("Kinds of recipients", dict(Recipient.Kind.choices), "Whole kinds, beside those named.")
    deny_territory = _text("Not in", "Country codes separated by commas.")
    granted_by = _text("Signed by", "Who signed for the party: an executor, an agent, a minor's guardian.")
    representative_proof = _text("Proof that they may sign")
    notice = NoticeField(
        Notice.objects.order_by("-id"), label="Notice", required=False, to_field_name="uid", empty_label="none",
        help_text="The text the party was shown.",
    )  # fmt: skip
    retention_days = forms.IntegerField(
        label="Retention in days", required=False, help_text="How long a recipient may keep it."
    )
    jurisdiction = _text("Jurisdiction", "A country or a part of one: US, US-CA.")
    compensation_term = _text("Compensation", "What was promised: one_fee, per_export_fee, per_row_fee.")
    compensation_amount = _text("Amount", "Of the fee, or of each export or row: 12.50.")
    compensation_currency = _text("Currency", "Three capitals: USD, EUR.")
    compensation_due = _text("Due", "A date, or how long after a release: 30 days.")
    compensation_status = _text("Status of the compensation", f"Nothing is owed if {' or '.join(terms.SETTLED)}.")
    compensation_waiver = _text("Waiver's reference")
    guild_name = _text("Guild", "Whose agreement it was made under.")
    guild_agreement = _text("Guild's agreement")
    guild_notice_ref = _text("Guild's notice")
    withdrawal_method = _text("How it is withdrawn")
    on_withdrawal = _several("On withdrawal", _words(terms.ON_WITHDRAWAL), "What whoever holds a copy is asked to do.")
    supersedes = forms.UUIDField(
        label="Supersedes", required=False, help_text="The address of an earlier record of the party ends with it."
    )
    renews = forms.BooleanField(label="It renews that record", required=False)
    evidence_kind = _text("Kind of document", "A rider names itself one.")
    evidence_sha256 = _text("SHA-256 of the document", "A file that is not this one is refused.")
    signed_on = forms.DateField(label="Signed on", required=False, widget=forms.DateInput(attrs={"type": "date"}))
    signing_method = _text("How it was signed")

    def __init__(self, *args: Any, desk: Desk, production: Production, previewing: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.parties = self._parties(desk, production)
        choices = [(str(each.uid), f"{each} ({each.external_id})") for each in self.parties]
        if desk.may(Permission.AUTHORISE):
            choices.insert(0, (EVERYBODY, f"everybody known to {production.code} now ({len(self.parties)})"))
        self._offer("party", choices)
        self._offer("recipients", [(each.code, str(each)) for each in Recipient.objects.order_by("code")])
        self.fields["evidence"].required = not previewing
        for purpose in terms.PURPOSES:
            if purpose in terms.GRANTABLE_PURPOSES:
                self.fields[f"{USE_PREFIX}{purpose}"] = forms.ChoiceField(
                    label=purpose.replace("_", " "), required=False, choices=ANSWERS
                )

    @staticmethod
    def _parties(desk: Desk, production: Production) -> list[Contributor]:
        if desk.may(Permission.AUTHORISE):
            return list(known_parties(production))
        own = desk.judges_as(production)
        return [own] if own else []

    def _offer(self, name: str, choices: list[tuple[str, str]]) -> None:
        field = self.fields[name]
        if not isinstance(field, forms.ChoiceField):
            raise TypeError(f"{name}: expected a field with choices")
        field.choices = choices

    @property
    def uses(self) -> list[forms.BoundField]:
        """The fields of the uses, which the page shows as a table of their own."""
        return [self[name] for name in self.fields if name.startswith(USE_PREFIX)]

    @property
    def others(self) -> list[forms.BoundField]:
        """What every record says."""
        return [self[name] for name in self.fields if not name.startswith(USE_PREFIX) and name not in RARE]

    @property
    def rare(self) -> list[forms.BoundField]:
        """What only some records say."""
        return [self[name] for name in RARE]

    @property
    def says_rare(self) -> bool:
        """Whether one of these is filled in or wrong, so that the page must show them."""
        return any(bound.errors or bound.value() for bound in self.rare)

    def refuse(self, error: Exception, field: str) -> None:
        """Puts a refusal beside the field that it names."""
        name = FIELD_OF.get(field, field.partition(".")[0].partition("[")[0])
        self.add_error(name if name in self.fields else None, str(error))

    def everybody(self) -> bool:
        """Whether it is about everybody the production knows."""
        return bool(self.cleaned_data["party"] == EVERYBODY)

    def chosen(self) -> list[Contributor]:
        """Whom it is about."""
        wanted = self.cleaned_data["party"]
        return self.parties if wanted == EVERYBODY else [each for each in self.parties if str(each.uid) == wanted]

    def terms(self, production: Production) -> GrantTerms:
        """What `grant_many` takes. Raises NotValidError for what no widget can check."""
        data = self.cleaned_data
        return GrantTerms(
            production=production,
            uses=self._uses(),
            basis=data["basis"],
            evidence=self._document(),
            valid_from=data["valid_from"],
            valid_until=data["valid_until"],
            recipients=data["recipients"],
            recipient_kinds=data["recipient_kinds"],
            territory=_list(data["territory"]),
            deny_territory=_list(data["deny_territory"]),
            capacities=data["capacities"],
            material_kinds=_list(data["material_kinds"]),
            granted_by=data["granted_by"],
            representative_proof=data["representative_proof"],
            withdrawal_method=data["withdrawal_method"],
            on_withdrawal=data["on_withdrawal"],
            notice=data["notice"],
            retention_days=data["retention_days"],
            jurisdiction=data["jurisdiction"],
            compensation={name: data[f"compensation_{name}"] for name in COMPENSATION},
            guild={name: data[f"guild_{name}"] for name in ("name", "agreement", "notice_ref")},
            supersedes=self._supersedes(production),
            state=(AuthorisationState.RENEWED if data["renews"] else AuthorisationState.GIVEN).value,
        )

    def _uses(self) -> dict[str, str | Mapping[str, Json]]:
        found: dict[str, str | Mapping[str, Json]] = {
            name.removeprefix(USE_PREFIX): value
            for name, value in self.cleaned_data.items()
            if name.startswith(USE_PREFIX) and value
        }
        if self.cleaned_data["conditions"].strip():
            try:
                conditions = loads(self.cleaned_data["conditions"].encode())
            except StrictJsonError as error:
                raise NotValidError(f"conditions: {error}", field="conditions") from error
            if not isinstance(conditions, dict) or set(conditions) - set(found):
                raise NotValidError(
                    "conditions: expected an object with the purposes that are under a condition", field="conditions"
                )
            found |= {name: {"value": found[name], "constraint": said} for name, said in conditions.items()}
        return found

    def _document(self) -> Document:
        data = self.cleaned_data
        signed, upload = data["signed_on"], data["evidence"]
        if upload is None:  # a preview needs no document yet
            return Document("preview", b"", data["evidence_kind"])
        document = document_of(
            upload.name, upload.read(), kind=data["evidence_kind"], method=data["signing_method"],
            signed_at=datetime.combine(signed, time(), UTC) if signed else None,
        )  # fmt: skip
        return matching(document, data["evidence_sha256"])

    def _supersedes(self, production: Production) -> Authorisation | None:
        uid = self.cleaned_data["supersedes"]
        if uid is None:
            return None
        mine = Authorisation.objects.filter(party__in=self.parties, uid=uid).select_related("party")
        found = mine.filter(production=production).first() or mine.filter(production=None).first()
        if found is None:
            raise NotValidError(f"supersedes: expected a record of this production, found {uid}", field="supersedes")
        return found


def _list(text: str) -> list[str]:
    return [word for word in (part.strip() for part in text.split(",")) if word]
