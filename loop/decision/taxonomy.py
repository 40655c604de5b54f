"""The versioned taxonomy, pure: why a suggestion was rejected, revised or chosen, and the emotional labels of a moment.

A reason is `family.code`. Codes are never deleted, only deprecated; the version is stored with each decision. A
production may add codes under a family and beats of its own, and never changes a core one. A reason may also stand on
an accept ("why take 9 won"); the family `praise` says what works, and stands on an accept, a revise or a span only.

1.1 added the family `praise`. A decision recorded under 1.0 means what it meant.
"""

import difflib
from collections.abc import Iterable
from enum import StrEnum
from typing import Final, NamedTuple

VERSION: Final = "1.1"
UNSTATED: Final = "unstated"  # a reject or revise that came without a reason
OTHER: Final = "other"  # asks for a rationale
IMPORTED: Final = "imported"  # the family of codes registered as they came with a file
PRAISE: Final = "praise"  # the family of what works


class Scope(StrEnum):
    """How much of what was judged a reason is about."""

    FRAME = "F"
    RANGE = "R"
    WHOLE = "W"
    ANY = "-"


class Reason(NamedTuple):
    """One code: `modality` says in a few words what it applies to."""

    code: str
    label: str
    modality: str
    scope: Scope

    @property
    def family(self) -> str:
        return self.code.partition(".")[0]


F, R, W, ANY = Scope.FRAME, Scope.RANGE, Scope.WHOLE, Scope.ANY

CORE: Final[dict[str, Reason]] = {
    code: Reason(code, label, modality, scope)
    for code, label, modality, scope in (
        ("identity.face_drift", "Face or character identity changes", "generated video, previs", R),
        ("identity.wardrobe_drift", "Clothes or hair change", "generated video", R),
        ("identity.wrong_character", "Not the cast or reference character", "generated, shot list", W),
        ("identity.voice", "Voice drifts or is wrong", "audio", R),
        ("anatomy.malformed", "Hands, limbs, teeth, extra parts", "generated", R),
        ("continuity.prop", "Prop state or position does not match", "all picture", R),
        ("continuity.wardrobe_makeup", "Against the established look", "all", R),
        ("continuity.set_background", "Background or set changes", "generated, takes", R),
        ("continuity.screen_direction", "Eyeline or 180-degree line", "takes, previs, edit", R),
        ("continuity.time_weather", "Day, night or light state", "all", W),
        ("continuity.script", "Contradicts the script or story facts", "script notes, shot list", W),
        ("performance.line", "Line muffed, dropped or ad-libbed", "takes", R),
        ("performance.emotion", "Wrong intent, flat or over-played", "takes, generated", W),
        ("performance.lipsync", "Lips do not match the dialogue", "generated, ADR", R),
        ("performance.timing", "Timing of a beat or business", "takes", R),
        ("camera.framing", "Composition, headroom or crop", "all picture", W),
        ("camera.focus", "Soft or buzzed focus", "takes, generated", R),
        ("camera.move", "Bump, judder, abrupt stop or wrong move", "takes, generated", R),
        ("camera.lens_angle", "Wrong size, angle or lens", "previs, shot list", W),
        ("light.exposure", "Over- or underexposed", "all picture", W),
        ("light.match", "Does not match scene or plate", "generated, comp", W),
        ("colour.look", "Wrong palette or grade", "all picture", W),
        ("motion.artifact", "Warping or morphing", "generated", R),
        ("motion.physics", "Physics or causality broken", "generated", R),
        ("motion.flicker", "Flicker or crawling noise", "generated", R),
        ("motion.static", "Too little or wrong motion", "generated", W),
        ("object.permanence", "Appears, vanishes, merges or miscounts", "generated", R),
        ("space.geometry", "Perspective, scale or multi-view", "generated, previs", R),
        ("image.quality", "Blur, noise, compression or banding", "all picture", R),
        ("image.text_graphics", "Garbled text or logos", "generated", F),
        ("tech.frame_rate", "Cadence, ghosting or combing", "all", W),
        ("tech.aspect", "Stretch or aspect", "all", W),
        ("tech.spec", "Wrong range, resolution, colour space or version", "all", W),
        ("sound.noise", "Hum or pop", "audio", R),
        ("sound.clip", "Clipping or distortion", "audio", R),
        ("sound.sync", "Out of sync", "audio", R),
        ("sound.boom_in_shot", "Boom or crew visible", "takes", R),
        ("edit.pacing", "Too long, too short or wrong rhythm", "edit", R),
        ("edit.cut_point", "Bad cut or jump cut", "edit", F),
        ("edit.coverage_missing", "No angle to cut to", "edit, shot list", W),
        ("story.tone", "Wrong tone or genre", "all", W),
        ("story.clarity", "Confusing, or a beat is missing", "all", W),
        ("story.offbrief", "Ignores the brief or reference", "all", W),
        ("story.cliche", "Generic, seen before", "script, previs", W),
        ("feasibility.schedule_budget", "Cannot be shot or too expensive", "shot list, previs", W),
        ("feasibility.safety_practical", "Ignores rig, location or safety", "shot list, previs", W),
        ("legal.likeness", "Real or unconsented likeness or voice", "generated", W),
        ("legal.ip", "Resembles protected work, brand or style", "generated, script", W),
        ("legal.sensitive", "Bias, culture or misleading content", "generated, script", W),
        ("data.hallucination", "Invents facts, scenes or takes", "notes, logs, shot list", W),
        ("preference.taste", "Fine, but another is preferred", "all", W),
        ("duplicate.superseded", "Same as another, or the cut changed", "all", W),
        ("praise.performance", "Performance", "takes, generated", R),
        ("praise.timing", "Timing", "takes, edit, generated", R),
        ("praise.framing", "Framing", "all picture", W),
        ("praise.camera", "Camera move", "takes, generated", R),
        ("praise.light", "Light", "all picture", W),
        ("praise.colour", "Colour", "all picture", W),
        ("praise.sound", "Sound", "audio, takes", R),
        ("praise.continuity", "Continuity", "all", W),
        ("praise.tone", "Tone", "all", W),
        ("praise.clarity", "Clarity", "all", W),
        ("praise.economy", "Economy", "all", W),
        ("praise.surprise", "Surprise", "all", W),
        ("praise.character", "True to character", "all", W),
        ("praise.practical", "Can be made", "shot list, previs, schedule", W),
        (OTHER, "Other (say what)", "all", ANY),
    )
}

FAMILIES: Final[tuple[str, ...]] = tuple(dict.fromkeys(reason.family for reason in CORE.values()))

BEATS: Final[dict[str, str]] = {
    code: code.replace("_", " ").capitalize()
    for code in (
        "anger", "anticipation", "awe", "betrayal", "calm", "confusion", "contempt", "curiosity", "defiance",
        "desire", "despair", "determination", "disgust", "dread", "embarrassment", "fear", "grief", "guilt",
        "hope", "humour", "isolation", "jealousy", "joy", "loneliness", "longing", "love", "menace", "nostalgia",
        "pride", "regret", "relief", "resignation", "sadness", "shame", "shock", "suspense", "suspicion",
        "tenderness", "tension", "triumph", "unease", "vulnerability", "wonder",
    )
}  # fmt: skip

_WRITTEN: Final = (
    "story.offbrief", "story.clarity", "story.tone", "story.cliche", "continuity.script",
    "feasibility.schedule_budget", "data.hallucination", "preference.taste", OTHER,
)  # fmt: skip
_PLANNED: Final = (
    "story.offbrief", "camera.lens_angle", "camera.framing", "edit.coverage_missing", "continuity.script",
    "feasibility.schedule_budget", "feasibility.safety_practical", "data.hallucination", "preference.taste",
)  # fmt: skip
_SCHEDULED: Final = (
    "feasibility.schedule_budget", "feasibility.safety_practical", "story.offbrief", "story.clarity",
    "continuity.script", "continuity.time_weather", "data.hallucination", "preference.taste", OTHER,
)  # fmt: skip
_GENERATED: Final = (
    "identity.face_drift", "anatomy.malformed", "motion.artifact", "motion.physics", "continuity.prop",
    "camera.framing", "light.match", "story.offbrief", "preference.taste",
)  # fmt: skip
_CUT: Final = (
    "edit.pacing", "edit.cut_point", "edit.coverage_missing", "continuity.screen_direction", "performance.emotion",
    "story.clarity", "story.tone", "story.offbrief", "preference.taste",
)  # fmt: skip
_FILMED: Final = (
    "performance.line", "performance.emotion", "performance.timing", "camera.focus", "camera.move",
    "sound.boom_in_shot", "sound.noise", "continuity.prop", "preference.taste",
)  # fmt: skip
_HEARD: Final = (
    "sound.noise", "sound.clip", "sound.sync", "performance.lipsync", "identity.voice",
    "performance.emotion", "story.tone", "story.offbrief", "preference.taste",
)  # fmt: skip

# Coverage is a reader's report on a script, so it is judged as writing; the camera's coverage is edit.coverage_missing.
_DIGITS: Final[dict[str, tuple[str, ...]]] = {
    **dict.fromkeys(("shot_list", "storyboard"), _PLANNED),
    **dict.fromkeys(("schedule", "budget"), _SCHEDULED),
    **dict.fromkeys(("script_note", "coverage", "continuity_check", "audience_segment"), _WRITTEN),
    **dict.fromkeys(("previs_clip", "vfx_plate", "roto", "environment", "colour", "clip_prompt"), _GENERATED),
    **dict.fromkeys(("rough_cut", "edit_suggestion", "scene_match", "trailer"), _CUT),
    "take": _FILMED,
    **dict.fromkeys(("adr", "sound", "subtitle", "music"), _HEARD),
}


_WORKS_WRITTEN: Final = ("tone", "clarity", "economy", "surprise", "character", "continuity", "timing")
_WORKS_PLANNED: Final = ("practical", "framing", "economy", "clarity", "continuity", "tone", "surprise")
_WORKS_GENERATED: Final = ("framing", "light", "camera", "performance", "continuity", "tone", "colour", "surprise")
_WORKS_CUT: Final = ("timing", "economy", "clarity", "tone", "performance", "continuity", "surprise")
_WORKS_FILMED: Final = ("performance", "timing", "camera", "framing", "light", "continuity", "sound", "surprise")
_WORKS_HEARD: Final = ("sound", "timing", "performance", "tone", "clarity", "continuity", "surprise")
_WORKS: Final[dict[tuple[str, ...], tuple[str, ...]]] = {
    _WRITTEN: _WORKS_WRITTEN,
    _SCHEDULED: _WORKS_PLANNED,
    _PLANNED: _WORKS_PLANNED,
    _GENERATED: _WORKS_GENERATED,
    _CUT: _WORKS_CUT,
    _FILMED: _WORKS_FILMED,
    _HEARD: _WORKS_HEARD,
}

# Beats offered as chips where a production has not chosen its own.
BEAT_CHIPS: Final = ("tension", "dread", "relief", "tenderness", "isolation", "hope", "humour", "grief")


def digit_reasons(kind: str) -> list[str]:
    """The nine codes on the keys 1 to 9 for a kind of suggestion; an unknown kind is judged as writing."""
    return list(_DIGITS.get(kind, _WRITTEN))


def praise(kind: str) -> list[str]:
    """Why it works: the codes offered on an accept of a kind of suggestion, the likeliest first."""
    return [f"{PRAISE}.{name}" for name in _WORKS[_DIGITS.get(kind, _WRITTEN)]]


def is_praise(code: str) -> bool:
    """Whether a code says what works, a production's own one included."""
    return code.startswith(f"{PRAISE}.")


def label(code: str) -> str:
    """What a person reads for a code; a code that is not core is shown as it is."""
    if code == UNSTATED:
        return "No reason given"
    reason = CORE.get(code)
    return reason.label if reason else code


def near(code: str, known: Iterable[str]) -> list[str]:
    """At most three known codes that look like `code`, for an error's message."""
    known = list(known)
    tails = [one for one in known if one.rpartition(".")[2] == code.rpartition(".")[2]]
    return list(dict.fromkeys(tails + difflib.get_close_matches(code, known, n=3, cutoff=0.5)))[:3]
