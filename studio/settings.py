"""Every setting of the project, with the defaults of a production site; `docs/operations.md` lists the variables.

Without `DATABASE_URL` and `REDIS_URL` the embedded servers of `CIRCLED_HOME` are meant; nothing is started here.
"""

import os
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from csp.constants import NONE, SELF

from studio import env, logs
from studio.local.home import claim, secret

BASE_DIR = Path(__file__).resolve().parent.parent
CIRCLED_HOME = env.folder("CIRCLED_HOME", default=BASE_DIR / ".local")
HOME = claim(CIRCLED_HOME)

KEYS_ROOT = CIRCLED_HOME / "keys"
RELEASES_ROOT = CIRCLED_HOME / "releases"
MEDIA_ROOT = CIRCLED_HOME / "media"
STATIC_ROOT = CIRCLED_HOME / "static"

DEBUG = env.flag("CIRCLED_DEBUG", default=False)
SECRET_KEY = env.text("CIRCLED_SECRET_KEY") or secret(HOME, "secret_key", size=48)

# -- where the site is reached ---------------------------------------------------------------------------------------

PUBLIC_URL = env.text("CIRCLED_PUBLIC_URL").rstrip("/")
LOCAL_HOSTS = ["localhost", "127.0.0.1", "[::1]"]
_public = urlsplit(PUBLIC_URL)
if PUBLIC_URL and (_public.scheme != "https" or not _public.hostname or _public.path):
    raise env.EnvError(f"CIRCLED_PUBLIC_URL: expected https://host without a path, found {PUBLIC_URL!r}")
IS_LOCAL = not PUBLIC_URL
ALLOWED_HOSTS = LOCAL_HOSTS + ([_public.hostname] if _public.hostname else []) + env.words("CIRCLED_HOSTS")
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL] if PUBLIC_URL else []
if env.flag("CIRCLED_BEHIND_PROXY", default=False):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

# -- applications ----------------------------------------------------------------------------------------------------

ROOT_URLCONF = "studio.urls"
WSGI_APPLICATION = "studio.wsgi.application"
AUTH_USER_MODEL = "loop.User"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

INSTALLED_APPS = [
    "loop.apps.LoopConfig",  # first: its `migrate` and its templates take precedence
    "studio.apps.StudioConfig",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django.forms",  # the widgets' own templates, which TemplatesSetting finds only as an app
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "csp",
    "django_htmx",
    "django_filters",
    "rest_framework",
    "drf_spectacular",
]

MIDDLEWARE = [
    "studio.middleware.RequestRecord",
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "studio.middleware.PrivatePages",
    "allauth.account.middleware.AccountMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "loop.web.context.page",
            ],
        },
    },
]
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"

# -- database, cache, broker -----------------------------------------------------------------------------------------

OWNER_ROLE = "circled_owner"
RUNTIME_ROLE = "circled_app"
EMBEDDED_DATABASE = "circled"


def _embedded(role: str) -> env.DatabaseUrl:
    password = secret(HOME, f"password.{role}")
    return env.DatabaseUrl(name=EMBEDDED_DATABASE, user=role, password=password, host=str(HOME.sockets), port=5432)


def _connection(url: env.DatabaseUrl, role: str, *, max_age_s: int = 0, server: str = "") -> dict[str, Any]:
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": url.name,
        "USER": url.user,
        "PASSWORD": url.password,
        "HOST": url.host,
        "PORT": str(url.port),
        # No ATOMIC_REQUESTS: the verbs open their own durable transactions.
        "CONN_MAX_AGE": max_age_s,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {"assume_role": role, "application_name": "circled"}
        | ({"options": server} if server else {})
        | dict(url.options),
    }


_statement_timeout_ms = env.number("CIRCLED_STATEMENT_TIMEOUT_MS", default=0)
_runtime_url = env.database_url("DATABASE_URL")
IS_EMBEDDED_DATABASE = _runtime_url is None
DATABASES = {
    "default": _connection(
        _runtime_url or _embedded(RUNTIME_ROLE),
        RUNTIME_ROLE,
        # A web thread keeps its connection; a worker opens one a task, so that none outlives a restart of the server.
        max_age_s=env.number("CIRCLED_CONNECTION_MAX_AGE_S", default=0),
        server=f"-c statement_timeout={_statement_timeout_ms}" if _statement_timeout_ms else "",
    ),
    # The same database as the owner of the schema: for `migrate` only.
    "owner": _connection(
        env.database_url("DATABASE_OWNER_URL") or _runtime_url or _embedded(OWNER_ROLE),
        OWNER_ROLE,
    ),
}

# Limits of logins must hold without a broker and across web processes, so they live in PostgreSQL.
CACHES = {"default": {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "loop_cache"}}
SESSION_ENGINE = "django.contrib.sessions.backends.db"

REDIS_URL = env.redis_url("REDIS_URL")
IS_EMBEDDED_BROKER = not REDIS_URL
BROKER_URL = REDIS_URL or HOME.broker_url
BROKER_PREFIX = env.text("CIRCLED_BROKER_PREFIX", "circled:")

# The log's name, under which outsiders keep its checkpoints. It must never change.
CIRCLED_LOG_ORIGIN = env.text("CIRCLED_LOG_ORIGIN", "circled.local/log")

# -- people: no self-service registration, accounts are made by an administrator -------------------------------------

AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "/accounts/login/"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_ADAPTER = "studio.accounts.ClosedSignup"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_RATE_LIMITS = {"login_failed": "10/m/ip,5/5m/key"}
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_TOTP_ISSUER = "Circled"
EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"

# -- machines --------------------------------------------------------------------------------------------------------

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["loop.api.auth.TokenAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_PAGINATION_CLASS": "loop.api.pagination.CursorPagination",
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_FILTER_BACKENDS": ["django_filters.rest_framework.DjangoFilterBackend"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "EXCEPTION_HANDLER": "loop.api.problems.handle",
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Circled",
    "DESCRIPTION": "Suggestions in, decisions with reasons, dataset releases with provenance and consent out.",
    "VERSION": "1.0.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "COMPONENT_SPLIT_REQUEST": True,
    "SCHEMA_PATH_PREFIX": "/api/v1/",
}

# -- what a browser may do with our pages ----------------------------------------------------------------------------

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:", "blob:"],
        "media-src": [SELF, "blob:"],
        "object-src": [NONE],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
        "form-action": [SELF],
    },
}
X_FRAME_OPTIONS = "DENY"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
SECURE_HSTS_SECONDS = 0 if IS_LOCAL else 31_536_000
SECURE_HSTS_INCLUDE_SUBDOMAINS = not IS_LOCAL
SECURE_SSL_REDIRECT = not IS_LOCAL
SECURE_REDIRECT_EXEMPT = [r"^health/"]

# Cookies know no ports: two homes on one machine must not log each other out, hence the identity in the local names.
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = not IS_LOCAL
SESSION_COOKIE_NAME = f"circled_session_{HOME.id}" if IS_LOCAL else "__Host-circled_session"
CSRF_COOKIE_NAME = f"circled_csrf_{HOME.id}" if IS_LOCAL else "__Host-circled_csrf"
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True  # scripts read the token from the page
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = env.number("CIRCLED_SESSION_S", default=12 * 3600, least=60)

DATA_UPLOAD_MAX_MEMORY_SIZE = 10 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2_000
FILE_UPLOAD_PERMISSIONS = 0o600
FILE_UPLOAD_DIRECTORY_PERMISSIONS = 0o700

# -- files -----------------------------------------------------------------------------------------------------------

STATIC_URL = "/static/"
MEDIA_URL = "/media/"  # never served from here: a view checks who asks
CIRCLED_MEDIA_MAX_BYTES = env.number("CIRCLED_MEDIA_MAX_BYTES", default=20 * 1024**3, least=1)
# The path under which a proxy in front serves MEDIA_ROOT by X-Accel-Redirect; empty: we send the bytes ourselves.
CIRCLED_ACCEL_PREFIX = env.text("CIRCLED_ACCEL_PREFIX").rstrip("/")
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "studio.statics.HashedFiles"},
}
WHITENOISE_INDEX_FILE = False

# -- words and time --------------------------------------------------------------------------------------------------

LANGUAGE_CODE = "en"
USE_I18N = False
USE_TZ = True
TIME_ZONE = "UTC"

# -- logs: JSON lines that carry ids, never texts --------------------------------------------------------------------

LOG_LEVEL = env.text("CIRCLED_LOG_LEVEL", "INFO").upper()
LOGGING_CONFIG = None
logs.configure(style=env.text("CIRCLED_LOG", "json"), level=LOG_LEVEL)
SILENCED_SYSTEM_CHECKS: list[str] = []
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "studio.settings")
