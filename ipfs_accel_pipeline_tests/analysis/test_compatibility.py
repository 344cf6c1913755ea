from datetime import UTC, datetime, timedelta

import pytest

from ipfs_accel_pipeline.analysis.compatibility import Evidence, compatibility_rows

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def evidence(**changes):
    fields = {
        "model_id": "bert",
        "hardware_id": "cpu",
        "endpoint_type": "pytorch",
        "precision": "fp32",
        "status": "passed",
        "error_message": None,
        "timestamp": NOON,
        "provenance": "measured",
    }
    return Evidence(**{**fields, **changes})


def test_a_model_whose_cases_all_passed_is_compatible():
    later = NOON + timedelta(days=1)
    (row,) = compatibility_rows([evidence(), evidence(precision="int8", timestamp=later)])
    assert (row.compatibility_status, row.compatibility_score, row.reason) == ("compatible", 1.0, None)
    assert row.last_tested == later


def test_a_model_with_some_failures_is_partial_and_says_which():
    failure = evidence(precision="fp16", status="unsupported", error_message="no fp16 on this device\nmore")
    (row,) = compatibility_rows([evidence(), evidence(precision="bf16"), evidence(precision="int8"), failure])
    assert (row.compatibility_status, row.compatibility_score) == ("partial", 0.75)
    assert row.reason == "1 of 4 cases failed; pytorch: unsupported: no fp16 on this device"


@pytest.mark.parametrize("status", ["failed", "error", "crashed", "timeout", "out_of_memory", "unsupported"])
def test_a_model_that_never_passed_is_incompatible(status):
    (row,) = compatibility_rows([evidence(status=status, error_message="why")])
    assert (row.compatibility_status, row.compatibility_score) == ("incompatible", 0.0)
    assert status in row.reason


def test_the_most_frequent_failure_is_the_reason():
    rows = [evidence(status="error", error_message=message) for message in ("rare", "often", "often")]
    assert "often" in compatibility_rows(rows)[0].reason


def test_skipped_and_imported_tests_are_no_evidence():
    assert compatibility_rows([evidence(status="skipped"), evidence(provenance="imported")]) == []


def test_every_pair_has_its_own_row_with_a_stable_id():
    tests = [evidence(), evidence(hardware_id="cuda"), evidence(model_id="gpt2")]
    first, again = compatibility_rows(tests), compatibility_rows(reversed(tests))
    assert first == again
    assert len({row.id for row in first}) == 3


def test_nothing_is_recommended_before_recommendations_exist():
    assert compatibility_rows([evidence()])[0].recommended is None
