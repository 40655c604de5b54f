"""Celery as a mere deliverer: the rows in PostgreSQL are the truth, a message may be lost or doubled freely.

Faults that led to each setting were measured; see docs/operations.md. No result backend, no chords, no ETA.
"""

import os
import warnings
from typing import Any

from celery import Celery
from celery.platforms import SecurityWarning
from celery.signals import setup_logging

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "studio.settings")

from django.conf import settings

# Longer than twice the hard time limit; the same for every worker, as the shortest value on a broker wins.
VISIBILITY_TIMEOUT_S = 900

# Celery warns root of pickled messages; ours are JSON and nothing else is accepted.
warnings.filterwarnings("ignore", category=SecurityWarning)

app = Celery("circled")
app.conf.update(
    broker_url=settings.BROKER_URL,
    result_backend=None,
    task_ignore_result=True,
    task_acks_late=True,
    # A killed child's message is acknowledged and gone; the row's lease expires and the sweep sends it again, at most
    # as often as the row's attempts allow. Redelivery by the broker has no count and would loop on a poisonous row.
    task_reject_on_worker_lost=False,
    task_retry_on_worker_lost=False,
    worker_prefetch_multiplier=1,
    worker_max_tasks_per_child=200,
    task_soft_time_limit=240,
    task_time_limit=300,
    broker_transport_options={
        "visibility_timeout": VISIBILITY_TIMEOUT_S,
        "unacked_restore_interval": 10,
        "unacked_restore_throttle": 3,
        "socket_keepalive": True,
        "health_check_interval": 25,
        "global_keyprefix": settings.BROKER_PREFIX,
    },
    visibility_timeout=VISIBILITY_TIMEOUT_S,
    result_backend_transport_options={"visibility_timeout": VISIBILITY_TIMEOUT_S},
    broker_connection_retry_on_startup=True,
    broker_connection_max_retries=None,
    # A request must not hang on a broker that is down: the sweep delivers later.
    task_publish_retry_policy={"max_retries": 1, "interval_start": 0, "interval_max": 0.2},
    task_serializer="json",
    accept_content=["json"],
    worker_soft_shutdown_timeout=60,
    worker_hijack_root_logger=False,
    worker_send_task_events=False,
    timezone="UTC",
    enable_utc=True,
    # Exports wait in their own queue, so that they cannot starve the sweep, the seal and the heartbeat; media in
    # another, so that an hour of transcoding holds up no release.
    task_default_queue="export",
    task_create_missing_queues=True,
    task_routes={
        "loop.tasks.seal_log": {"queue": "control"},
        "loop.tasks.sweep": {"queue": "control"},
        "loop.tasks.heartbeat": {"queue": "control"},
        "loop.tasks.tidy_media": {"queue": "control"},
        "loop.tasks.forget_drafts": {"queue": "control"},
        "loop.tasks.expire_authorisations": {"queue": "control"},
        "loop.tasks.render_media": {"queue": "media"},
    },
    # A tick that waited longer than its interval is worthless: the next one does the same.
    beat_schedule={
        "seal the log": {"task": "loop.tasks.seal_log", "schedule": 5.0, "options": {"expires": 5}},
        "sweep": {"task": "loop.tasks.sweep", "schedule": 15.0, "options": {"expires": 15}},
        "media": {"task": "loop.tasks.render_media", "schedule": 15.0, "options": {"expires": 15}},
        "tidy media": {"task": "loop.tasks.tidy_media", "schedule": 600.0, "options": {"expires": 600}},
        "forget drafts": {"task": "loop.tasks.forget_drafts", "schedule": 3600.0, "options": {"expires": 3600}},
        "expire": {"task": "loop.tasks.expire_authorisations", "schedule": 300.0, "options": {"expires": 300}},
        "heartbeat": {"task": "loop.tasks.heartbeat", "schedule": 10.0, "options": {"expires": 10}},
    },
    beat_max_loop_interval=5,
)
app.autodiscover_tasks()


@setup_logging.connect  # type: ignore[untyped-decorator]  # Celery ships no types
def keep_our_logging(**_: Any) -> None:
    """A receiver is all it takes: Celery then leaves the logging that the settings configured alone."""
