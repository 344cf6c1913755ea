from __future__ import annotations

import shutil
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from ipfs_accel_pipeline.errors import Unsupported
from ipfs_accel_pipeline.models.agreement import Agreement, compare, degenerate_outputs
from ipfs_accel_pipeline.models.attempts import ExportError, ExportPath, first_accepted

RIGHT = Agreement(1.0, 1e-7, 1e-7)
WRONG = Agreement(0.21, 3.0, 1.2)


def writes(name: str) -> ExportPath:
    return ExportPath(name, lambda target: (target / name).touch())


def fails(name: str, error: Exception) -> ExportPath:
    def write(target: Path) -> None:
        (target / name).touch()
        raise error

    return ExportPath(name, write)


def checks(**agreements: Agreement):
    """Judges a folder by the one file in it."""
    return lambda target: [agreements[next(target.iterdir()).name]]


def test_the_first_right_graph_is_taken(tmp_path):
    made = first_accepted([writes("a"), writes("b")], tmp_path, checks(a=RIGHT, b=RIGHT))
    assert (made.exporter, [entry.name for entry in tmp_path.iterdir()]) == ("a", ["a"])


def test_a_wrong_graph_is_a_failed_attempt_and_leaves_no_file(tmp_path):
    made = first_accepted([writes("a"), writes("b")], tmp_path, checks(a=WRONG, b=RIGHT))
    assert made.exporter == "b"
    assert made.attempts[0].error == "wrong output: cosine 0.2100, relative error 1.2"
    assert [entry.name for entry in tmp_path.iterdir()] == ["b"]


def test_if_every_path_fails_the_error_has_the_reason_of_each(tmp_path):
    with pytest.raises(ExportError, match=r"a: ValueError: no strides; b: wrong output: cosine 0\.2100") as failure:
        first_accepted([fails("a", ValueError("no strides")), writes("b")], tmp_path, checks(b=WRONG))
    assert [attempt.exporter for attempt in failure.value.attempts] == ["a", "b"]


@pytest.mark.parametrize(("second", "is_unsupported"), [(Unsupported("no kernel"), True), (ValueError("bug"), False)])
def test_a_model_is_unsupported_where_every_path_says_so(tmp_path, second, is_unsupported):
    with pytest.raises(ExportError) as failure:
        first_accepted([fails("a", Unsupported("too large")), fails("b", second)], tmp_path, checks())
    assert failure.value.is_unsupported is is_unsupported


@pytest.mark.parametrize("other", [Unsupported("too large"), ValueError("bug")])
def test_a_path_that_lacks_a_library_says_what_to_install(tmp_path, other):
    missing = ModuleNotFoundError("No module named 'onnxscript'")
    with pytest.raises(ExportError, match=r"a: No module named 'onnxscript'\. Install it into") as failure:
        first_accepted([fails("a", missing), fails("b", other)], tmp_path, checks())
    assert failure.value.lacks_library
    assert failure.value.is_unsupported is isinstance(other, Unsupported)


def test_a_full_disk_is_not_recorded_as_a_failure_of_the_model(tmp_path):
    with pytest.raises(OSError, match="No space"):
        first_accepted([fails("a", OSError(28, "No space left on device"))], tmp_path, checks())


@pytest.mark.parametrize(
    ("error", "free"),
    [
        (RuntimeError("I/O error: No space left on device (os error 28)"), 10**9),  # safetensors, its part removed
        (RuntimeError("basic_ios::clear: iostream error"), 4096),  # OpenVINO
    ],
)
def test_a_full_disk_is_recognized_where_a_library_has_its_own_words_for_it(tmp_path, monkeypatch, error, free):
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=free))
    with pytest.raises((OSError, RuntimeError), match="No space left on device"):
        first_accepted([fails("a", error)], tmp_path, checks())


def test_memory_that_a_runtime_could_not_have_is_not_recorded_as_a_failure_of_the_model(tmp_path):
    words = "Failed to allocate memory for requested buffer of size 12884901888"
    with pytest.raises(RuntimeError, match=words):
        first_accepted([fails("a", RuntimeError(words)), writes("b")], tmp_path, checks(b=RIGHT))


def test_too_many_open_files_are_recognized_behind_the_error_that_they_became(tmp_path):
    unsupported = Unsupported("BertModel does not build: OSError: cannot load")
    unsupported.__cause__ = OSError(24, "Too many open files")
    with pytest.raises(Unsupported, match="does not build"):
        first_accepted([fails("a", unsupported)], tmp_path, checks())


def test_int8_is_recorded_and_not_judged(tmp_path):
    made = first_accepted([writes("a")], tmp_path, checks(a=WRONG), gated=False)
    assert made.details["agreement"][0]["cosine"] == 0.21


def test_int8_that_answers_in_other_shapes_is_refused(tmp_path):
    with pytest.raises(ExportError, match="shape"):
        first_accepted([writes("a")], tmp_path, checks(a=Agreement(None, None, None, "shape (0,)")), gated=False)


@pytest.mark.parametrize(
    ("outputs", "problem"),
    [
        ({}, "output y is missing"),
        ({"y": np.zeros((0, 3))}, r"shape (0, 3) instead of (2, 3)"),
        ({"y": np.full((2, 3), np.nan)}, "NaN"),
    ],
)
def test_outputs_that_cannot_be_compared_say_why(outputs, problem):
    agreement = compare({"y": np.ones((2, 3))}, outputs)
    assert agreement.cosine is None
    assert problem in (agreement.refusal() or "")


def test_nothing_agrees_with_a_reference_that_is_no_number():
    assert "wrong output" in (compare({"y": np.full((2, 3), np.nan)}, {"y": np.ones((2, 3))}).refusal() or "")


def test_a_scaled_answer_is_wrong_although_its_cosine_is_1():
    reference = {"y": np.arange(1.0, 7.0)}
    assert compare(reference, {"y": reference["y"] * 1.05}).refusal() is not None


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (np.full((2, 3), 1e-21), "largest value 1e-21"),
        (np.ones((2, 3)), "does not depend on the input"),
        (np.arange(6.0).reshape(2, 3), None),
    ],
)
def test_outputs_without_signal_are_degenerate(value, reason):
    assert degenerate_outputs({"y": value}, batch_size=2).get("y") == reason
