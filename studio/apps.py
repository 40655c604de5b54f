"""Binds the Celery application when Django starts, so that a task called in a web process finds its broker."""

from django.apps import AppConfig


class StudioConfig(AppConfig):
    name = "studio"

    def ready(self) -> None:
        from studio.celery import app

        app.set_default()
