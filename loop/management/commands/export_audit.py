"""`export_audit`: the log as a folder that outsiders check with circled_verify.py."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from loop.audit.bundle import write_bundle
from loop.audit.keys import load_or_create


class Command(BaseCommand):
    help = "Seals the audit log and writes it to a new folder, for outsiders to check with circled_verify.py."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", type=Path, metavar="DIR", help="a new or empty folder")

    def handle(self, *args: Any, **options: Any) -> None:
        """Writes the bundle and says how to check it."""
        try:
            checkpoint = write_bundle(options["folder"])
        except OSError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(
            f"{checkpoint.size} entries up to the checkpoint of {checkpoint.signed_at:%Y-%m-%d %H:%M} UTC\n"
            f"key {load_or_create().verifier}\n"
            f"check it anywhere with: python circled_verify.py audit {options['folder']} --key KEY"
        )
