"""What libraries really said, and what of it a person is told."""

import pytest

from ipfs_accel_pipeline.models.reasons import reason_of, telling_line

BROKEN_WEIGHTS = (
    "Exception from src/inference/src/cpp/core.cpp:84:\nCheck 'is_valid_weights_range(m_weights_provider->size(), "
    "offset, size)' failed at src/core/xml_util/src/xml_deserialize_util.cpp:900:\nIncorrect weights in bin file!\n\n"
)
UNKNOWN_OPERATOR = (
    "Check 'false' failed at src/frontends/common_translators/src/unconverted_ops_report.cpp:151:\n"
    "FrontEnd API failed with OpConversionFailure:\nModel wasn't fully converted.\nSummary:\n"
    "-- No conversion rule found for operations: util::SequenceMark\n"
)
NEWER_FILE = (
    "[ONNXRuntimeError] : 1 : FAIL : Load model from m.onnx failed:"
    "/onnxruntime_src/onnxruntime/core/graph/model.cc:256 "
    "onnxruntime::Model::Model(onnx::ModelProto&&, const onnxruntime::PathString&, const onnxruntime::"
    "IOnnxRuntimeOpSchemaRegistryList*, const onnxruntime::logging::Logger&, const onnxruntime::ModelOptions&) "
    "Unsupported model IR version: 99, max supported IR version: 14\n"
)


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("one\ntwo", "one"),
        ("\n  one  \ntwo", "one"),
        (
            "Validation error for field 'x':\n    TypeError: Field 'x' expected int\nmore",
            "Validation error for field 'x': TypeError: Field 'x' expected int",
        ),
        (BROKEN_WEIGHTS, "Incorrect weights in bin file!"),
        (
            UNKNOWN_OPERATOR,
            "Model wasn't fully converted. Summary: -- No conversion rule found for operations: util::SequenceMark",
        ),
        (
            NEWER_FILE,
            "[ONNXRuntimeError] : 1 : FAIL : Load model from m.onnx failed: Unsupported model IR version: 99, "
            "max supported IR version: 14",
        ),
        ("", "ValueError"),
        ("Exception from src/core.cpp:84:", "Exception from src/core.cpp:84:"),  # all there is
    ],
)
def test_places_in_the_source_of_a_library_are_no_reason(said, told):
    assert telling_line(ValueError(said)) == told


def test_a_reason_has_the_kind_of_the_error_and_fits_into_a_table():
    assert reason_of(KeyError("x")) == "KeyError: 'x'"
    assert reason_of(ValueError("")) == "ValueError"
    assert len(reason_of(ValueError("x" * 5000))) == 300
