"""The vocabulary of consent, pure: purposes, use values, capacities, places, states and what they imply.

Rule source: product.md (profiles and purposes) and the decision table of the gate (loop/gate/rules.py).
"""

from typing import Final

PURPOSES: Final = (
    "workflow_operation",
    "internal_analytics",
    "data_mining",
    "ai_inference",
    "ai_training",
    "ai_generative_training",
    "ai_evaluation",
    "synthetic_data",
    "research",
    "digital_replica",
)
"""Every purpose that has a name. `ai_training` excludes generative models, as in CAWG."""

REPLICA: Final = "digital_replica"
"""Named so that it can be refused by name: it is never granted here, it needs an instrument of its own."""

GRANTABLE_PURPOSES: Final = frozenset(PURPOSES) - {REPLICA}

ALLOWED: Final = "allowed"
CONSTRAINED: Final = "constrained"
NOT_ALLOWED: Final = "notAllowed"

USE_VALUES: Final = (ALLOWED, CONSTRAINED, NOT_ALLOWED)
"""From the least to the most restrictive. The position is the rank that `uses` flags are compared by."""

FLAG_PURPOSES: Final = (
    "ai_generative_training",
    "ai_training",
    "ai_inference",
    "data_mining",
)
"""The purposes whose value travels with every row of a release."""

ANY_PURPOSE: Final = None

PROFILE_PURPOSE: Final[dict[str, str | None]] = {
    "preference": "ai_generative_training",
    "unpaired_preference": "ai_generative_training",
    "sft": "ai_generative_training",
    "prompt_only": "ai_generative_training",
    "stepwise": "ai_generative_training",
    "reward": "ai_generative_training",
    "pairs_of_takes": "ai_generative_training",
    "openai_ft": "ai_generative_training",
    "evaluation": "ai_evaluation",
    "signals": ANY_PURPOSE,
    "span_critique": ANY_PURPOSE,
    "label_studio": ANY_PURPOSE,
    "argilla": ANY_PURPOSE,
}
"""The purpose a profile needs; None: the one named in the order, which may be any grantable purpose."""

DECIDER: Final = "decider"
CAPACITIES: Final = (
    DECIDER,
    "author_of_source",
    "author_of_revision",
    "performer_likeness",
    "producer_owner",
    "model_supplier",
)

PERSONAL_CAPACITIES: Final = (DECIDER, "author_of_revision", "performer_likeness")
"""A person's judgement, writing or likeness: employer ownership answers copyright only and never covers these."""

EMPLOYER_OWNERSHIP: Final = "employer_ownership"
BASES: Final = (
    "consent",
    "contract_licence",
    "cba_term",
    EMPLOYER_OWNERSHIP,
    "public_licence",
)

ON_WITHDRAWAL: Final = (
    "stop_future",
    "delete_copies",
    "exclude_from_retrain",
    "request_unlearning",
)
"""What a withdrawal asks of whoever holds a copy. An authorisation that says nothing asks for the first three."""

CONSTRAINTS: Final = ("recipients", "recipient_kinds", "profiles", "places", "not_before", "not_after")
"""The conditions of a `constrained` use that can be checked here. One with any other key is never met."""

SETTLED: Final = ("paid", "settled", "waived")
"""Statuses of compensation under which nothing is owed."""

PER_RELEASE: Final = ("per_export_fee", "per_row_fee")
"""Terms that owe nothing before a release: what becomes due is in the ledger."""

TRAINING_PURPOSES: Final = ("ai_training", "ai_generative_training")
"""Purposes that train a model on the row: the model supplier's terms are asked."""

ORIGINS: Final = ("model", "person", "camera")
FROM_MODEL: Final = "model"
QUARANTINED: Final = "quarantined"
LIKENESS: Final = "performer_likeness"
RECIPIENT_KINDS: Final = ("production", "internal", "external")
OWN_PRODUCTION: Final = "production"  # the kind of recipient that needs no guild's notice

PERMITTING_STATES: Final = ("ConsentGiven", "RenewedConsentGiven")
WITHDRAWN_STATES: Final = ("ConsentWithdrawn", "ConsentRevoked", "ConsentInvalidated")
EXPIRED_STATE: Final = "ConsentExpired"
FIRST_STATES: Final = (
    "ConsentRequested", "ConsentRequestDeferred", "ConsentRefused", "ConsentGiven", "RenewedConsentGiven",
)  # fmt: skip
"""The states a record may begin in. Only the last two permit; a renewal names the record it renews."""

MAY_FOLLOW: Final[dict[str, tuple[str, ...]]] = {
    "ConsentRequested": ("ConsentRequestDeferred", "ConsentRefused"),
    "ConsentRequestDeferred": ("ConsentRequested", "ConsentRefused"),
    "ConsentGiven": (EXPIRED_STATE,),
    "RenewedConsentGiven": (EXPIRED_STATE,),
}
"""What may be recorded of a record later. What is given or renewed is a record of its own, with its own evidence; what
is withdrawn, revoked or invalidated goes through recall."""

_PLACES: Final = """
AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ
CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO
FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE
JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO
MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW
PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM
TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW
"""

PLACES: Final = tuple(_PLACES.split())
"""The 249 officially assigned two-letter codes of ISO 3166-1, in alphabetical order."""
