from __future__ import annotations

from ipfs_accel_pipeline.benchmark.protocol import PROFILES
from ipfs_accel_pipeline.reports.method import method_notes


def test_the_method_quotes_the_figures_of_the_protocol():
    notes = {note.term: note.text for note in method_notes()}
    standard = PROFILES["standard"]

    assert f"{standard.rounds} rounds" in notes["Profile standard"]
    assert f"at least {standard.min_iterations} timed iterations" in notes["Profile standard"]
    assert notes["Profile smoke"].startswith("1 round;")
    assert notes["Profile standard"].endswith(f"; {standard.new_tokens} new tokens in each text.")


def test_the_method_explains_what_a_reader_could_misread():
    assert {
        "Ranking",
        "Recommendations",
        "Interval and ties",
        "Random weights",
        "Slow phases of the host",
        "Parity gate",
        "Timed elsewhere",
        "Text generation",
    } <= {n.term for n in method_notes()}
