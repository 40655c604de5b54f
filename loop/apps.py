"""The application's configuration: its label is `loop`."""

from typing import Any

from django.apps import AppConfig
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed


class LoopConfig(AppConfig):
    name = "loop"
    verbose_name = "Narrative training loop"

    def ready(self) -> None:
        """Registers the system checks, and puts logins and refused ones on record."""
        from loop import checks

        checks.register_all()
        user_logged_in.connect(_logged_in, dispatch_uid="loop.logged_in")
        user_logged_out.connect(_logged_out, dispatch_uid="loop.logged_out")
        user_login_failed.connect(_login_failed, dispatch_uid="loop.login_failed")


def _logged_in(user: Any, **_: object) -> None:
    from loop.people.session import record_session

    record_session(user=user, what="session.login")


def _logged_out(user: Any, **_: object) -> None:
    from loop.people.session import record_session

    if user is not None:
        record_session(user=user, what="session.logout")


def _login_failed(credentials: dict[str, Any], **_: object) -> None:
    from loop.people.refusal import record_refusal

    username = credentials.get("username")
    if isinstance(username, str) and username:
        record_refusal(username=username)
