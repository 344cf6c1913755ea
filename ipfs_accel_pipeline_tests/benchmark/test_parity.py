import numpy as np
import pytest

from ipfs_accel_pipeline.benchmark.parity import compare

REFERENCE = {"logits": np.random.default_rng(0).standard_normal((2, 5)).astype(np.float32)}


def judge(output, reference=REFERENCE, precision="fp32"):
    return compare(reference, {"logits": output}, precision, batch_size=2, sequence_length=None)


def test_equal_outputs_pass_with_cosine_one():
    result = judge(REFERENCE["logits"].copy())
    assert result.passed
    assert result.cosine == pytest.approx(1)
    assert (result.max_abs, result.relative_error, result.reason) == (0, 0, None)


def test_a_wrong_output_fails_with_its_figures():
    result = judge(-REFERENCE["logits"])
    assert not result.passed
    assert "wrong output: cosine -1.0000" in result.reason


def test_a_low_precision_is_allowed_more():
    bent = REFERENCE["logits"] * (1 + 0.02 * np.sign(REFERENCE["logits"]))
    bent[0, 0] += 0.05
    assert not judge(bent).passed
    assert judge(bent, precision="bf16").passed


def test_a_scaled_output_is_wrong_although_its_cosine_is_one():
    assert not judge(REFERENCE["logits"] * 1.5).passed


@pytest.mark.parametrize("poison", [np.nan, np.inf])
def test_not_a_number_fails(poison):
    output = REFERENCE["logits"].copy()
    output[1, 1] = poison
    assert judge(output).reason == "output logits contains NaN or infinity"
    assert not judge(output).passed


def test_another_shape_fails():
    assert judge(REFERENCE["logits"][:1]).reason == "output logits has shape (1, 5) instead of (2, 5)"


def test_a_missing_output_fails():
    result = compare(REFERENCE, {}, "fp32", 2, None)
    assert not result.passed
    assert "output logits is missing" in result.reason


def test_the_worst_output_decides():
    reference = {"a": REFERENCE["logits"], "b": REFERENCE["logits"]}
    outputs = {"a": REFERENCE["logits"], "b": -REFERENCE["logits"]}
    result = compare(reference, outputs, "fp32", 2, None)
    assert not result.passed
    assert result.cosine == pytest.approx(-1)
    assert result.relative_error == pytest.approx(2)


def test_two_answers_of_nothing_agree_and_are_flagged():
    nothing = np.zeros((2, 5), dtype=np.float32)
    result = judge(nothing.copy(), {"logits": nothing})
    assert (result.passed, result.cosine) == (True, 1)
    assert "degenerate output: logits" in result.reason


def test_an_output_without_signal_is_flagged_as_degenerate():
    tiny = {"logits": np.full((2, 5), 1e-30, dtype=np.float32)}
    assert "degenerate output: logits" in judge(tiny["logits"], tiny).reason
    assert judge(tiny["logits"], tiny).passed
    assert not judge(np.ones((2, 5), dtype=np.float32), tiny).passed
