from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from ipfs_accel_pipeline.dashboard import charts
from ipfs_accel_pipeline.dashboard.charts import trend
from ipfs_accel_pipeline.dashboard.screens.fields import on_front
from ipfs_accel_pipeline.dashboard.screens.screen import METRICS
from ipfs_accel_pipeline_tests import fakes

LATENCY, MEMORY, THROUGHPUT = METRICS["latency"], METRICS["memory"], METRICS["throughput"]


def row(latency: float = 1.0, memory: float = 1.0, **changes: Any) -> dict[str, Any]:
    return {
        "model_id": "bert", "hardware_id": "cpu", "hardware_type": "CPU", "endpoint_type": "pytorch",
        "precision": "fp32", "batch_size": 1, "sequence_length": 128, "provenance": "measured",
        "acceleration": "hardware", "not_ranked_reason": None, "test_id": "t", "result_test_id": "t",
        "p50_latency_ms": latency, "ci95_low_ms": latency * 0.9, "ci95_high_ms": latency * 1.2,
        "memory_peak_mb": memory, "throughput_items_per_second": 1000 / latency,
    } | changes  # fmt: skip


def front(rows, *axes):
    return [one["is_on_front"] for one in on_front(rows, *axes)]


def test_on_the_front_is_what_nothing_beats_in_both():
    rows = [row(1, 9), row(5, 5), row(9, 1), row(6, 6), row(5, 7)]

    assert front(rows, LATENCY, MEMORY) == [True, True, True, False, False]


def test_equals_share_the_front_and_a_tie_in_one_quantity_does_not_save():
    assert front([row(1, 1), row(1, 1), row(1, 2), row(2, 1)], LATENCY, MEMORY) == [True, True, False, False]


def test_the_ticks_of_a_logarithmic_axis_have_their_whole_number():
    rows = on_front([row(1.4, 30), row(51, 120), row(9, 0)], LATENCY, MEMORY)

    layout = charts.pareto(rows, ("p50_latency_ms", "ms"), ("memory_peak_mb", "MiB"))["layout"]

    assert layout["xaxis"]["ticktext"] == ["1", "2", "5", "10", "20", "50"]
    assert layout["yaxis"]["ticktext"] == ["20", "50", "100"]


def test_more_throughput_is_better():
    rows = [row(1, 9), row(5, 5), row(9, 5)]

    assert front(rows, THROUGHPUT, MEMORY) == [True, True, False]


def test_error_bars_reach_to_the_ends_of_the_interval():
    (trace,) = charts.bars([row(10.0)], "p50_latency_ms", "ms", "hardware_id")["data"]

    assert trace["error_x"]["array"] == [pytest.approx(2.0)]
    assert trace["error_x"]["arrayminus"] == [pytest.approx(1.0)]


def test_the_name_of_a_bar_has_two_lines_and_leaves_a_narrow_screen_room_for_the_bar():
    axis = charts.bars([row()], "p50_latency_ms", "ms", "hardware_id")["layout"]["yaxis"]
    assert axis["ticktext"] == ["cpu · pytorch<br>fp32, batch 1, 128 tokens"]


def test_what_is_not_measured_on_silicon_is_hatched_grey_and_says_why():
    software = row(acceleration="software", not_ranked_reason="software acceleration")
    (trace,) = charts.bars([row(), software], "p50_latency_ms", "ms", "hardware_id")["data"]

    assert trace["marker"]["pattern"]["shape"] == ["", "/"]
    assert trace["marker"]["color"] == ["@series-1", "@neutral"]
    assert "not ranked: software acceleration" in trace["text"][1]


def test_what_is_not_ranked_is_not_drawn_over_batch_size():
    imported = row(batch_size=8, provenance="imported", not_ranked_reason="imported")

    (line,) = charts.over_batch([row(), row(batch_size=4), imported])["data"]

    assert line["x"] == [1, 4]


def test_an_unknown_number_is_a_hole_in_the_heatmap_and_no_zero():
    rows = [row(1.0), row(10.0, model_id="vit"), row(100.0, hardware_id="gpu")]

    (trace,) = charts.heatmap(rows, "p50_latency_ms", "ms")["data"]

    assert trace["z"] == [[1.0, None], [0.0, 2.0]]
    assert trace["text"] == [["10", ""], ["1", "100"]]


def test_what_is_never_ranked_has_a_star_in_the_heatmap_and_says_why():
    rows = [row(1.0), row(10.0, hardware_id="old", provenance="imported", not_ranked_reason="imported")]

    (trace,) = charts.heatmap(rows, "p50_latency_ms", "ms")["data"]

    assert trace["text"] == [["1", "10*"]]
    assert "not ranked: imported" in trace["hovertext"][0][1]


def test_what_is_never_ranked_is_grey_in_space_whatever_its_hardware():
    rows = [row(), row(provenance="imported", not_ranked_reason="imported")]

    real, grey = charts.scatter3d(
        rows, [("p50_latency_ms", "ms"), ("memory_peak_mb", "MiB"), ("throughput_items_per_second", "items/s")]
    )["data"]

    assert (real["name"], len(real["x"])) == ("CPU", 1)
    assert (grey["name"], len(grey["x"]), grey["marker"]["color"]) == ("never ranked", 1, "@neutral")


def test_a_colour_scale_has_two_numbers_at_least():
    rows = [row(13.3 + number, model_id=f"m{number}") for number in range(20)]

    (trace,) = charts.heatmap(rows, "p50_latency_ms", "ms")["data"]

    assert trace["colorbar"]["ticktext"] == ["13.3", "32.3"]


def point(day: int, version: str = "1", noisy: bool = False, weights: str | None = "abc") -> dict[str, Any]:
    return {
        "tested_at": fakes.NOON.replace(day=day), "p50_latency_ms": 1.0, "ci95_low_ms": 0.9, "ci95_high_ms": 1.1,
        "is_noisy": noisy, "backend": "pytorch", "backend_version": version, "test_id": str(day),
        "weights_digest": weights,
    }  # fmt: skip


def test_a_trend_marks_new_versions_noise_and_change_points():
    changes = [fakes.change_row(changed_at=fakes.NOON.replace(day=day)) for day in (2, 3, 3)]
    drawn = trend([point(1), point(2, noisy=True), point(3, "2")], "p50_latency_ms", "ms", changes)

    # What begins at the same point is one label: two would be written over each other.
    assert [note["text"] for note in drawn["layout"]["annotations"]] == ["regression", "regression, pytorch 2"]
    assert len(drawn["layout"]["shapes"]) == 4
    assert drawn["data"][0]["marker"]["symbol"] == ["circle", "circle-open", "circle"]


def test_a_trend_of_one_result_shows_the_day_around_it_and_no_milliseconds():
    (begin, end) = trend([point(2)], "p50_latency_ms", "ms")["layout"]["xaxis"]["range"]
    assert datetime.fromisoformat(end) - datetime.fromisoformat(begin) == timedelta(days=1)
    assert "range" not in trend([point(2), point(3)], "p50_latency_ms", "ms")["layout"]["xaxis"]


def test_other_weights_are_a_mark_where_they_follow_and_a_line_where_they_take_turns():
    follow = [point(day, weights="old" if day < 4 else "new") for day in range(1, 8)]
    (line,) = (drawn := trend(follow, "p50_latency_ms", "ms"))["data"]
    assert [note["text"] for note in drawn["layout"]["annotations"]] == ["weights new"]
    assert len(line["x"]) == 7

    turns = [point(day, weights="even" if day % 2 == 0 else "odd") for day in range(1, 8)]
    odd, even = (drawn := trend(turns, "p50_latency_ms", "ms"))["data"]
    assert [(one["name"], len(one["x"])) for one in (odd, even)] == [("weights odd", 4), ("weights even", 3)]
    assert odd["marker"]["symbol"] != even["marker"]["symbol"]
    assert drawn["layout"]["annotations"] == []
    assert drawn["layout"]["showlegend"]


def test_a_name_cannot_bring_markup_into_a_chart():
    assert charts.short("<b>bold</b> & more") == "&lt;b&gt;bold&lt;/b&gt; &amp; more"
    assert len(charts.short("x" * 500)) <= 28


def test_names_that_fall_together_stay_two_columns():
    names = [f"a-name-that-is-long-in-the-middle-{number}-and-has-the-same-ending" for number in range(2)]

    (trace,) = charts.heatmap([row(hardware_id=name) for name in names], "p50_latency_ms", "ms")["data"]

    assert len(set(trace["x"])) == 2
