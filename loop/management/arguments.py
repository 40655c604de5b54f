"""Values that several commands read from their arguments, each refused with the name of its argument."""

from datetime import date
from pathlib import Path

from django.core.management.base import CommandError

from loop.consent.models import Authorisation, Recipient
from loop.export.models import Export
from loop.kernel.ids import uid_of
from loop.material.models import Production
from loop.people.models import Contributor


def a_date(argument: str, text: str) -> date:
    """The calendar date of `argument`, or CommandError: exit code 1, not the parser's 2."""
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise CommandError(f"{argument}: expected a date like 2026-11-20, found {text!r}.") from error


def words(text: str) -> list[str]:
    """Values separated by commas; blanks around them do not count."""
    return [word.strip() for word in text.split(",") if word.strip()]


def a_file(text: str) -> Path:
    """A path; whether it can be read is the verb's to say."""
    return Path(text).expanduser()


def party_named(text: str, production: Production) -> Contributor:
    """The contributor known to the production by that id, or by its uid. CommandError names some who are."""
    uid = uid_of(text)
    found = (
        Contributor.objects.filter(uid=uid)
        if uid
        else Contributor.objects.filter(namespace=production.code, external_id=text)
    )
    party = found.first()
    if party is None:
        known = Contributor.objects.filter(namespace=production.code).order_by("external_id")
        names = ", ".join(known.values_list("external_id", flat=True)[:20]) or "none yet"
        raise CommandError(f"--party: {production.code} knows no {text!r}. It knows: {names}.")
    return party


def recipient_named(code: str) -> Recipient:
    """The recipient, or CommandError with those there are."""
    recipient = Recipient.objects.filter(code=code).first()
    if recipient is None:
        known = ", ".join(Recipient.objects.order_by("code").values_list("code", flat=True)[:20]) or "none yet"
        raise CommandError(
            f"--recipient: there is no {code!r}. Recipients: {known}. To add one: ./manage.py recipient add {code} ..."
        )
    return recipient


def authorisation_named(text: str, argument: str = "--authorisation") -> Authorisation:
    """The authorisation with that uid, or CommandError."""
    uid = uid_of(text)
    found = Authorisation.objects.select_related("party", "production").filter(uid=uid).first() if uid else None
    if found is None:
        raise CommandError(f"{argument}: there is no authorisation {text!r}.")
    return found


def release_named(text: str) -> Export:
    """The release with that uid, or named CODE/E-NUMBER; CommandError otherwise."""
    code, _, number = text.rpartition("/E-")
    uid = uid_of(text)
    found = Export.objects.select_related("production", "recipient", "replaces")
    if uid is not None:
        found = found.filter(uid=uid)
    else:
        found = found.filter(production__code=code, number=int(number) if number.isdecimal() else 0)
    export = found.first()
    if export is None:
        raise CommandError(f"There is no release {text!r}; expected its id, or CODE/E-NUMBER.")
    return export
