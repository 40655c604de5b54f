"""What axe-core finds wrong with a page by WCAG 2.2 at the levels A and AA."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from axe_playwright_python.base import AXE_FILE_PATH
from playwright.sync_api import Page

TAGS: Final = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa")
# What depends on size and colour; everything else is the same page in another window.
BY_SIZE: Final = ("color-contrast", "target-size", "scrollable-region-focusable")


def violations(page: Page, *, rules: Collection[str] = ()) -> list[str]:
    """One line a violation: the rule, where, and what axe says of it. [] is what every page should give.

    axe is handed to the page by the debugger, so the page's strict policy stays as it is. `rules`: only these.
    """
    if not page.evaluate("typeof axe === 'object'"):
        page.evaluate(AXE_FILE_PATH.read_text(encoding="utf-8"))
    only = {"type": "rule", "values": list(rules)} if rules else {"type": "tag", "values": list(TAGS)}
    options = {"runOnly": only, "resultTypes": ["violations"], "rules": {"target-size": {"enabled": True}}}
    found = page.evaluate("options => axe.run(document, options)", options)
    return [
        f"{each['id']}: {node['target'][0]}: {' '.join(str(node['failureSummary']).split())[:260]}"
        for each in found["violations"]
        for node in each["nodes"]
    ]
