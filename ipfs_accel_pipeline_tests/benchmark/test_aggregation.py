import random
from dataclasses import replace

import pytest

from ipfs_accel_pipeline.benchmark.aggregation import aggregate
from ipfs_accel_pipeline.records import GENERATION_FAILURE, Generation, ParityResult, PowerReading, Provenance, Status
from ipfs_accel_pipeline_tests.fakes import failed_observation, observation, power_reading

PARITY = ParityResult(1, 16, 1.0, 0.0, 0.0, passed=True, reason=None)


def rows_of(*observations, run_id="run-1", provenance=Provenance.MEASURED):
    return aggregate(observations, run_id, "shard", {"fake-bert-tiny": "version-1"}, provenance)


def rounds(*p50s, slow=(), **changes):
    return [
        observation(round_index=index, latencies_ms=(p50,) * 20, is_slow_phase=index in slow, **changes)
        for index, p50 in enumerate(p50s)
    ]


def test_the_rounds_of_a_case_become_one_row_in_each_table():
    rows = rows_of(*rounds(10, 11, 12), *rounds(5, 5, 5, batch_size=8))
    assert [len(r) for r in (rows.test_results, rows.performance_results, rows.power_metrics)] == [2, 2, 2]
    test, performance, power = rows.test_results[0], rows.performance_results[0], rows.power_metrics[0]
    assert (test.status, test.success, test.model_version_id, test.shard_id) == ("passed", True, "version-1", "shard")
    assert performance.test_id == power.test_id == test.id
    assert performance.p50_latency_ms == 11
    assert performance.rounds == 3
    assert performance.iterations == 60


def test_throughput_is_batch_size_over_average_latency():
    (row,) = rows_of(*rounds(10, 10, 10, batch_size=8)).performance_results
    assert row.throughput_items_per_second == pytest.approx(800)


def test_slow_rounds_are_counted_but_not_used_where_a_quiet_one_exists():
    (row,) = rows_of(*rounds(10, 30, 10, 10, slow=[1])).performance_results
    assert (row.p50_latency_ms, row.max_latency_ms, row.rounds, row.slow_rounds) == (10, 10, 4, 1)


def test_of_the_rounds_that_count_the_worst_canary_and_the_mean_warm_up_are_kept():
    taken = rounds(10, 10, 10, slow=[2])
    signs = [(1.1, 3), (1.3, 6), (2.0, 50)]
    taken = [
        replace(one, canary_slowdown=canary, warmup_iterations=warmups)
        for one, (canary, warmups) in zip(taken, signs, strict=True)
    ]
    (row,) = rows_of(*taken, replace(taken[0], round_index=3, warmup_iterations=5)).performance_results
    assert (row.canary_slowdown, row.warmup_iterations) == (1.3, 5)  # 14 / 3


def test_where_every_round_was_slow_the_numbers_stand_and_are_noisy():
    rows = rows_of(*rounds(30, 30, 30, slow=[0, 1, 2]))
    (row,) = rows.performance_results
    assert (row.p50_latency_ms, row.is_noisy) == (30, True)
    assert "every round fell into a slow phase of the host" in rows.test_results[0].details["noise"]


@pytest.mark.parametrize(
    ("signs", "slow", "host_slowdown"),
    [
        ([(1.3, 1.9), (1.6, 1.2)], [0, 1], 1.6),
        ([(None, 1.9), (2.5, None)], [0, 1], 1.9),
        ([(1.3, 1.9), (1.0, 1.0)], [0], None),
        ([(1.0, 1.0)], [], None),
    ],
)
def test_where_every_round_was_slow_the_worse_sign_of_the_quietest_is_kept(signs, slow, host_slowdown):
    taken = [
        replace(one, canary_slowdown=canary, contention_slowdown=contention)
        for one, (canary, contention) in zip(rounds(*[30] * len(signs), slow=slow), signs, strict=True)
    ]
    assert rows_of(*taken).performance_results[0].host_slowdown == host_slowdown


def test_a_quiet_case_is_not_noisy():
    rows = rows_of(*rounds(10, 10.1, 10))
    assert rows.test_results[0].details["noise"] == []
    assert not rows.performance_results[0].is_noisy


@pytest.mark.parametrize("status", [status for status in Status if status is not Status.PASSED])
def test_a_case_that_did_not_pass_has_a_reason_and_no_numbers(status):
    rows = rows_of(failed_observation(status=status, error_message="why"))
    (test,) = rows.test_results
    assert (test.status, test.success, test.error_message) == (str(status), False, "why")
    assert rows.performance_results == rows.power_metrics == []


def test_one_crash_in_three_rounds_is_a_crash_that_says_which_round():
    crash = failed_observation(round_index=2, status=Status.CRASHED, error_message="killed by signal 11 (SIGSEGV)")
    rows = rows_of(*rounds(10, 10), crash)
    assert rows.test_results[0].status == "crashed"
    assert rows.test_results[0].error_message == "round 3, after 2 that passed: killed by signal 11 (SIGSEGV)"
    assert rows.performance_results == []
    assert [one["status"] for one in rows.test_results[0].details["rounds"]] == ["passed", "passed", "crashed"]


def test_the_same_run_gives_the_same_ids_and_another_run_others():
    first, again, other = (rows_of(*rounds(10), run_id=run) for run in ("run-1", "run-1", "run-2"))
    assert first == again
    assert first.test_results[0].id != other.test_results[0].id
    assert first.performance_results[0].id != other.performance_results[0].id


def test_the_order_of_the_observations_does_not_matter():
    observations = rounds(10, 30, 10, slow=[1])
    shuffled = random.Random(1).sample(observations, 3)
    assert rows_of(*observations) == rows_of(*shuffled)


def test_an_emulated_case_never_has_performance_or_power():
    rows = rows_of(*rounds(10, 10, 10), provenance=Provenance.EMULATED)
    assert rows.test_results[0].provenance == "emulated"
    assert rows.performance_results == rows.power_metrics == []


def test_power_that_was_not_measured_is_unknown_with_its_reason():
    (row,) = rows_of(*rounds(10)).power_metrics
    assert (row.power_watts_avg, row.source, row.reason) == (None, "unavailable", "no power sensor on the fake host")
    assert rows_of(*rounds(10)).performance_results[0].energy_efficiency_items_per_joule is None


def test_power_and_efficiency_come_from_the_same_window():
    reading = PowerReading("nvml", kind="measured", duration_seconds=2.0, power_watts_avg=50.0, power_watts_peak=60.0)
    hotter = replace(reading, power_watts_avg=70.0, power_watts_peak=90.0)
    first, second = rounds(10, 10)
    rows = rows_of(replace(first, power=reading), replace(second, power=hotter))
    (performance,), (power,) = rows.performance_results, rows.power_metrics
    assert performance.power_watts == power.power_watts_avg == 60
    assert (power.power_watts_peak, power.test_duration_seconds) == (90, 4)
    # 2 x 2 s of windows, in which the iterations are all that is counted: the pauses between them took energy too.
    items = performance.batch_size * performance.iterations
    assert performance.energy_efficiency_items_per_joule == pytest.approx(items / (50 * 2 + 70 * 2))
    assert performance.energy_efficiency_items_per_joule < performance.throughput_items_per_second / 60


def test_an_estimate_of_power_is_kept_as_such_and_never_becomes_efficiency():
    estimate = PowerReading("tdp_model", kind="modelled", duration_seconds=2.0, power_watts_avg=65.0)
    rows = rows_of(*(replace(one, power=estimate) for one in rounds(10, 10)))
    (performance,), (power,) = rows.performance_results, rows.power_metrics
    assert (power.power_watts_avg, power.kind, power.source) == (65, "modelled", "tdp_model")
    assert (performance.power_watts, performance.energy_efficiency_items_per_joule) == (None, None)


def test_a_round_without_power_leaves_the_case_without_and_says_why():
    reading = PowerReading("nvml", kind="measured", duration_seconds=2.0, power_watts_avg=50.0, power_watts_peak=60.0)
    first, second = rounds(10, 10)
    lost = PowerReading("unavailable", "nvml failed within the window: GPU is lost", duration_seconds=2.0)
    rows = rows_of(replace(first, power=reading), replace(second, power=lost))
    (performance,), (power,) = rows.performance_results, rows.power_metrics
    assert (performance.power_watts, power.power_watts_avg, power.power_watts_peak) == (None, None, None)
    assert power.reason == "1 of 2 rounds have no power: nvml failed within the window: GPU is lost"


def test_measured_and_estimated_rounds_are_not_mixed():
    reading = PowerReading("rapl", kind="measured", duration_seconds=2.0, power_watts_avg=50.0)
    first, second = rounds(10, 10)
    (power,) = rows_of(
        replace(first, power=reading), replace(second, power=replace(reading, kind="modelled"))
    ).power_metrics
    assert power.power_watts_avg is None
    assert power.reason == "some rounds were measured, others estimated"


def test_power_is_weighted_by_the_length_of_the_windows():
    reading = PowerReading("nvml", kind="measured", duration_seconds=3.0, power_watts_avg=50.0)
    first, second = rounds(10, 10)
    longer = replace(reading, duration_seconds=1.0, power_watts_avg=90.0)
    (power,) = rows_of(replace(first, power=reading), replace(second, power=longer)).power_metrics
    assert power.power_watts_avg == 60


def test_the_largest_peak_of_memory_counts_and_the_devices_own_comes_first():
    first, second = rounds(10, 10)
    host = rows_of(replace(first, memory_peak_mb=100.0), replace(second, memory_peak_mb=130.0))
    assert host.performance_results[0].memory_peak_mb == 130
    device = rows_of(replace(first, device_memory_peak_mb=40.0), second)
    assert device.performance_results[0].memory_peak_mb == 40


def test_unknown_stays_unknown():
    unknown = observation(
        memory_peak_mb=None, model_load_ms=None, compile_ms=None, first_inference_ms=None, cpu_times_ms=(), power=None
    )
    rows = rows_of(unknown)
    (row,) = rows.performance_results
    assert [row.memory_peak_mb, row.model_load_ms, row.compile_ms, row.first_inference_ms, row.cpu_p50_ms] == [None] * 5
    assert rows.power_metrics[0].reason


def test_durations_of_the_rounds_add_up():
    assert rows_of(*rounds(1, 1, 1)).test_results[0].execution_time == 12
    assert power_reading().duration_seconds is None


def text(first=50.0, later=(10.0, 20.0), texts=3, met=True):
    return Generation(
        3, (first,) * texts, (later,) * texts, interval_target_met=met, parity=(PARITY,), actual_device="here"
    )


def generated(*generations, slow=(), **changes):
    return [
        replace(one, generation=text)
        for one, text in zip(rounds(*[10] * len(generations), slow=slow, **changes), generations, strict=True)
    ]


def test_the_times_of_written_text_are_medians_over_texts_and_rounds():
    rows = rows_of(*generated(text(50), text(70, (30.0, 30.0)), text(60, (12.0, 18.0)), batch_size=4))
    (row,) = rows.performance_results
    assert (row.time_to_first_token_ms, row.time_per_output_token_ms) == (60, 15)
    assert row.tokens_per_second == pytest.approx(4 / 15e-3)
    details = rows.test_results[0].details["generation"]
    assert (details["reason"], details["texts"], details["actual_device"]) == (None, 9, "here")
    assert row.new_tokens == 3
    assert details["parity"][0]["passed"]


def test_text_of_a_slow_round_does_not_count_where_a_quiet_one_exists():
    (row,) = rows_of(*generated(text(50), text(500), text(50), slow=[1])).performance_results
    assert row.time_to_first_token_ms == 50


def test_a_reason_in_any_round_leaves_the_case_without_numbers_of_text():
    rows = rows_of(*generated(text(), Generation(reason="no cache"), text()))
    (row,) = rows.performance_results
    assert (row.time_to_first_token_ms, row.time_per_output_token_ms, row.tokens_per_second) == (None, None, None)
    assert row.p50_latency_ms == 10
    assert rows.test_results[0].details["generation"]["reason"] == "no cache"


def test_a_model_that_writes_no_text_has_neither_numbers_nor_a_reason():
    rows = rows_of(*rounds(10))
    assert rows.performance_results[0].tokens_per_second is None
    assert rows.test_results[0].details["generation"] is None


def test_the_last_words_of_a_process_that_died_writing_in_a_later_round_are_kept():
    died = Generation(reason="crashed: killed by signal 9 (SIGKILL)")
    first, second = generated(text(), died)
    rows = rows_of(first, replace(second, details={GENERATION_FAILURE: {"log_tail": "last words"}}))
    details = rows.test_results[0].details
    assert details["generation"]["failure"] == {"log_tail": "last words"}
    assert GENERATION_FAILURE not in details


@pytest.mark.parametrize(
    ("texts", "noise"),
    [
        ([text(later=(10.0, 10.0))] * 3, []),
        ([text(later=(10.0, 10.0)), text(later=(10.0, 10.0), met=False)], ["a round missed its interval target"]),
        ([text(later=(10.0, 10.0)), text(later=(50.0, 50.0)), text(later=(90.0, 90.0))], ["the rounds disagree"]),
    ],
)
def test_restless_text_is_noisy_although_the_forward_pass_is_not(texts, noise):
    rows = rows_of(*generated(*texts))
    assert rows.test_results[0].details["generation"]["noise"] == noise
    assert not rows.performance_results[0].is_noisy
