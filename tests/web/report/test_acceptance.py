"""The table that goes back to research: its numbers, by hand, on the page and as CSV."""

import csv
import io

from tests.web.conftest import Desks


def table(desks: Desks, by: str) -> dict[str, dict[str, str]]:
    answer = desks["editor"].get(desks.address(f"research/{by}.csv"))
    assert answer.status_code == 200
    return {row[by]: row for row in csv.DictReader(io.StringIO(answer.content.decode()))}


def test_it_counts_the_newest_live_verdict_of_each_suggestion(desks: Desks) -> None:
    found = table(desks, "stage")["development"]
    # s0 accept, s1 s2 reject, s3 s4 revise, s5 reject (the later of two at one time), s8 accept; s6 skipped, s7 open.
    assert (found["suggestions"], found["judged"]) == ("9", "7")
    assert (found["accepted"], found["revised"], found["rejected"]) == ("2", "2", "3")
    assert found["acceptance"] == "0.285714"
    assert found["cost_usd"] == "0.027900"
    assert found["cost_per_accepted_usd"] == "0.013950"
    assert found["latency_ms_p50_accepted"] == "800"


def test_it_splits_by_model_and_by_reason(desks: Desks) -> None:
    models = table(desks, "model")
    assert sum(int(row["judged"]) for row in models.values()) == 7
    assert table(desks, "reason")["continuity.prop"]["rejected"] == "1"


def test_it_is_for_everybody_on_the_production(desks: Desks) -> None:
    page = desks["auditor"].get(desks.address("research/")).content.decode()
    assert "29 %" in page
    assert desks["stranger"].get(desks.address("research/")).status_code == 404
    assert desks["editor"].get(desks.address("research/colour.csv")).status_code == 404
