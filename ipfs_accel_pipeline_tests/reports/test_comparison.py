from __future__ import annotations

from typing import Any

import pytest

from ipfs_accel_pipeline.reports.comparison import SAME_WORK, pair


def row(p50: float | None = 10.0, half_width: float = 0.1, **changes: Any) -> dict[str, Any]:
    known = p50 is not None
    return {
        "model_id": "bert", "hardware_id": "cpu", "endpoint_type": "pytorch", "precision": "fp32", "batch_size": 1,
        "sequence_length": 128, "provenance": "measured", "acceleration": "hardware", "threads": "2",
        "weights_digest": "0", "p50_latency_ms": p50, "ci95_low_ms": p50 - half_width if known else None,
        "ci95_high_ms": p50 + half_width if known else None,
    } | changes  # fmt: skip


def verdict(a: dict[str, Any], b: dict[str, Any]) -> tuple[str, float | None]:
    (one,) = pair([a], [b])
    return one.verdict, one.p50_ratio


def test_a_change_beyond_both_intervals_is_told_with_its_ratio():
    assert verdict(row(10.0), row(12.0)) == ("b slower", pytest.approx(1.2))
    assert verdict(row(10.0), row(8.0)) == ("b faster", pytest.approx(0.8))


def test_overlapping_intervals_are_a_tie():
    assert verdict(row(10.0), row(10.15)) == ("tied", pytest.approx(1.015))


@pytest.mark.parametrize(
    "changes",
    [{"provenance": "imported"}, {"acceleration": "software"}, {"threads": "1"}, {"weights_digest": "1"}],
    ids=lambda changes: next(iter(changes)),
)
def test_what_is_not_the_same_kind_of_number_gets_no_ratio(changes):
    (one,) = pair([row(10.0)], [row(5.0, **changes)], ("model_id",))

    assert (one.verdict, one.p50_ratio) == ("not compared", None)
    assert one.reason


def test_a_case_of_one_side_only_is_listed_and_one_without_a_median_is_not():
    found = pair([row(), row(None, model_id="vit")], [row(model_id="t5")])

    assert [(one.key[0], one.verdict) for one in found] == [("bert", "only a"), ("t5", "only b")]


def test_of_two_platforms_the_fastest_endpoints_are_compared():
    a = [row(10.0), row(6.0, endpoint_type="onnxruntime")]
    (one,) = pair(a, [row(7.0, hardware_id="gpu")], SAME_WORK)

    assert one.a is a[1]
    assert one.p50_ratio == pytest.approx(7 / 6)


def test_the_largest_change_comes_first_whichever_way_it_goes():
    a = [row(model_id=name) for name in "wxyz"]
    b = [row(11.0, model_id="w"), row(30.0, model_id="x"), row(5.0, model_id="y"), row(10.0, model_id="z")]

    assert [one.key[0] for one in pair(a, b)] == ["x", "w", "y", "z"]
