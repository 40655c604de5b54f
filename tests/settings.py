"""The project's settings as the tests use them. A server that a test starts uses them too, without pytest in it."""

import os
import sys
from pathlib import Path

IS_PYTEST = "pytest" in sys.modules
os.environ.setdefault("CIRCLED_HOME", str(Path(__file__).resolve().parent.parent / ".local" / "test"))
if IS_PYTEST:
    # Several sessions, and several workers of each, share one broker: each has its own keys there.
    os.environ["CIRCLED_BROKER_PREFIX"] = f"test-{os.getpid()}-{os.environ.get('PYTEST_XDIST_WORKER', 'main')}:"

from studio.settings import *  # noqa: E402
from studio.settings import STATIC_ROOT, STORAGES  # noqa: E402

# A deliberately slow hash is a second a test.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
if IS_PYTEST:
    STORAGES = {**STORAGES, "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
    STATIC_ROOT.mkdir(parents=True, exist_ok=True)  # WhiteNoise warns of a missing folder, and a warning is an error
