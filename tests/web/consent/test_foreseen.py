"""The page of a withdrawal says on demand what else would follow."""

from loop.consent.models import Authorisation
from tests.web.conftest import Desks


def test_it_says_what_else_would_follow_when_asked(desks: Desks) -> None:
    desks.release()
    record = Authorisation.objects.get(party__external_id="editor-1")
    address = desks.address(f"authorisations/{record.uid}/withdraw/")
    assert "Exports to come" not in desks["consent_officer"].get(address).content.decode()
    page = desks["consent_officer"].get(address, {"foresee": "1"}).content.decode()
    assert "Exports to come" in page
    assert "vendor/model@1" in page
    assert "none that a recipient has told of" in page
    assert not record.events.filter(state="ConsentWithdrawn").exists()
    assert desks["data"].get(address, {"foresee": "1"}).status_code in {403, 404}
