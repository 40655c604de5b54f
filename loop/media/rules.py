"""What is made of a file for the page, and what a browser shows as it is. Pure."""

from typing import Final

VIDEO, STILL, AUDIO, OTHER = "video", "still", "audio", "other"
PROXY, POSTER, THUMB, PEAKS = "proxy", "poster", "thumb", "peaks"
VERSION: Final = 1  # of the way renditions are made; a new one has all of them made again

LEASE_S: Final = 60  # longer than a frame of 8K takes on a slow machine that has other things to do
MAX_ATTEMPTS: Final = 3

STILL_MIMES: Final = {"png": "image/png", "mjpeg": "image/jpeg", "webp": "image/webp", "gif": "image/gif"}
SOUND_MIMES: Final = {("mp3", "mp3float"): "audio/mpeg", ("mp3", "mp3"): "audio/mpeg", ("flac", "flac"): "audio/flac"}
CLAIMS: Final = ("video/", "image/", "audio/")
DRAWN: Final = frozenset({"image/svg+xml"})  # a program, not a picture: kept, never shown
SUFFIXES: Final = {
    "image/png": ".png", "image/jpeg": ".jpg", "image/webp": ".webp", "image/gif": ".gif", "audio/mpeg": ".mp3",
    "audio/flac": ".flac", "audio/mp4": ".m4a", "video/mp4": ".mp4", "application/json": ".json",
}  # fmt: skip


def must_be_media(mime: str) -> bool:
    """Whether a file that came as `mime` is refused if nothing can be shown of it; others are kept unseen."""
    return mime.startswith(CLAIMS) and mime not in DRAWN


def plain_mime(medium: str, codec: str, *, has_proxy: bool) -> str:
    """The type under which a browser shows the original itself; "" if it is not to.

    A video is always shown by its proxy: only there is every frame a key frame.
    """
    if has_proxy:
        return ""
    if medium == STILL:
        return STILL_MIMES.get(codec, "")
    if medium == AUDIO:
        return next((mime for (_, one), mime in SOUND_MIMES.items() if one == codec), "")
    return ""


def wanted(medium: str, codec: str, container: str, *, has_sound: bool) -> tuple[str, ...]:
    """The kinds of rendition that a file needs, in the order in which they are made: what is quick comes first."""
    if medium == VIDEO:
        return (THUMB, POSTER, *((PEAKS,) if has_sound else ()), PROXY)
    if medium == STILL:
        return (THUMB, POSTER, *(() if codec in STILL_MIMES else (PROXY,)))
    if medium == AUDIO:
        return (PEAKS, *(() if (container, codec) in SOUND_MIMES else (PROXY,)))
    return ()
