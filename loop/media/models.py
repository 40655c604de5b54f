"""Tables of what is known of a media file and of what was made of it. Both are derived and may be made again."""

from __future__ import annotations

from django.db import models

from loop.kernel.ids import uuid7
from loop.material.models import Media


class MediaFacts(models.Model):
    """What a probe found in a stored file. Frames are integers at rate_num / rate_den; `start_frame` is that of its
    start timecode, 0 without one. A picture has no rate; sound alone has a duration and no frames.
    """

    class Medium(models.TextChoices):
        VIDEO = "video", "Video"
        STILL = "still", "Still"
        AUDIO = "audio", "Audio"
        OTHER = "other", "Other"

    media = models.OneToOneField(Media, primary_key=True, on_delete=models.PROTECT, related_name="facts")
    medium = models.CharField(max_length=8, choices=Medium.choices)
    width = models.PositiveIntegerField(null=True, blank=True)
    height = models.PositiveIntegerField(null=True, blank=True)
    rate_num = models.PositiveIntegerField(null=True, blank=True)
    rate_den = models.PositiveIntegerField(null=True, blank=True)
    drop_frame = models.BooleanField(default=False)
    frame_count = models.PositiveIntegerField(null=True, blank=True)
    start_frame = models.PositiveIntegerField(default=0)
    duration_ms = models.PositiveBigIntegerField(null=True, blank=True)
    is_variable = models.BooleanField(default=False)  # frames are not evenly spaced; the proxy's are
    has_sound = models.BooleanField(default=False)
    sample_rate = models.PositiveIntegerField(null=True, blank=True)
    codec = models.CharField(max_length=40, blank=True)
    probed_at = models.DateTimeField()

    class Meta:
        db_table = "loop_media_facts"


class Rendition(models.Model):
    """Something made of a stored file for the page. The row is the queue: a worker takes it under a lease."""

    class Kind(models.TextChoices):
        PROXY = "proxy", "Proxy"  # H.264, every frame a key frame, constant rate, as many frames as the source
        POSTER = "poster", "Poster"  # one frame, at most 1280 wide
        THUMB = "thumb", "Thumbnail"  # at most 256 wide
        PEAKS = "peaks", "Waveform"  # JSON of the sound's extremes

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting"
        RUNNING = "running", "Being made"
        READY = "ready", "Ready"
        FAILED = "failed", "Failed"

    uid = models.UUIDField(default=uuid7, unique=True, editable=False)
    media = models.ForeignKey(Media, on_delete=models.PROTECT, related_name="renditions")
    kind = models.CharField(max_length=8, choices=Kind.choices)
    version = models.PositiveSmallIntegerField(default=1)  # of the way it is made
    state = models.CharField(max_length=8, choices=State.choices, default=State.WAITING)
    progress = models.PositiveSmallIntegerField(default=0)  # percent
    problem = models.CharField(max_length=300, blank=True)  # for people: what was expected and found
    attempts = models.PositiveSmallIntegerField(default=0)
    fence = models.BigIntegerField(default=0)  # the token of whoever holds the lease
    leased_until = models.DateTimeField(null=True, blank=True)
    stored_name = models.CharField(max_length=200, blank=True)
    mime = models.CharField(max_length=100, blank=True)
    size_bytes = models.BigIntegerField(null=True, blank=True)
    width = models.PositiveIntegerField(null=True, blank=True)
    height = models.PositiveIntegerField(null=True, blank=True)
    created_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "loop_media_rendition"
        constraints = [models.UniqueConstraint(fields=["media", "kind"], name="rendition_unique")]
        indexes = [
            models.Index(fields=["state", "id"], name="rendition_work"),  # what a worker takes next
        ]
