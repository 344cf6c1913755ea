"""A few results in, all compared cases out."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import count
from typing import Any

import pytest

from ipfs_accel_pipeline.records import PerformanceResult, TestResult
from ipfs_accel_pipeline.storage.compared import compared_cases
from ipfs_accel_pipeline.storage.database import open_database
from ipfs_accel_pipeline.storage.prepared import PreparedSnapshot
from ipfs_accel_pipeline.storage.snapshot import publish_snapshot
from ipfs_accel_pipeline.storage.writing import write_rows
from ipfs_accel_pipeline_tests import fakes
from ipfs_accel_pipeline_tests.reports import example

Result = tuple[TestResult, PerformanceResult]
NUMBERS = count()
A, B = {"run_id": "run-a"}, {"run_id": "run-b"}
HARDWARE = [
    fakes.hardware_row(),
    fakes.hardware_row(hardware_id="gpu"),
    fakes.hardware_row(hardware_id="imitation", acceleration="software"),
]
MODELS = [fakes.model_row(model_id=name, model_family=f"family of {name}") for name in ("vit", "t5", "bert")]


def result(p50: float = 10.0, weights_digest: str = "0", backend_version: str = "1.0", **case: Any) -> Result:
    """One passed test with its numbers, newer than the one before; the interval is 1 % to either side."""
    number = next(NUMBERS)
    newer = {"timestamp": fakes.NOON + timedelta(seconds=number)}
    test, numbers = example.passed(number, p50, **({"model_id": "bert", "spread": 0.01} | newer | case))
    return replace(test, details={"weights_digest": weights_digest}, backend_version=backend_version), numbers


def without_median(one: Result) -> Result:
    test, numbers = one
    return test, replace(numbers, p50_latency_ms=None, ci95_low_ms=None, ci95_high_ms=None)


@pytest.fixture
def compared(connection):
    """The cases of run-a and run-b, once these results are stored."""

    def of(*results: Result, **filters: list[Any]) -> list[dict[str, Any]]:
        store(connection, *results)
        return compared_cases(connection, "run", "run-a", "run-b", filters)

    return of


def store(connection: Any, *results: Result) -> None:
    write_rows(connection, "hardware_platforms", HARDWARE)
    write_rows(connection, "models", MODELS)
    write_rows(connection, "test_results", [test for test, _ in results])
    write_rows(connection, "performance_results", [numbers for _, numbers in results])


def told(rows: list[dict[str, Any]]) -> list[tuple[str, float | None]]:
    return [(row["verdict"], row["p50_ratio"]) for row in rows]


@pytest.mark.parametrize(
    ("b_ms", "verdict", "ratio"),
    [(12.0, "b slower", 1.2), (8.0, "b faster", 0.8), (10.15, "tied", 1.015)],
)
def test_a_change_is_told_beyond_both_intervals_and_is_a_tie_within(compared, b_ms, verdict, ratio):
    assert told(compared(result(10.0, **A), result(b_ms, **B))) == [(verdict, pytest.approx(ratio))]


@pytest.mark.parametrize(
    ("case", "of_b", "reason"),
    [
        ({"provenance": "imported"}, {}, "imported results are not compared"),
        ({}, {"environment": {"threads": 1}}, "different threads"),
        ({}, {"weights_digest": "1"}, "different weights"),
    ],
)
def test_what_is_not_the_same_kind_of_number_gets_no_ratio(compared, case, of_b, reason):
    (one,) = compared(result(10.0, **A, **case), result(5.0, **B, **case, **of_b))

    assert (one["verdict"], one["p50_ratio"], one["reason"]) == ("not compared", None, reason)


@pytest.mark.parametrize(("a_ms", "b_ms", "disturbed"), [(10.0, 40.0, "B"), (40.0, 10.0, "A")])
def test_what_was_slower_on_a_host_that_was_slow_all_the_time_gets_no_ratio(compared, a_ms, b_ms, disturbed):
    slow_rounds = {side: 3 * (side == disturbed) for side in "AB"}
    (one,) = compared(
        result(a_ms, **A, rounds=3, slow_rounds=slow_rounds["A"]),
        result(b_ms, **B, rounds=3, slow_rounds=slow_rounds["B"]),
    )

    assert (one["verdict"], one["p50_ratio"]) == ("not compared", None)
    assert one["reason"] == f"every round of {disturbed} fell into a slow phase of its host"


def test_what_was_faster_though_its_host_was_slow_is_faster(compared):
    assert told(compared(result(10.0, **A), result(5.0, **B, rounds=3, slow_rounds=3))) == [("b faster", 0.5)]


def test_a_case_of_one_side_only_is_listed_and_one_without_a_median_is_not(compared):
    found = compared(
        result(**A), without_median(result(**A, model_id="vit", provenance="imported")), result(**B, model_id="t5")
    )

    assert [(row["verdict"], bool(row["a"]), bool(row["b"])) for row in found] == [
        ("only a", True, False),
        ("only b", False, True),
    ]
    assert found[0]["verdicts"] == {"only a": 1, "only b": 1}


def test_of_a_case_that_a_run_measured_twice_the_newest_counts(compared):
    assert told(compared(result(10.0, **A), result(30.0, **B), result(12.0, **B))) == [("b slower", pytest.approx(1.2))]


def test_the_largest_change_comes_first_whichever_way_it_goes(compared):
    sizes = {1: 11.0, 2: 30.0, 4: 5.0, 8: 10.0}
    rows = [result(10.0, **A, batch_size=size) for size in sizes]
    rows += [result(p50, **B, batch_size=size) for size, p50 in sizes.items()]
    found = compared(*rows)

    assert [(row["number"], row["a"]["batch_size"]) for row in found] == [(0, 2), (1, 1), (2, 4), (3, 8)]


def test_only_so_many_cases_are_given_and_the_one_that_is_asked_for(connection):
    sizes = range(1, 7)
    store(connection, *[result(10.0 + size, **side, batch_size=size) for size in sizes for side in (A, B)])

    found = compared_cases(connection, "run", "run-a", "run-b", {}, count=2, number=4)

    assert [row["number"] for row in found] == [0, 1, 4]
    assert found[0]["verdicts"] == {"tied": 6}


@pytest.mark.parametrize(
    "filters",
    [{"models": ["vit"]}, {"families": ["family of vit"]}, {"hardware": ["gpu"]}, {"precisions": ["int8"]},
     {"batch_sizes": [8]}],
    ids=lambda filters: next(iter(filters)),
)  # fmt: skip
def test_only_what_meets_the_filters_is_compared(compared, filters):
    other = {"model_id": "vit", "hardware_id": "gpu", "precision": "int8", "batch_size": 8}
    found = compared(result(**A), result(**B), result(20.0, **A, **other), result(20.0, **B, **other), **filters)

    assert [row["b"]["p50_latency_ms"] for row in found] == [20.0]


def test_two_versions_of_a_runtime_are_compared_in_all_runs(connection):
    old, new = {"backend_version": "1.0 beta"}, {"backend_version": "1.1"}
    store(connection, result(10.0, **A, **old), result(20.0, **B, **new), result(99.0, **B, backend_version="1.0"))

    found = compared_cases(connection, "version", "pytorch 1.0 beta", "pytorch 1.1", {})

    assert told(found) == [("b slower", pytest.approx(2.0))]


def test_an_endpoint_that_no_longer_passes_does_not_stand_for_its_platform(tmp_path, database):
    broken = fakes.failed_test_row(
        id="broken", model_id="bert", endpoint_type="openvino", timestamp=fakes.NOON + timedelta(days=1)
    )
    with open_database(database) as connection:
        store(connection, result(5.0, endpoint_type="openvino"), result(10.0), result(8.0, hardware_id="gpu"))
        write_rows(connection, "test_results", [broken])
    publish_snapshot(database, tmp_path / "snapshot.duckdb")
    with PreparedSnapshot(tmp_path / "snapshot.duckdb").reading() as reader:
        (one,) = compared_cases(reader, "platform", fakes.HARDWARE_ID, "gpu", {})

    assert (one["a"]["p50_latency_ms"], one["verdict"]) == (10.0, "b faster")


def test_of_two_platforms_the_fastest_endpoints_are_compared_but_not_with_an_imitation(tmp_path, database):
    places = ({}, {"endpoint_type": "onnxruntime"}, {"hardware_id": "gpu"}, {"hardware_id": "imitation"})
    with open_database(database) as connection:
        store(connection, *[result(p50, **place) for p50, place in zip((10.0, 6.0, 7.0, 3.0), places, strict=True)])
    snapshot = PreparedSnapshot(publish_snapshot(database, tmp_path / "snapshot.duckdb"))
    with snapshot.reading() as reader:
        real = compared_cases(reader, "platform", fakes.HARDWARE_ID, "gpu", {})
        imitated = compared_cases(reader, "platform", fakes.HARDWARE_ID, "imitation", {})

    assert told(real) == [("b slower", pytest.approx(7 / 6))]
    assert real[0]["a"]["endpoint_type"] == "onnxruntime"
    assert [(row["verdict"], row["reason"]) for row in imitated] == [("not compared", "different acceleration")]
