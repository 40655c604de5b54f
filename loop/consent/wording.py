"""What purposes, kinds of recipients, actions and states are called when a contributor reads about them. Pure."""

from typing import Final

from loop.consent import terms

PURPOSES: Final[dict[str, tuple[str, str]]] = {
    "workflow_operation": (
        "Running the production's own software",
        "Your work is processed so that the production can keep track of it. No AI model learns from it.",
    ),
    "internal_analytics": (
        "Counting and statistics inside the production",
        "Your work is counted: how many, how long, how often. Only totals are shown. No AI model learns from it.",
    ),
    "data_mining": (
        "Searching for patterns by computer",
        "Computers search your work, together with other work, for patterns and connections.",
    ),
    "ai_inference": (
        "Showing your work to an AI model",
        "An AI model reads or watches your work to answer a question. It does not learn from it.",
    ),
    "ai_training": (
        "Training AI that sorts or rates, and creates nothing",
        "An AI model learns from your work to sort, find or rate things. It does not learn to write, draw or film.",
    ),
    "ai_generative_training": (
        "Training AI that creates",
        "An AI model learns from your work how to make text, pictures or sound. That cannot always be undone.",
    ),
    "ai_evaluation": (
        "Testing AI",
        "Your work is used to measure how good an AI model is. The model does not learn from it.",
    ),
    "synthetic_data": (
        "Making artificial examples",
        "Your work is used to make artificial examples, which may later train AI models.",
    ),
    "research": (
        "Research",
        "Researchers study your work and may publish what they found out, without publishing the work.",
    ),
    "digital_replica": (
        "A digital copy of you",
        "A computer version of your face, voice or movement. This is never asked for here.",
    ),
}
"""Of every purpose its name and a plain sentence."""

RECIPIENT_KINDS: Final[dict[str, str]] = {
    "production": "the production itself",
    "internal": "inside the studio",
    "external": "outside the studio",
}

ON_WITHDRAWAL: Final[dict[str, str]] = {
    "stop_future": "your work goes into no further data set",
    "stop_use": "they must stop using your work",
    "delete_copies": "they must delete their copies of it",
    "exclude_from_retrain": "they must leave it out when they train again",
    "request_unlearning": "they are asked to remove what a model has learned from it",
}

BASES: Final[dict[str, str]] = {
    "consent": "you agreed",
    "contract_licence": "by contract or licence",
    "cba_term": "by a guild agreement",
    "employer_ownership": "your employer owns it",
    "public_licence": "by a public licence",
}

STATES: Final[dict[str, str]] = {
    "ConsentUnknown": "held back: somebody has said that you took it back",
    "ConsentRequested": "asked",
    "ConsentRequestDeferred": "you wanted to decide later",
    "ConsentRefused": "refused",
    "ConsentGiven": "in force",
    "RenewedConsentGiven": "in force, renewed",
    "ConsentExpired": "ended",
    "ConsentWithdrawn": "withdrawn",
    "ConsentRevoked": "revoked by somebody else",
    "ConsentInvalidated": "found invalid",
}

MODEL_ACTIONS: Final[dict[str, str]] = {
    "deleted": "the model was deleted",
    "none": "nothing was done about the model",
    "retrain_scheduled": "the model will be trained again without it",
    "retrained": "the model was trained again without it",
    "unlearned": "what the model learned from it was removed",
    "use_stopped": "the model is no longer used",
}

_RIGHT_TO_LEFT: Final = frozenset({"ar", "arc", "ckb", "dv", "fa", "he", "ku", "ps", "sd", "ug", "ur", "yi"})


def purpose_name(purpose: str) -> str:
    """What the purpose is called; its own name if it has no other."""
    return PURPOSES[purpose][0] if purpose in PURPOSES else purpose


def purpose_sentence(purpose: str) -> str:
    """What it means, in a plain sentence."""
    return PURPOSES[purpose][1] if purpose in PURPOSES else ""


def value_word(value: str) -> str:
    """What a use's value means to whoever gave it."""
    return {terms.ALLOWED: "allowed", terms.CONSTRAINED: "allowed under a condition"}.get(value, "not allowed")


def direction(language: str) -> str:
    """The direction that a language is written in: "rtl" or "ltr"."""
    return "rtl" if language.replace("_", "-").partition("-")[0].lower() in _RIGHT_TO_LEFT else "ltr"
