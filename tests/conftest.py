"""Fixtures that every test may use: databases, broker, processes, samples. tests/README.md says which one when."""

import math
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest
import redis
from django.conf import settings as django_settings
from pytest_django import DjangoDbBlocker, Settings

from tests.support import databases, processes
from tests.support.databases import FreshDatabase, Server
from tests.support.processes import Broker, Program
from tests.support.site import FOLDERS, LABEL, Site
from tests.support.stock import Stock, load_sample

pytest_plugins = ["tests.support.required", "tests.support.soak_report"]

CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
CHROMIUM_ON_MACOS = Path("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome")
SHARE_OF_SOAK = 0.05
LABELS = count(1)


@pytest.fixture(scope="session")
def database_server() -> Server:
    """PostgreSQL and the broker: DATABASE_URL and REDIS_URL, else the embedded ones of the test home."""
    return databases.find_server(Path(os.environ["CIRCLED_HOME"]))


@pytest.fixture(scope="session")
def template_database(
    database_server: Server, django_test_environment: None, django_db_blocker: DjangoDbBlocker
) -> str:
    """The name of the migrated template."""
    with django_db_blocker.unblock():
        return databases.template(database_server)


@pytest.fixture(scope="session")
def django_db_setup(
    database_server: Server, template_database: str, django_db_blocker: DjangoDbBlocker
) -> Iterator[None]:
    """pytest-django's set-up: `db` works on this process's clone, as the runtime role, and is rolled back."""
    with django_db_blocker.unblock(), databases.clone(database_server, template_database, "session") as name:
        with databases.pointed_at(name):
            yield


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """This session's web server, not started yet: `live_site` does that."""
    place = tmp_path_factory.mktemp("live")
    found = Site(home=place / "home", log=place / "web.log")
    yield found
    found.stop()


@pytest.fixture(autouse=True)
def own_home(request: pytest.FixtureRequest, settings: Settings, tmp_path: Path) -> Path:
    """A home of the test's own: keys, media and releases of one test are never another's."""
    if "live_site" in request.fixturenames:
        shared: Site = request.getfixturevalue("site")
        shared.renew()
        home = shared.home
    else:
        home = tmp_path / "own-home"
        for name in FOLDERS:
            (home / name).mkdir(parents=True, mode=0o700)
    settings.CIRCLED_HOME = home
    settings.KEYS_ROOT = home / "keys"
    settings.MEDIA_ROOT = home / "media"
    settings.RELEASES_ROOT = home / "releases"
    return home


@pytest.fixture(scope="session")
def sample_stock(
    database_server: Server,
    template_database: str,
    django_db_blocker: DjangoDbBlocker,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Stock]:
    """The sample production, loaded and its media rendered, once a session."""
    home = tmp_path_factory.mktemp("sample")
    with databases.clone(database_server, template_database, "sample") as name:
        with django_db_blocker.unblock(), databases.pointed_at(name):
            load_sample(home)
        yield Stock(name, home)


@pytest.fixture
def stock(template_database: str) -> Stock:
    """What `fresh_database` begins with: the schema. A module overrides this with `sample_stock` for the sample."""
    return Stock(template_database)


@pytest.fixture
def fresh_database(
    request: pytest.FixtureRequest,
    own_home: Path,
    database_server: Server,
    stock: Stock,
    django_db_blocker: DjangoDbBlocker,
) -> Iterator[FreshDatabase]:
    """A private clone that Django's connections of every thread lead to; commits are real. Not together with `db`."""
    if "db" in request.fixturenames or request.node.get_closest_marker("django_db"):
        pytest.fail("fresh_database replaces the db fixture and the django_db mark: use one of them")
    label = LABEL if "live_site" in request.fixturenames else f"fresh{next(LABELS)}"
    stock.lay_out(own_home)
    with django_db_blocker.unblock(), databases.clone(database_server, stock.database, label) as name:
        fresh = FreshDatabase(name=name, server=database_server, environment={
            "DATABASE_URL": database_server.runtime.uri(name),
            "DATABASE_OWNER_URL": database_server.owner.uri(name),
            "REDIS_URL": database_server.broker,
            "CIRCLED_BROKER_PREFIX": django_settings.BROKER_PREFIX,
            "CIRCLED_HOME": str(own_home),
            "CIRCLED_SECRET_KEY": django_settings.SECRET_KEY,
        })  # fmt: skip
        with databases.pointed_at(name):
            yield fresh
        fresh.close()


@pytest.fixture
def broker(database_server: Server) -> Iterator[Broker]:
    """A real broker without messages of ours; what Django sends in this test arrives there."""
    from studio.celery import app

    url = database_server.broker
    app.conf.broker_url = url
    address = url.replace("redis+socket://", "unix://").replace("virtual_host=", "db=")
    with redis.Redis.from_url(address) as client:
        found = Broker(url=url, prefix=django_settings.BROKER_PREFIX, client=client)
        found.clear()
        yield found
        found.clear()


@pytest.fixture
def celery_worker_process(
    fresh_database: FreshDatabase, broker: Broker, tmp_path: Path
) -> Iterator[Callable[..., Program]]:
    """Starts real Celery workers on the fresh database: `start(queues="export,control", concurrency=1, **environment)`.

    Returns when the worker is ready; `.kill()` is kill -9 of its whole group. All are ended after the test.
    """
    started: list[Program] = []

    def start(*, queues: str = "export,control", concurrency: int = 1, **environment: str) -> Program:
        log = tmp_path / f"worker{len(started)}.log"
        both = {**fresh_database.environment, **environment}
        started.append(processes.celery_worker(both, queues=queues, concurrency=concurrency, log=log))
        return started[-1]

    yield start
    for program in started:
        program.stop()


@pytest.fixture(scope="session")
def static_files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every static file under its hashed name, collected once a session."""
    home = tmp_path_factory.mktemp("static")
    environment = {**os.environ, "CIRCLED_HOME": str(home), "DJANGO_SETTINGS_MODULE": "tests.settings"}
    command = [sys.executable, "manage.py", "collectstatic", "--noinput", "--verbosity", "0"]
    subprocess.run(command, cwd=databases.REPOSITORY, env=environment, check=True)
    return home / "static"


@pytest.fixture
def live_site(fresh_database: FreshDatabase, broker: Broker, static_files: Path, site: Site) -> str:
    """The address of a real web server on the fresh database, with the static files a browser needs.

    The process serves the whole session; database and home are new under the same name, so nothing of another test is
    left. It also answers to the name `studio.test`.
    """
    return site.serve(fresh_database.environment, static_files)


@pytest.fixture(scope="session")
def samples() -> Path:
    """The folder with real data sets and files (`data/`, `samples/`) that CIRCLED_SAMPLES names."""
    found = os.environ.get("CIRCLED_SAMPLES", "")
    if not found:
        pytest.skip("CIRCLED_SAMPLES names no folder with real data sets")
    path = Path(found).resolve()
    if not path.is_dir():
        pytest.fail(f"CIRCLED_SAMPLES: expected a folder, found nothing at {path}")
    return path


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of the system's Chromium or Chrome."""
    for name in CHROMIUM_NAMES:
        found = shutil.which(name)
        if found:
            return found
    if CHROMIUM_ON_MACOS.exists():
        return str(CHROMIUM_ON_MACOS)
    pytest.skip("Chromium is not installed")


@pytest.fixture(scope="session")
def slice_of() -> Callable[[int], int]:
    """How many rounds of a long run to do: all under `make soak` (CIRCLED_SOAK=1), else a twentieth, at least one."""
    is_full = os.environ.get("CIRCLED_SOAK") == "1"
    return lambda full: full if is_full else max(1, math.ceil(full * SHARE_OF_SOAK))
