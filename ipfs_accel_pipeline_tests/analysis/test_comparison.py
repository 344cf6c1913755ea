import numpy as np
import pytest

from ipfs_accel_pipeline.analysis.comparison import compare_rounds


def rounds(level, count=5, spread=0.01, seed=0):
    rng = np.random.default_rng(seed)
    return [level * np.exp(rng.normal(0, spread) + rng.normal(0, 0.01, 40)) for _ in range(count)]


@pytest.mark.parametrize(
    ("level", "verdict"), [(12.0, "worse"), (8.0, "better"), (10.0, "no difference"), (10.3, "no difference")]
)
def test_the_verdict_is_that_of_b_against_a(level, verdict):
    result = compare_rounds(rounds(10.0), rounds(level, seed=1), minimum_effect=0.05)
    assert result.verdict == verdict
    assert result.change_low <= result.change <= result.change_high
    assert result.change == pytest.approx(level / 10 - 1, abs=0.02)


def test_rounds_that_disagree_are_not_enough_data_and_no_verdict():
    result = compare_rounds(rounds(10.0, spread=0.1), rounds(10.5, spread=0.1, seed=1), minimum_effect=0.05)
    assert result.verdict == "not enough data"
    assert "measure more rounds" in result.reason


@pytest.mark.parametrize("others", [(8.0, 8.0, 10.05, 10.05), (12.0, 12.0, 9.95, 9.95)])
def test_what_may_be_a_large_difference_in_one_direction_is_not_enough_data_either(others):
    result = compare_rounds([[10.0] * 20] * 3, [[level] * 20 for level in others], minimum_effect=0.05)
    assert result.change_low < 0 < result.change_high
    assert result.verdict == "not enough data"


def test_one_process_shows_nothing_of_how_processes_differ():
    result = compare_rounds(rounds(10.0, count=1), rounds(20.0, seed=1), minimum_effect=0.05)
    assert (result.verdict, result.reason) == ("not enough data", "1 round of A can count, 3 are the least")
    assert result.p50_a_ms is not None


def test_two_processes_of_each_side_lie_apart_by_chance_too_often_for_a_verdict():
    result = compare_rounds(rounds(10.0, count=2), rounds(20.0, count=2, seed=1), minimum_effect=0.05)
    assert (result.verdict, result.reason) == ("not enough data", "2 rounds of A can count, 3 are the least")


def test_equal_sides_whose_processes_differ_are_seldom_told_apart():
    for count in (2, 3):
        seeds = range(60)
        pairs = [[rounds(10.0, count, spread=0.08, seed=seed + 1000 * side) for side in (0, 1)] for seed in seeds]
        verdicts = [compare_rounds(a, b, minimum_effect=0.05).verdict for a, b in pairs]
        assert sum(verdict in ("worse", "better") for verdict in verdicts) <= 9  # a tenth is what three rounds can do


def test_a_few_samples_are_not_enough():
    result = compare_rounds(rounds(10.0), [[20.0], [20.1], [20.2]], minimum_effect=0.05)
    assert result.reason == "B has 3 samples, 20 are the least"


def test_swapping_the_sides_swaps_the_verdict():
    a, b = rounds(10.0), rounds(13.0, seed=1)
    assert {compare_rounds(a, b, 0.05).verdict, compare_rounds(b, a, 0.05).verdict} == {"worse", "better"}
