"""Which hardware for a model. Every number is invented."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from ipfs_accel_pipeline.analysis.candidates import Limits, Run, Wish, groups
from ipfs_accel_pipeline.analysis.fleet import best_models, smallest_fleet
from ipfs_accel_pipeline.analysis.recommendation import judge
from ipfs_accel_pipeline_tests.fakes import MODEL_ID, NOON

NOW = NOON + timedelta(days=10)


def run(hardware="cpu-a", p50=10.0, day=0, **changes):
    row = Run(
        model_id=MODEL_ID,
        hardware_id=hardware,
        endpoint_type="pytorch",
        precision="fp32",
        batch_size=1,
        sequence_length=128,
        threads=2,
        weights="random",
        weights_digest="w",
        provenance="measured",
        acceleration="hardware",
        status="passed",
        error_message=None,
        timestamp=NOON + timedelta(days=day),
        p50_latency_ms=p50,
        p99_latency_ms=p50 * 1.5,
        throughput_items_per_second=1000 / p50,
        memory_peak_mb=100.0,
        ci95_low_ms=p50 * 0.99,
        ci95_high_ms=p50 * 1.01,
        parity_cosine=0.9999,
    )
    return replace(row, **changes)


def nights(hardware, p50, count=4, **changes):
    return [run(hardware, p50 * (1 + 0.01 * (day % 2)), day, **changes) for day in range(count)]


def verdicts(runs, wish=None):
    return {one.newest.hardware_id: one.verdict for one in judge(runs, wish or Wish(), NOW)}


def test_the_faster_one_is_recommended_with_its_evidence_and_the_next_best():
    first, second = judge(nights("cpu-a", 10.0) + nights("cpu-b", 20.0), Wish(), NOW)
    assert (first.newest.hardware_id, first.verdict, first.place) == ("cpu-a", "recommended", 1)
    assert first.probability_best > 0.99
    day = f"{NOON + timedelta(days=3):%Y-%m-%d}"
    assert first.reason == (
        f"median latency 10.05 ms (4 runs, newest of {day}); next best: cpu-b (pytorch, 2 threads) with "
        "median latency 20.1 ms"
    )
    assert (second.verdict, second.place) == ("dominated", 2)
    assert "at least as good in everything measured" in second.reason


def test_the_latency_that_is_told_is_the_usual_median_of_the_runs():
    (only,) = judge([run(p50=1.0), run(p50=2.0, day=1)], Wish(), NOW)
    assert "median latency 1.5 ms (2 runs" in only.reason


def test_a_run_whose_host_was_slow_all_the_time_counts_only_where_no_other_does():
    slow = run("cpu-a", 30.0, day=5, is_disturbed=True, host_slowdown=1.5)
    first, _ = judge([*nights("cpu-a", 10.0), slow, *nights("cpu-b", 20.0)], Wish(), NOW)
    assert (first.newest.hardware_id, first.verdict, len(first.runs)) == ("cpu-a", "recommended", 4)
    (only,) = judge([slow], Wish(), NOW)
    assert (
        f"1 run, newest of {(NOON + timedelta(days=5)):%Y-%m-%d}, every round in a slow phase of the host"
        in only.reason
    )


def test_a_disturbed_run_does_not_refresh_stale_evidence():
    recent = run("cpu-a", 30.0, day=5, is_disturbed=True, host_slowdown=1.5)
    (only,) = judge([run("cpu-a", 10.0, day=-100), recent], Wish(), NOW)
    assert (only.verdict, only.reason) == (
        "ruled_out",
        f"stale: last measured on {(NOON - timedelta(days=100)):%Y-%m-%d}, 90 days are allowed",
    )


@pytest.mark.parametrize(
    ("slowdown", "verdicts_then"),
    [
        (None, {"cpu-a": "recommended", "cpu-b": "dominated"}),
        (1.1, {"cpu-a": "recommended", "cpu-b": "behind"}),  # at most 1.95 times faster
        (1.9, {"cpu-a": "tie", "cpu-b": "tie"}),
    ],
)
def test_what_a_slow_host_may_hide_is_no_lead_of_the_other(slowdown, verdicts_then):
    assert (
        verdicts([run("cpu-a", 26.0), run("cpu-b", 60.0, is_disturbed=slowdown is not None, host_slowdown=slowdown)])
        == verdicts_then
    )


def test_a_lead_stands_though_its_own_host_was_slow():
    assert (
        verdicts([run("cpu-a", 26.0, is_disturbed=True, host_slowdown=1.9), run("cpu-b", 60.0)])["cpu-a"]
        == "recommended"
    )


def test_what_a_slow_host_may_hide_is_what_its_quietest_run_leaves():
    several = [
        run("cpu-b", 60.0, day, is_disturbed=slowdown is not None, host_slowdown=slowdown)
        for day, slowdown in enumerate((3.0, 1.1))
    ]
    assert verdicts([run("cpu-a", 26.0), *several])["cpu-a"] == "recommended"


def test_a_lead_that_chance_could_explain_is_a_tie():
    judged = judge([run("cpu-a", 10.0), run("cpu-b", 10.2)], Wish(), NOW)
    assert [one.verdict for one in judged] == ["tie", "tie"]
    assert "cannot be told apart from cpu-b" in judged[0].reason
    assert 0.5 < judged[0].probability_best < 0.95


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"provenance": "imported"}, "imported, not measured here"),
        ({"provenance": "emulated"}, "emulated, not measured here"),
        ({"acceleration": "software"}, "software acceleration"),
        ({"status": "crashed", "error_message": "signal 11\nmore"}, "its newest test ended: crashed: signal 11"),
        ({"timestamp": NOW - timedelta(days=91)}, f"stale: last measured on {NOW - timedelta(days=91):%Y-%m-%d}"),
        ({"weights_digest": "older", "timestamp": NOON - timedelta(days=1)}, "other weights"),
    ],
)
def test_what_is_no_evidence_is_ruled_out_with_its_reason_though_it_is_fastest(changes, says):
    best, ruled_out = judge([run("cpu-a", 10.0), run("cpu-b", 1.0, **changes)], Wish(), NOW)
    assert best.newest.hardware_id == "cpu-a"
    assert (ruled_out.verdict, ruled_out.place, ruled_out.probability_best) == ("ruled_out", None, None)
    assert says in ruled_out.reason


def test_a_failure_without_threads_and_weights_counts_against_its_own_endpoint():
    failed = run("cpu-a", 10.0, 5, status="error", error_message="boom", threads=None, weights_digest=None)
    (only,) = judge([*nights("cpu-a", 10.0), failed], Wish(), NOW)
    assert (only.verdict, only.reason) == ("ruled_out", "its newest test ended: error: boom")


def test_such_a_failure_says_nothing_of_another_endpoint_and_alone_is_a_candidate_of_its_own():
    unknown = {"status": "error", "error_message": "boom", "threads": None, "weights_digest": None}
    failures = [run("cpu-a", day=5, endpoint_type="onnxruntime", **unknown), run("cpu-b", day=5, **unknown)]
    others = nights("cpu-a", 10.0) + nights("cpu-a", 12.0, endpoint_type="onnxruntime")
    judged = judge([*others, *failures], Wish(), NOW)
    assert [(one.newest.hardware_id, one.newest.endpoint_type, one.verdict) for one in judged] == [
        ("cpu-a", "pytorch", "recommended"),
        ("cpu-a", "onnxruntime", "ruled_out"),
        ("cpu-b", "pytorch", "ruled_out"),
    ]


def test_a_failure_with_known_threads_counts_against_the_candidate_with_as_many():
    failed = run("cpu-a", day=5, status="timeout", error_message="slow", threads=4, weights_digest=None)
    judged = judge([*nights("cpu-a", 10.0), *nights("cpu-a", 9.0, threads=4), failed], Wish(), NOW)
    assert [(one.identified.threads, one.verdict) for one in judged] == [(2, "recommended"), (4, "ruled_out")]


@pytest.mark.parametrize(("half_width", "verdict"), [(0.01, "recommended"), (0.5, "tie")])
def test_a_run_that_does_not_know_its_own_median_well_leads_nothing(half_width, verdict):
    ends = {"ci95_low_ms": 10 * (1 - half_width), "ci95_high_ms": 10 * (1 + half_width)}
    assert verdicts([run("cpu-a", 10.0, **ends), run("cpu-b", 14.0)])["cpu-a"] == verdict


def test_another_length_or_batch_is_another_decision():
    runs = [run(sequence_length=128), run(sequence_length=512), run(batch_size=8), run(sequence_length=128, day=1)]
    assert [len(group) for group in groups(runs)] == [2, 1, 1]


def test_an_unknown_number_keeps_no_limit():
    (only,) = judge([run("cpu-a", memory_peak_mb=None)], Wish(limits=Limits(max_memory_mb=500)), NOW)
    assert only.reason == "memory_peak_mb was not measured, so the limit of 500 MiB cannot be checked"


def test_a_cost_needs_a_price_and_prefers_the_cheaper_work():
    runs = nights("cpu-a", 10.0) + nights("cpu-b", 5.0) + nights("cpu-c", 1.0)
    judged = judge(runs, Wish("cost", prices={"cpu-a": 1.0, "cpu-b": 4.0}), NOW)
    assert [one.newest.hardware_id for one in judged] == ["cpu-a", "cpu-b", "cpu-c"]
    assert judged[0].reason.startswith("cost 2.7")
    assert judged[2].reason == "no price is known: add --price cpu-c=..."


def test_energy_that_was_not_measured_is_never_guessed():
    runs = [run("cpu-a", energy_efficiency_items_per_joule=3.0), run("cpu-b", 1.0)]
    best, other = judge(runs, Wish("energy"), NOW)
    assert best.newest.hardware_id == "cpu-a"
    assert other.reason == "its energy was not measured"


def test_runs_before_the_last_change_tell_of_another_state():
    runs = [run("cpu-a", 10.0 + 0.05 * (day % 3), day - 20) for day in range(12)]
    runs += [run("cpu-a", 20.0 + 0.1 * (day % 3), day - 8) for day in range(6)]
    (only,) = judge(runs, Wish(), NOW)
    assert len(only.runs) == 6
    assert only.median("p50_latency_ms") == pytest.approx(20.1)


def test_other_threads_on_one_device_are_another_candidate():
    judged = judge([*nights("cpu-a", 10.0), *nights("cpu-a", 18.0, threads=1)], Wish(), NOW)
    assert [(one.newest.threads, one.verdict) for one in judged] == [(2, "recommended"), (1, "dominated")]


latency = st.floats(0.5, 500)
platforms = st.lists(st.tuples(latency, st.floats(10, 2000), st.integers(1, 5)), min_size=1, max_size=6)


def field_of(described):
    return [
        run(f"cpu-{index}", p50 * (1 + 0.01 * (day % 2)), day, memory_peak_mb=memory)
        for index, (p50, memory, count) in enumerate(described)
        for day in range(count)
    ]


@given(platforms)
@settings(max_examples=60, deadline=None)
def test_a_strictly_better_platform_wins(described):
    better = [run("better", min(p50 for p50, *_ in described) * 0.7, day, memory_peak_mb=1.0) for day in range(4)]
    first = judge(field_of(described) + better, Wish(), NOW)[0]
    assert first.newest.hardware_id == "better"


@given(platforms)
@settings(max_examples=60, deadline=None)
def test_a_dominated_platform_never_leads(described):
    runs = field_of(described)
    worse = [replace(one, hardware_id="worse", p50_latency_ms=one.p50_latency_ms * 1.001, memory_peak_mb=9999.0,
                     throughput_items_per_second=one.throughput_items_per_second / 1.001)
             for one in runs if one.hardware_id == "cpu-0"]  # fmt: skip
    first = judge(runs + worse, Wish(), NOW)[0]
    assert first.newest.hardware_id != "worse"


@given(platforms, latency, st.floats(10, 2000), st.sampled_from(["latency", "throughput"]))
@settings(max_examples=80, deadline=None)
def test_limits_are_never_violated(described, max_p99, max_memory, prefer):
    wish = Wish(prefer, Limits(max_p99_ms=max_p99, max_memory_mb=max_memory))
    for one in judge(field_of(described), wish, NOW):
        if one.place is not None:
            assert one.median("p99_latency_ms") <= max_p99
            assert one.median("memory_peak_mb") <= max_memory


@given(latency, st.floats(1.0, 2.0), st.integers(1, 4))
@settings(max_examples=60, deadline=None)
def test_more_of_the_same_evidence_never_lowers_the_confidence(p50, ratio, count):
    assume(ratio > 1.001)

    def confidence(times):
        runs = nights("cpu-a", p50, count * times) + nights("cpu-b", p50 * ratio, count * times)
        return judge(runs, Wish(), NOW)[0].probability_best

    assert confidence(2) >= confidence(1) - 1e-9


@given(platforms)
@settings(max_examples=60, deadline=None)
def test_the_chances_add_up_and_the_places_are_without_gaps(described):
    judged = judge(field_of(described), Wish(), NOW)
    assert sum(one.probability_best for one in judged) == pytest.approx(1)
    assert [one.place for one in judged] == list(range(1, len(described) + 1))


def test_the_models_of_a_device_and_the_smallest_fleet():
    fast, slow = {"a": 1.0, "b": 1.0, "c": 9.0}, {"a": 5.0, "b": 9.0, "c": 1.0}
    runs = [
        run(hardware, p50, model_id=model)
        for hardware, models in (("gpu", fast), ("npu", slow))
        for model, p50 in models.items()
    ]
    judged = {group[0].model_id: judge(group, Wish(), NOW) for group in groups(runs)}
    assert [(one.model_id, one.times_the_best) for one in best_models(judged, "npu")] == [("c", 1), ("a", 5), ("b", 9)]
    assert smallest_fleet(judged).hardware_ids == ("gpu",)
    strict = Wish(limits=Limits(max_latency_ms=4))
    judged = {group[0].model_id: judge(group, strict, NOW) for group in groups(runs)}
    fleet = smallest_fleet(judged)
    assert fleet.hardware_ids == ("gpu", "npu")
    assert {model: one.newest.hardware_id for model, one in fleet.served.items()} == {
        "a": "gpu",
        "b": "gpu",
        "c": "npu",
    }
    impossible = Wish(limits=Limits(max_latency_ms=0.1))
    judged = {group[0].model_id: judge(group, impossible, NOW) for group in groups(runs)}
    assert smallest_fleet(judged).unserved == ("a", "b", "c")
