"""The player alone on a page of its own, with files that a small server sends in ranges: no database, no login.

The templates, the modules and the key map are the real ones; what is missing is the room around them.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from fractions import Fraction
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final

from django.template.loader import render_to_string
from playwright.sync_api import Browser, Page

from loop.material.models import Production
from loop.web.keymap import keymap
from tests.support.clips import make_clip

ROOT: Final = Path(__file__).resolve().parents[2]
SHA: Final = "ab" * 32
MIMES: Final = {
    ".mp4": "video/mp4", ".webm": "video/webm", ".mov": "video/mp4", ".m4a": "audio/mp4", ".wav": "audio/wav",
    ".js": "text/javascript", ".css": "text/css", ".woff2": "font/woff2", ".json": "application/json",
}  # fmt: skip
PAGE: Final = """<!DOCTYPE html><html lang="en" data-theme="dark"><head><meta charset="utf-8"><title>Bench</title>
<link rel="stylesheet" href="/static/loop/css/circled.css"><link rel="icon" href="data:,">
<script type="application/json" id="keymap">%(keymap)s</script>
<script type="module" src="/bench.js"></script></head><body class="app review" data-user="bench">
<header class="top">Bench</header><main class="room" id="main"><nav class="queue"></nav>
<div class="item" id="item" data-uid="%(uid)s"><section class="stage" id="stage" tabindex="-1" data-medium="%(medium)s">
%(stage)s</section><aside class="panel"><form id="decide"></form><textarea form="decide" name="rationale"></textarea>
</aside></div></main><div class="bar"></div>
<div class="sr" id="live" role="status" aria-live="polite"></div></body></html>"""
SCRIPT: Final = """import "/static/loop/js/keymap.js";
import { spans } from "/static/loop/js/spans.js";
import { timecode } from "/static/loop/js/rail.js";
import { mount } from "/static/loop/js/player.js";
Object.assign(window, { spans, timecode });
window.leave = mount(document.getElementById("stage"));
document.getElementById("stage").focus();
"""


# Reads the number out of the picture, and what the player says it is.
READ: Final = """
window.canvas = Object.assign(document.createElement("canvas"), { width: 320, height: 180 });
window.pen = canvas.getContext("2d", { willReadFrequently: true });
window.video = document.querySelector("video");
window.root = document.querySelector("[data-player]");
window.strip = (picture = video) => {
  pen.drawImage(picture, 0, 0, 320, 180);
  const { data } = pen.getImageData(0, 10, 320, 1);
  return [...Array(16).keys()].reduce((found, bit) => found * 2 + (data[(bit * 20 + 10) * 4] > 127 ? 1 : 0), 0);
};
window.says = () => Number(root.querySelector("[data-frame]").textContent);
window.painted = () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
window.settled = async () => {
  const jumped = document.getElementById("stage").timecode.jump(says());
  await Promise.race([jumped, new Promise((done) => setTimeout(done, 5000))]);
  await painted();
  return [says(), strip()];
};
"""
SEEK: Final = """async (targets) => {
  const wrong = [];
  for (const frame of targets) {
    await document.getElementById("stage").timecode.jump(frame);
    await painted();
    if (says() !== frame || strip() !== frame || root.dataset.exact !== "true") wrong.push([frame, says(), strip()]);
  }
  return wrong;
}"""
# Each picture with its own time: the compositor may show the next one before a script has heard of this one.
PLAY: Final = """(wanted) => new Promise((done) => {
  const [wrong, seen] = [[], []];
  const { rateNum, rateDen } = root.dataset;
  const number = (time) => Math.round(time * rateNum / rateDen);
  let heard = 0;
  const look = (_, { mediaTime }) => {
    const picture = new VideoFrame(video);
    const shown = strip(picture);
    const at = number(picture.timestamp / 1e6);
    picture.close();
    seen.push(shown);
    if (at === number(mediaTime)) heard += 1;
    if (shown !== at || says() !== number(mediaTime)) wrong.push([shown, at, says(), number(mediaTime)]);
    if (seen.length < wanted && !video.ended) return video.requestVideoFrameCallback(look);
    done({ wrong, seen, heard });
  };
  video.requestVideoFrameCallback(look);
  document.querySelector("[data-action='transport.play']").click();
})"""
FRAMES: Final = 150
CODECS: Final[dict[str, dict[str, Any]]] = {
    "h264 with b-frames": {"codec": "h264", "gop": 48, "b_frames": 3, "suffix": ".mp4"},
    "h264 intra": {"codec": "h264", "gop": 1, "suffix": ".mp4"},
    "vp9": {"codec": "vp9", "gop": 48, "suffix": ".webm"},
}


@dataclass
class Bench:
    """`address`; `pages` by name; `media` is the folder that /media/ serves; `broken` status by file name."""

    address: str
    media: Path
    pages: dict[str, str] = field(default_factory=dict)
    broken: dict[str, int] = field(default_factory=dict)
    asked: list[tuple[str, str]] = field(default_factory=list)  # (file, the Range that was asked for)

    def lay(self, name: str, file: Path | str, *, rate: Fraction, frames: int | None, **more: Any) -> str:
        """Puts a page for a file in its place and answers with its address."""
        source = file if isinstance(file, str) else f"/media/{file.name}"
        card = {
            "state": "ready", "medium": "video", "src": source, "mime": "video/mp4", "poster": "", "peaks": "",
            "rate": f"{rate.numerator}/{rate.denominator}", "rate_num": rate.numerator, "rate_den": rate.denominator,
            "frames": frames, "start_frame": 0, "drop": False, "width": 320, "height": 180, "sha256": SHA,
            "variable": False, "sound": False,
        } | more  # fmt: skip
        self.pages[name] = page(name, card)
        return f"{self.address}/{name}"


def page(uid: str, card: Mapping[str, Any]) -> str:
    """The HTML of the bench for a medium as `media_card` describes it."""
    context = {
        "item": {"media": card, "medium": card["medium"], "name": uid, "content": None},
        "production": Production(rate_num=24, rate_den=1),
        "keymap": keymap(),
    }
    stage = render_to_string(f"editor/_stage_{card['medium']}.html", context)
    return PAGE % {"keymap": json.dumps(keymap()), "uid": uid, "medium": card["medium"], "stage": stage}


@contextmanager
def serve(media: Path) -> Iterator[Bench]:
    """A bench on a free port, over the files of `media`."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    bench = Bench(address=f"http://127.0.0.1:{server.server_address[1]}", media=media)
    server.bench = bench  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield bench
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def sitting(browser: Browser, media: Path) -> Iterator[tuple[Bench, Callable[..., Page]]]:
    """A bench, and `lay("name", file, rate=..., frames=...)`: the page of a medium, ready for a key.

    An error of a script fails the test.
    """
    wrong: list[str] = []
    with serve(media) as bench:

        def lay(name: str, file: Path | str, **card: Any) -> Page:
            page = browser.new_page(viewport={"width": 1280, "height": 720})
            page.set_default_timeout(10_000)
            page.on("pageerror", lambda error: wrong.append(str(error)))
            page.goto(bench.lay(name, file, **card))
            page.locator("[data-player][data-ready]").wait_for()
            if card.get("medium", "video") == "video":
                page.evaluate(READ)
            return page

        yield bench, lay
    assert not wrong, "\n".join(wrong)


def film(media: Path, rate: Fraction, kind: str = "h264 intra", *, frames: int = FRAMES) -> Path:
    """A clip with its numbers, made once a folder."""
    options = dict(CODECS[kind])
    suffix = options.pop("suffix")
    path = media / f"{kind}-{rate.numerator}-{rate.denominator}-{frames}{suffix}".replace(" ", "_")
    return path if path.exists() else make_clip(path, rate=rate, frames=frames, **options)


def shown(page: Page) -> int:
    """The frame that the player says and the picture shows, which are one."""
    said, seen = page.evaluate("settled()")
    assert said == seen
    assert isinstance(said, int)
    return said


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        bench: Bench = self.server.bench  # type: ignore[attr-defined]
        path = self.path.partition("?")[0]
        name = path.rpartition("/")[2]
        if name in bench.pages:
            self._send(200, bench.pages[name].encode(), "text/html; charset=utf-8")
        elif path == "/bench.js":
            self._send(200, SCRIPT.encode(), "text/javascript")
        elif path.startswith("/static/") and (found := ROOT / "loop" / path.lstrip("/")).is_file():
            self._send(200, found.read_bytes(), MIMES.get(found.suffix, "application/octet-stream"))
        elif path.startswith("/media/"):
            self._media(bench, name)
        else:
            self._send(404, b"", "text/plain")

    def _media(self, bench: Bench, name: str) -> None:
        asked = self.headers.get("Range", "")
        bench.asked.append((name, asked))
        found = bench.media / name
        if name in bench.broken or not found.is_file():
            self._send(bench.broken.get(name, 404), b"", "text/plain")
            return
        data = found.read_bytes()
        kind = MIMES.get(found.suffix, "application/octet-stream")
        span = re.fullmatch(r"bytes=(\d+)-(\d*)", asked)
        if span is None:
            self._send(200, data, kind, {"Accept-Ranges": "bytes"})
            return
        first = int(span[1])
        last = min(len(data) - 1, int(span[2] or len(data) - 1))
        more = {"Content-Range": f"bytes {first}-{last}/{len(data)}", "Accept-Ranges": "bytes"}
        self._send(206, data[first : last + 1], kind, more)

    def _send(self, status: int, body: bytes, kind: str, more: Mapping[str, str] | None = None) -> None:
        self.send_response(status)
        cache = "private" if status < HTTPStatus.BAD_REQUEST else "no-store"
        headers = {"Content-Type": kind, "Content-Length": str(len(body)), "ETag": '"1"', "Cache-Control": cache}
        for key, value in (headers | dict(more or {})).items():
            self.send_header(key, value)
        self.end_headers()
        try:
            self.wfile.write(body)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True

    def log_message(self, *_: object) -> None:
        """Silent."""
