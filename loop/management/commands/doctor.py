"""`doctor`: says what is wrong with this installation, and what to do."""

import sys
from typing import Any

from django.core.management.base import BaseCommand

from studio import doctor


class Command(BaseCommand):
    help = "Examines database, roles, migrations, broker, workers, disk, keys and clock. Exit code 1 on a failure."
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:
        styles = {doctor.OK: self.style.SUCCESS, doctor.WARN: self.style.WARNING, doctor.FAIL: self.style.ERROR}
        failed = 0
        for finding in doctor.examine():
            failed += finding.level == doctor.FAIL
            self.stdout.write(f"{styles[finding.level](f'{finding.level:<4}')}  {finding.subject:<10}  {finding.found}")
            if finding.advice:
                self.stdout.write(f"{'':18}-> {finding.advice}")
        if failed:
            self.stderr.write(self.style.ERROR(f"{failed} to mend."))
            sys.exit(1)
