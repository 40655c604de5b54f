"""How documents that travel name the house and an order: by names that need no lookup and differ for no equal order."""

from django.conf import settings

from loop.audit.keys import origin
from loop.export.models import Export


def house() -> str:
    """The house's name, as in its log: the host part of CIRCLED_LOG_ORIGIN."""
    return origin().partition("/")[0]


def home_page() -> str:
    """Where the house can be reached: its public address, else one made of its name, which need not answer."""
    return str(settings.PUBLIC_URL) or f"https://{house()}"


def order_uri(export: Export) -> str:
    """A URI that names the order and promises no page (RFC 4151). Equal orders have equal ones."""
    return f"tag:{house()},{export.gate_date.isoformat()}:order:{bytes(export.order_digest).hex()}"


def title(export: Export) -> str:
    """What the dataset is called."""
    return f"{export.production.code}: {export.profile}"
