"""The receipt of what a party allowed or refused: ISO/IEC TS 27560 as the Data Privacy Vocabulary writes it.

Every mandatory field of that profile is there; what nobody recorded says so (`NOT_RECORDED`) and is not guessed. The
context stands in the document, so a reader needs no network.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final
from uuid import NAMESPACE_URL, uuid5

from loop.consent import terms, wording
from loop.consent.models import Authorisation, AuthorisationEvent, Recipient
from loop.kernel.canonical import Json, canonical
from loop.kernel.clock import rfc3339
from loop.material.models import Production
from loop.people.models import Contributor

NOT_RECORDED: Final = "not recorded"
RECEIPT_SCHEMA: Final = "https://w3id.org/dpv/schema/dpv-27560"
RECORD_SCHEMA: Final = "https://w3id.org/dpv/schema/dpv-27560#record"
CONTEXT: Final[dict[str, Json]] = {
    "dpv": "https://w3id.org/dpv#",
    "loc": "https://w3id.org/dpv/loc#",
    "eu-gdpr": "https://w3id.org/dpv/legal/eu/gdpr#",
    "dct": "http://purl.org/dc/terms/",
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "schema": "https://schema.org/",
    "skos": "http://www.w3.org/2004/02/skos/core#",
    "circled": "urn:circled:vocabulary:",
}

_LEGAL_BASES: Final = {
    "consent": "dpv:ExplicitlyExpressedConsent",
    "contract_licence": "dpv:Contract",
    "cba_term": "dpv:Contract",
}
_ENTITIES: Final = {
    "person": "dpv:NaturalPerson",
    "organisation": "dpv:Organisation",
    "estate": "dpv:Organisation",
    "guild": "dpv:Organisation",
}
_BY_THE_PARTY: Final = ("ConsentGiven", "RenewedConsentGiven", "ConsentWithdrawn", "ConsentRefused")
_STATUS: Final = {"ConsentRevoked": "ConsentTerminated"}  # what DPV calls the end by somebody else


def receipt(
    *, authorisations: Sequence[Authorisation], party: Contributor, production: Production, door: str, at: datetime
) -> dict[str, Json]:
    """The receipt for these records of `party` as JSON-LD; `door` is the address where they are withdrawn.

    The same records in the same state give the same identifier. One query for the recipients' names, none more if
    events, evidence and notice are loaded.
    """
    wanted = {code for each in authorisations for code in each.recipients}
    recipients = {each.code: each for each in Recipient.objects.filter(code__in=wanted)}
    records = [_record(each, party, production, recipients, door) for each in authorisations]
    uid = uuid5(NAMESPACE_URL, hashlib.sha256(canonical(records)).hexdigest())
    return {
        "@context": CONTEXT,
        "@id": f"urn:uuid:{uid}",
        "@type": "dpv:ConsentReceipt",
        "dct:conformsTo": RECEIPT_SCHEMA,
        "dpv:hasIdentifier": str(uid),
        "dct:created": rfc3339(at),
        "dct:publisher": {"@id": f"urn:uuid:{production.uid}"},
        "dct:audience": "dpv:DataSubject",
        "dpv:hasRecordOfActivity": records,
    }


def _record(
    found: Authorisation,
    party: Contributor,
    production: Production,
    recipients: Mapping[str, Recipient],
    door: str,
) -> dict[str, Json]:
    events = sorted(found.events.all(), key=lambda event: (event.effective_at, event.pk))
    return {
        "@id": f"urn:uuid:{found.uid}",
        "@type": "dpv:ConsentRecord",
        "dct:identifier": str(found.uid),
        "dct:conformsTo": RECORD_SCHEMA,
        "dpv:hasDataSubject": {
            "@id": f"urn:uuid:{party.uid}",
            "@type": ["dpv:DataSubject", _ENTITIES.get(party.kind, "dpv:Entity")],
            "dpv:hasIdentifier": str(party.uid),
            "dpv:hasName": str(party),
        },
        "dpv:hasDataController": {
            "@id": f"urn:uuid:{production.uid}",
            "@type": ["dpv:DataController", "dpv:Organisation"],
            "dpv:hasIdentifier": production.code,
            "dpv:hasName": production.title,
            "dpv:hasAddress": NOT_RECORDED,
            "dpv:hasContact": door,
        },
        "dpv:hasJurisdiction": f"loc:{found.jurisdiction}" if found.jurisdiction else NOT_RECORDED,
        "dpv:hasLegalBasis": _LEGAL_BASES.get(found.basis, "dpv:LegalBasis"),
        "circled:basis": found.basis,
        "dct:language": found.notice.language if found.notice else NOT_RECORDED,
        "dpv:hasNotice": _notice(found),
        "dpv:hasProcess": [_process(found, purpose, use, recipients) for purpose, use in sorted(found.uses.items())],
        "dpv:hasConsentControl": {
            "@type": "dpv:WithdrawConsent",
            "dpv:isExercisedAt": door,
            "dct:description": found.withdrawal_method or "by the link above, or a word to the consent officer",
            "circled:onWithdrawal": [
                wording.ON_WITHDRAWAL.get(each, each) for each in found.on_withdrawal or terms.ON_WITHDRAWAL[:3]
            ],
        },
        "dpv:hasRight": {
            "@type": ["dpv:DataSubjectRight", "eu-gdpr:A7-3"],
            "dct:title": "Right to withdraw consent",
            "dpv:isExercisedAt": door,
        },
        "dpv:hasConsentStatus": [_status(event, found) for event in events],
        "circled:evidence": {
            "circled:kind": found.evidence.kind or NOT_RECORDED,
            "circled:sha256": found.evidence.sha256,
        },
        "circled:compensation": dict(found.compensation),
        "circled:signedBy": found.granted_by or str(party),
        "circled:supersedes": f"urn:uuid:{found.supersedes.uid}" if found.supersedes else None,
    }


def _notice(found: Authorisation) -> Json:
    if found.notice is None:
        return NOT_RECORDED
    return {
        "@id": f"urn:uuid:{found.notice.uid}",
        "@type": "dpv:ConsentNotice",
        "schema:version": found.notice.version,
        "dct:language": found.notice.language,
        "dct:date": rfc3339(found.notice.recorded_at),
        "circled:sha256": found.notice.text_sha256,
    }


def _process(
    found: Authorisation, purpose: str, use: Mapping[str, Json], recipients: Mapping[str, Recipient]
) -> dict[str, Json]:
    value = str(use.get("value"))
    rule = "dpv:Prohibition" if value == terms.NOT_ALLOWED else "dpv:Permission"
    capacities = found.capacities or ["every capacity"]
    kinds = found.material_kinds or ["every kind of material"]
    return {
        "@type": "dpv:Process",
        "dpv:hasPurpose": {
            "@id": f"circled:{purpose}",
            "@type": "dpv:Purpose",
            "skos:broader": "dpv:ResearchAndDevelopment" if purpose == "research" else "dpv:Purpose",
            "dct:title": wording.purpose_name(purpose),
            "dct:description": wording.purpose_sentence(purpose),
        },
        "dpv:hasRule": {"@type": rule, "rdf:value": value, "circled:constraint": use.get("constraint")},
        "dpv:hasPersonalData": {
            "@type": "dpv:PersonalData",
            "dct:description": "work, judgement or likeness given to the production",
            "circled:capacities": list(capacities),
            "circled:materialKinds": list(kinds),
        },
        "dpv:hasRecipient": [
            *(_recipient(code, recipients.get(code)) for code in found.recipients),
            *({"@type": "dpv:Recipient", "dpv:hasName": f"every recipient that is {kind}"}
              for kind in found.recipient_kinds),
        ],
        "dpv:hasStorageCondition": [
            {
                "@type": "dpv:StorageLocation",
                "dpv:hasLocation": [f"loc:{place}" for place in found.territory_allow] or NOT_RECORDED,
                "circled:notIn": [f"loc:{place}" for place in found.territory_deny],
            },
            {
                "@type": "dpv:StorageDuration",
                "dpv:hasDuration": (
                    f"P{found.retention_days}D" if found.retention_days is not None else NOT_RECORDED
                ),
            },
        ],
    }  # fmt: skip


def _recipient(code: str, recipient: Recipient | None) -> dict[str, Json]:
    return {
        "@type": ["dpv:Recipient", "dpv:Organisation"],
        "dpv:hasIdentifier": code,
        "dpv:hasName": recipient.name if recipient and recipient.name else code,
        "dct:description": wording.RECIPIENT_KINDS.get(recipient.kind, "") if recipient else "",
    }


def _status(event: AuthorisationEvent, found: Authorisation) -> dict[str, Json]:
    by_party = event.state in _BY_THE_PARTY
    return {
        "@type": f"dpv:{_STATUS.get(event.state, event.state)}",
        "dpv:isIndicatedAtTime": rfc3339(event.effective_at),
        "dpv:isIndicatedBy": "dpv:DataSubject" if by_party else "dpv:DataController",
        "dpv:hasIndicationMethod": found.evidence.method or NOT_RECORDED,
        "dpv:hasDuration": {"@type": "dpv:UntilTimeDuration", "rdf:value": f"{found.valid_until}T23:59:59Z"},
    }
