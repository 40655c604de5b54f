"""The two addresses of a release that need no account: who knows one may use it, and nobody can guess one.

| address | may | who is given it |
|---|---|---|
| of its recall feed | read which rows were recalled | stands in the release's own manifest |
| of its answers | say what was done about its recalls | the recipient's contact, by the consent officer |

They are two because the folder passes through the hands of the house's own data team, and whoever answers a recall lets
the recipient's next export through. Nothing is stored: the secret is an HMAC of the release's id under the release key.
"""

import hmac
from uuid import UUID

from django.conf import settings

from loop.export.keys import release_key

FEED, ANSWERS = "feed", "answers"
PREFIX = {FEED: "/api/v1/feeds/", ANSWERS: "/api/v1/recall-answers/"}
SECRET_BYTES = 20


def path_to(what: str, uid: UUID) -> str:
    """The path of the address of a release: it begins at the site's root."""
    return f"{PREFIX[what]}{uid}/{_secret(what, uid)}/"


def address_of(what: str, uid: UUID) -> str:
    """The whole address where the site has a public one (CIRCLED_PUBLIC_URL), else the path."""
    return f"{settings.PUBLIC_URL}{path_to(what, uid)}"


def opens(what: str, uid: UUID, secret: str) -> bool:
    """Whether `secret` is that of the release's address; in the same time for every wrong one."""
    return hmac.compare_digest(_secret(what, uid), secret)


def _secret(what: str, uid: UUID) -> str:
    return hmac.digest(release_key(), f"address\n{what}\n{uid}".encode(), "sha256")[:SECRET_BYTES].hex()
