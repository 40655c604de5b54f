"""The application's configuration: its label is `loop`."""

from django.apps import AppConfig


class LoopConfig(AppConfig):
    name = "loop"
    verbose_name = "Narrative training loop"

    def ready(self) -> None:
        """Registers the system checks."""
        from loop import checks

        checks.register_all()
