"""What every response carries: the strict policy, no copy in a cache, safe cookies; and what is told to whom."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.contrib.auth import get_user_model
from django.test import Client

from tests.support.databases import REPOSITORY

POLICY = {
    "default-src 'self'", "script-src 'self'", "style-src 'self'", "img-src 'self' data: blob:",
    "media-src 'self' blob:", "object-src 'none'", "base-uri 'none'", "frame-ancestors 'none'", "form-action 'self'",
}  # fmt: skip


@pytest.fixture
def admin_client(client: Client) -> Client:
    client.force_login(get_user_model().objects.create_superuser("root-of-tests", password="a long enough word"))
    return client


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/accounts/login/", "/admin/login/", "/health/ready", "/nothing/here", "/metrics"])
def test_every_response_has_the_strict_policy(client: Client, path: str) -> None:
    response = client.get(path)
    found = {one.strip() for one in response.headers["Content-Security-Policy"].split(";")}
    assert found == POLICY
    assert response.headers["X-Frame-Options"] == "DENY"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Referrer-Policy"] == "same-origin"


@pytest.mark.django_db
def test_the_admin_is_no_exception(admin_client: Client) -> None:
    response = admin_client.get("/admin/")
    assert response.status_code == 200
    assert {one.strip() for one in response.headers["Content-Security-Policy"].split(";")} == POLICY


@pytest.mark.django_db
def test_pages_of_people_are_kept_by_no_cache(admin_client: Client) -> None:
    assert admin_client.get("/admin/").headers["Cache-Control"] == "no-store, private"


@pytest.mark.django_db
def test_nobody_signs_up(client: Client) -> None:
    response = client.post("/accounts/signup/", {"username": "me", "password1": "x" * 20, "password2": "x" * 20})
    assert response.status_code in (200, 403, 404)
    assert not get_user_model().objects.filter(username="me").exists()


@pytest.mark.django_db
def test_figures_are_told_to_this_machine_only(client: Client) -> None:
    assert client.get("/metrics").status_code == 200
    assert client.get("/metrics", headers={"X-Forwarded-For": "203.0.113.9"}).status_code == 404
    assert client.get("/metrics", REMOTE_ADDR="203.0.113.9").status_code == 404


@pytest.mark.django_db
def test_a_foreign_host_is_refused(client: Client, settings: object) -> None:
    settings.ALLOWED_HOSTS = ["localhost"]  # type: ignore[attr-defined]
    assert client.get("/health/live", headers={"Host": "evil.example"}).status_code == 400


def _settings(tmp_path: Path, **environment: str) -> "subprocess.CompletedProcess[str]":
    names = "SESSION_COOKIE_SECURE CSRF_COOKIE_SECURE SESSION_COOKIE_NAME SECURE_HSTS_SECONDS ALLOWED_HOSTS DEBUG"
    code = f"from django.conf import settings; print([getattr(settings, name) for name in {names.split()}])"
    return subprocess.run(
        [sys.executable, "-c", code],
        cwd=REPOSITORY,
        env={
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "studio.settings",
            "CIRCLED_HOME": str(tmp_path / "h"),
            **environment,
        },
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_public_site_is_secure_and_a_local_one_serves_localhost_only(tmp_path: Path) -> None:
    public = _settings(tmp_path, CIRCLED_PUBLIC_URL="https://circled.example").stdout
    assert "True, True, '__Host-circled_session', 31536000" in public
    assert "'circled.example'], False]" in public
    local = _settings(tmp_path).stdout
    assert "False, False, 'circled_session_" in local
    assert "['localhost', '127.0.0.1', '[::1]'], False]" in local


@pytest.mark.parametrize(
    ("name", "value"),
    [("CIRCLED_PUBLIC_URL", "http://circled.example"), ("CIRCLED_DEBUG", "perhaps"), ("REDIS_URL", "amqp://x"),
     ("CIRCLED_LOG", "xml"), ("DATABASE_URL", "sqlite:///x")],
)  # fmt: skip
def test_a_wrong_variable_stops_the_start(tmp_path: Path, name: str, value: str) -> None:
    refused = _settings(tmp_path, **{name: value})
    assert refused.returncode == 1
    assert f"{name}: expected" in refused.stderr
