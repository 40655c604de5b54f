"""What a suggestion is identified by and committed to, pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from loop.kernel.canonical import Json, digest
from loop.kernel.commit_form import commit_form

ORIGINS: Final = ("model", "person", "camera")
STAGES: Final = ("development", "previs", "production", "post", "distribution")

# Kinds are an open list: these are the ones that pages and digit reasons know.
KINDS: Final = (
    "script_note", "coverage", "shot_list", "storyboard", "previs_clip", "schedule", "budget", "continuity_check",
    "rough_cut", "edit_suggestion", "scene_match", "vfx_plate", "roto", "environment", "colour", "adr", "sound",
    "subtitle", "music", "trailer", "audience_segment", "take",
)  # fmt: skip


def model_parts(label: str) -> tuple[str, str, str]:
    """Vendor, name and version of "vendor/name@version"; parts that are not there are ""."""
    path, _, version = label.partition("@")
    vendor, slash, name = path.partition("/")
    return (vendor, name, version) if slash and name else ("", path or label, version)


def text_form(prompt: str | None, content: str | None, meta: object) -> Json:
    """What `text_commit` of a suggestion commits to."""
    return {"prompt": prompt, "content": content, "meta": commit_form(meta)}


def suggestion_digest(
    *,
    external_id: str,
    group_id: str | None,
    origin: str,
    stage: str,
    kind: str,
    model: str | None,
    parameters: Mapping[str, object],
    seed: int | None,
    parent: str | None,
    latency_ms: int | None,
    cost_usd: str | None,
    tokens_in: int | None,
    tokens_out: int | None,
    media: tuple[str, str, str] | None,
    created_at: str | None,
    constraints: Sequence[object],
    materials: Sequence[tuple[str, str]],
    contributors: Sequence[tuple[str, str]],
    text_commit: bytes,
) -> bytes:
    """What the audit event of a suggestion vouches for: every field that arrived, its texts through their commitment.

    `media` is (uri, sha256, mime), `materials` are (external id, kind), `contributors` (external id, capacity),
    `cost_usd` is decimal text of six places, `created_at` RFC 3339. The order of materials and contributors says
    nothing.
    """
    return digest(
        {
            "v": 1,
            "external_id": external_id,
            "group_id": group_id,
            "origin": origin,
            "stage": stage,
            "kind": kind,
            "model": model,
            "parameters": commit_form(parameters),
            "seed": None if seed is None else str(seed),
            "parent": parent,
            "latency_ms": None if latency_ms is None else str(latency_ms),
            "cost_usd": cost_usd,
            "tokens_in": None if tokens_in is None else str(tokens_in),
            "tokens_out": None if tokens_out is None else str(tokens_out),
            "media": None if media is None else list(media),
            "created_at": created_at,
            "constraints": commit_form(constraints),
            "materials": [list(pair) for pair in sorted(set(materials))],
            "contributors": [list(pair) for pair in sorted(set(contributors))],
            "text": text_commit.hex(),
        }
    )
