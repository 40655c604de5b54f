"""The review room in a real browser: from a key to the next item painted, beside plain forms on texts of the same kind.

    python -m benchmarks.review [--decisions 100] [--rounds 1] [--seed 7]

A real gunicorn on a fresh database, headless Chromium, real key events. At 0, 40 and 120 ms of added delay, in turn,
on a production each: `--decisions` verdicts in the review room, and as many by the same pages as plain forms, without
any of our scripts (focus on the button, Enter, POST, redirect, page). The time runs from the key event's own stamp to
the second animation frame after the next item stands in the document: the first has been drawn by then. Between two
verdicts passes READ_MS, as with somebody quick. Beside it the largest paint of the sample's pages in a browser that was
never there, and how many keys a decision takes, counted from key events and checked in the database. Prints one JSON
object of medians over the rounds; the target is 100 ms at the 95th percentile, whatever the delay.
"""

import argparse
import json
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")

DELAYS_MS = (0, 40, 120)
READ_MS = 250  # how long somebody looks at an item
SPARE = 6  # items beyond those that are judged: the next one is always there
LCP_ROUNDS = 3
LOOK_EVERY_MS = 20
PATIENCE_MS = 30_000
VIEWPORT = {"width": 1440, "height": 900}
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")

# Waits for another item in the document, then for its picture. The stamp lives as long as the tab: a plain form
# comes back as another document.
PAINTED = """
const clock = () => performance.timeOrigin + performance.now();
const note = (name, value) => sessionStorage.setItem(name, JSON.stringify(value));
const noted = (name) => JSON.parse(sessionStorage.getItem(name) || "null");
addEventListener("keydown", (event) => {
  if (!event.isTrusted || event.repeat || ["Shift", "Control"].includes(event.key)) return;
  note("bench.keys", (noted("bench.keys") || 0) + 1);
  const uid = document.getElementById("item")?.dataset.uid;
  if (!noted("bench.pressed")) note("bench.pressed", { at: performance.timeOrigin + event.timeStamp, uid });
}, true);
const look = () => {
  const pressed = noted("bench.pressed");
  const item = document.getElementById("item");
  if (!pressed || !item || !item.isConnected || item.dataset.uid === pressed.uid) return;
  sessionStorage.removeItem("bench.pressed");
  const drawn = () => note("bench.took", [...(noted("bench.took") || []), clock() - pressed.at]);
  requestAnimationFrame(() => requestAnimationFrame(drawn));
};
new MutationObserver(look).observe(document, { childList: true, subtree: true });
addEventListener("DOMContentLoaded", look);
"""
LARGEST = """
new PerformanceObserver((list) => { window.largest = list.getEntries().at(-1).startTime; })
  .observe({ type: "largest-contentful-paint", buffered: true });
"""
TOOK = "JSON.parse(sessionStorage.getItem('bench.took') || '[]')"


def percentile(values: list[float], share: float) -> float:
    """The value that `share` of them do not exceed."""
    ranked = sorted(values)
    return ranked[min(len(ranked) - 1, int(share * len(ranked)))]


class Bench:
    """One browser, one server, and the sample's editor or one of a room of our own."""

    def __init__(self, browser: Any, address: str, cookie: str) -> None:
        self.browser, self.address, self.cookie = browser, address, cookie

    @contextmanager
    def page(self, user: Any, *, delay: int = 0, script: str = PAINTED) -> Iterator[Any]:
        """A page in a browser of its own, in which `user` is logged in."""
        from django.conf import settings
        from django.test import Client

        client = Client()
        client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
        session = client.cookies[settings.SESSION_COOKIE_NAME].value
        context = self.browser.new_context(base_url=self.address, viewport=VIEWPORT)
        context.set_default_timeout(PATIENCE_MS)
        context.add_cookies([
            {"name": self.cookie, "value": session, "url": self.address},
            {"name": "bench_delay_ms", "value": str(delay), "url": self.address},
        ])  # fmt: skip
        context.add_init_script(script)
        yield context.new_page()
        context.close()

    def judge(self, room: Any, *, delay: int, count: int, chance: random.Random) -> list[float]:
        """Milliseconds of each verdict in the review room."""
        with self.page(room.users["editor"], delay=delay) as page:
            page.goto(f"/p/{room.production.code}/review/")
            for number in range(count):
                painted(page)
                page.wait_for_timeout(READ_MS)
                page.keyboard.press(chance.choice("ax"))
                times(page, number + 1)
            painted(page)
            page.wait_for_selector("#sync[data-waiting='0']", state="attached")
            return times(page, count)

    def fill_in(self, room: Any, *, delay: int, count: int, chance: random.Random) -> list[float]:
        """Milliseconds of each verdict by plain forms: none of our scripts is let through."""
        with self.page(room.users["editor"], delay=delay) as page:
            network = page.context.new_cdp_session(page)
            network.send("Network.enable")
            network.send("Network.setBlockedURLs", {"urls": ["*.js"]})
            page.goto(f"/p/{room.production.code}/review/")
            for number in range(count):
                verb = chance.choice(["accept", "reject"])
                page.locator(f".verb-{verb}").focus()
                page.wait_for_timeout(READ_MS)
                page.keyboard.press("Enter")
                times(page, number + 1)
            return times(page, count)

    def largest_paint(self, user: Any, path: str) -> float:
        """Milliseconds of a cold page until its largest part is painted."""
        with self.page(user, script=LARGEST) as page:
            page.goto(path)
            page.wait_for_load_state("networkidle")
            return float(page.evaluate("largest"))


def times(page: Any, count: int) -> list[float]:
    """What was measured, as soon as that are `count`. Between two documents nobody answers."""
    from playwright.sync_api import Error

    for _ in range(PATIENCE_MS // LOOK_EVERY_MS):
        with suppress(Error):
            found = page.evaluate(TOOK)
            if len(found) >= count:
                return list(found)
        page.wait_for_timeout(LOOK_EVERY_MS)
    raise SystemExit(f"expected {count} items painted within {PATIENCE_MS} ms, found fewer")


def painted(page: Any) -> None:
    """The item lies there, and keys count."""
    page.wait_for_selector("#main[aria-busy='false']")


def rooms(delays: tuple[int, ...], count: int) -> dict[tuple[str, int], Any]:
    """A production for each way and delay, with texts of the same kind in all."""
    from benchmarks.ingest import words
    from tests.support.cutting_room import bring_in, line, open_room

    found = {}
    for way in ("room", "form"):
        for delay in delays:
            name = f"{way}{delay}"
            room = open_room(name.upper(), suggestions=0, prefix=f"{name}-")
            chance = random.Random(delay)
            texts = [words(chance, chance.randint(20, 80)) for _ in range(count + SPARE)]
            bring_in(room.production, [line(f"n{number:03d}-a", text) for number, text in enumerate(texts)])
            found[way, delay] = room
    return found


def speed(bench: Bench, options: argparse.Namespace, number: int) -> dict[str, float]:
    """One round: every delay, the room and the form in turn."""
    found: dict[str, float] = {}
    places = rooms(DELAYS_MS, options.decisions)
    for delay in DELAYS_MS:
        ways: dict[str, Callable[..., list[float]]] = {"room": bench.judge, "form": bench.fill_in}
        for name, way in ways.items():
            chance = random.Random(f"{options.seed} {number} {delay}")
            took = way(places[name, delay], delay=delay, count=options.decisions, chance=chance)
            found[f"{name}_p50_{delay}"] = percentile(took, 0.5)
            found[f"{name}_p95_{delay}"] = percentile(took, 0.95)
        found[f"ratio_{delay}"] = found[f"form_p50_{delay}"] / found[f"room_p50_{delay}"]
    return found


def sample_pages() -> dict[str, str]:
    """An item of each medium of the sample production."""
    from loop.material.models import Production
    from loop.suggestion.models import Suggestion

    code = Production.objects.get(code="NIGHTFERRY").code
    found: dict[str, str] = {}
    for each in Suggestion.objects.filter(production__code=code).select_related("media").order_by("id"):
        medium = each.media.mime.partition("/")[0] if each.media else "text"
        found.setdefault(medium, f"/p/{code}/review/?item={each.uid}")
    return found


def one_round(bench: Bench, options: argparse.Namespace, number: int) -> dict[str, float]:
    from benchmarks.keystrokes import counted
    from loop.people.models import User

    editor = User.objects.get(username="editor")
    found = speed(bench, options, number)
    for medium, path in sample_pages().items():
        found[f"lcp_{medium}"] = statistics.median(bench.largest_paint(editor, path) for _ in range(LCP_ROUNDS))
    return found | counted(bench, editor)


def measure(options: argparse.Namespace, place: Path) -> list[dict[str, float]]:
    """Each round on a database of its own."""
    from playwright.sync_api import sync_playwright

    from tests.support import databases, processes
    from tests.support.site import Site
    from tests.support.stock import load_sample

    chromium = next(filter(None, map(shutil.which, BROWSERS)), None)
    if chromium is None:
        raise SystemExit(f"expected one of {', '.join(BROWSERS)}, found none")
    server = databases.find_server(Path(os.environ["CIRCLED_HOME"]))
    template = databases.template(server)
    found = []
    for number in range(options.rounds):
        site = Site(home=place / f"home{number}", log=place / f"web{number}.log")
        site.renew()
        with databases.clone(server, template, "bench_review") as name, databases.pointed_at(name):
            load_sample(site.home)
            static_files(site.home)
            environment = {
                "DATABASE_URL": server.runtime.uri(name), "DATABASE_OWNER_URL": server.owner.uri(name),
                "REDIS_URL": server.broker, "CIRCLED_HOME": str(site.home), "CIRCLED_CONNECTION_MAX_AGE_S": "60",
                "CIRCLED_SECRET_KEY": secret_key(),
            }  # fmt: skip
            program, address = processes.web_server(environment, log=site.log, settings="benchmarks.slow", threads=8)
            try:
                with sync_playwright() as playwright:
                    browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
                    found.append(one_round(Bench(browser, address, site.session_cookie), options, number))
                    browser.close()
            finally:
                program.stop()
    return found


def secret_key() -> str:
    from django.conf import settings

    return str(settings.SECRET_KEY)


def static_files(home: Path) -> None:
    """The files that pages load, under their hashed names, as a production site has them."""
    environment = {**os.environ, "CIRCLED_HOME": str(home)}
    command = [sys.executable, "manage.py", "collectstatic", "--noinput", "--verbosity", "0"]
    subprocess.run(command, env=environment, check=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--decisions", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--seed", type=int, default=7)
    options = parser.parse_args()
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"  # Playwright's own loop runs in this thread
    import django

    django.setup()
    with tempfile.TemporaryDirectory() as place:
        rounds = measure(options, Path(place))
    middle = {name: round(statistics.median(one[name] for one in rounds), 1) for name in rounds[0]}
    print(json.dumps({"verdicts": options.decisions, "rounds": options.rounds, "seed": options.seed, **middle}))


if __name__ == "__main__":
    main()
