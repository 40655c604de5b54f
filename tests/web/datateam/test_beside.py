"""The data team asks for copies and media beside the Parquet, and finds them on the release's page."""

import hashlib
import io
from uuid import uuid4

from loop.export.models import Export
from loop.kernel.actor import SYSTEM
from loop.kernel.clock import now
from loop.media.attach import attach
from tests.export.test_formats import picture, take
from tests.web.conftest import Desks
from tests.web.datateam.test_exports import ORDER


def test_it_orders_formats_and_shows_them_with_the_order(desks: Desks) -> None:
    order = ORDER | {"formats": ["jsonl", "csv"], "key": str(uuid4())}
    assert desks["data"].post(desks.address("exports/new/"), order).status_code == 302
    assert Export.objects.get().recipe["formats"] == ["csv", "jsonl"]
    page = desks["data"].get(desks.address("exports/1/")).content.decode()
    assert "<dt>Beside the Parquet</dt><dd>csv, jsonl</dd>" in page


def test_media_of_a_profile_without_any_is_refused_at_its_field(desks: Desks) -> None:
    order = ORDER | {"profile": "preference", "formats": ["media"], "key": str(uuid4())}
    answer = desks["data"].post(desks.address("exports/new/"), order)
    assert answer.status_code == 422
    assert "expected media for a profile whose rows name media" in answer.content.decode()
    assert not Export.objects.exists()


def test_media_are_listed_for_whoever_asks(desks: Desks) -> None:
    """They may be thousands; the page is about the release."""
    show, raw = desks.stage, picture(1)
    show.brings_in([take(40, raw)])
    digest = hashlib.sha256(raw).hexdigest()
    attach(production=show.production, sha256=digest, source=io.BytesIO(raw), actor=SYSTEM, at=now())
    show.authorises()
    export, _ = show.releases("signals", formats=["media"])
    address = desks.address(f"exports/{export.number}/")
    page = desks["data"].get(address).content.decode()
    assert f"media/{digest}.png" not in page
    assert "And 3 below <code>media/</code>." in page
    page = desks["data"].get(f"{address}?media=all").content.decode()
    assert f"media/{digest}.png" in page
