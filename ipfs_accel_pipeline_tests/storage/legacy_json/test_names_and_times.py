from __future__ import annotations

from datetime import UTC, datetime

import pytest

from ipfs_accel_pipeline.records import HardwareType
from ipfs_accel_pipeline.storage.legacy_json.hardware_names import hardware_type, split_prefix
from ipfs_accel_pipeline.storage.legacy_json.model_names import key_in_name, resolve_model
from ipfs_accel_pipeline.storage.legacy_json.times import parse_time, time_in_name
from ipfs_accel_pipeline.storage.legacy_json.units import converted

KNOWN = {"bert-base-uncased": "google-bert/bert-base-uncased", "openai/whisper-tiny": "openai/whisper-tiny"}


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("cuda:0", HardwareType.CUDA),
        ("Apple MPS", HardwareType.MPS),
        ("apple", HardwareType.MPS),
        ("AMD ROCm", HardwareType.ROCM),
        ("openvino:0", HardwareType.OPENVINO),
        ("qnn", HardwareType.QUALCOMM),
        ("CPU", HardwareType.CPU),
        ("WebNN", HardwareType.WEBNN),
        ("samsung", None),
        ("", None),
    ],
)
def test_hardware_goes_by_many_names(written, expected):
    assert hardware_type(written) is expected


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("cuda_handler", ("cuda", "handler")),
        ("CPU", ("cpu", "")),
        ("cpus", None),
        ("openvino_init", ("openvino", "init")),
    ],
)
def test_a_platform_stands_before_an_underscore(key, expected):
    assert split_prefix(key) == expected


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (1740729996.9940362, datetime(2025, 2, 28, 8, 6, 36, 994036, UTC)),
        (1740729996994, datetime(2025, 2, 28, 8, 6, 36, 994000, UTC)),
        ("2025-03-06T17:48:25.199371", datetime(2025, 3, 6, 17, 48, 25, 199371, UTC)),
        ("2025-03-02T12:00:00Z", datetime(2025, 3, 2, 12, tzinfo=UTC)),
        ("2025-03-02T12:00:00+02:00", datetime(2025, 3, 2, 10, tzinfo=UTC)),
        ("20250305_214814", datetime(2025, 3, 5, 21, 48, 14, tzinfo=UTC)),
        ("2025-02-28 19:44:05", datetime(2025, 2, 28, 19, 44, 5, tzinfo=UTC)),
        ("1741283305.25", datetime(2025, 3, 6, 17, 48, 25, 250000, UTC)),
        ("1710123101234", datetime(2024, 3, 11, 2, 11, 41, 234000, UTC)),
        ("20250306174825", datetime(2025, 3, 6, 17, 48, 25, tzinfo=UTC)),
        ("2025-03-06 17:48:25 UTC", datetime(2025, 3, 6, 17, 48, 25, tzinfo=UTC)),
        ("yesterday", None),
        ("20251399_999999", None),
        (5, None),
        (True, None),
        (None, None),
        (float("nan"), None),
        (1e300, None),
    ],
)
def test_five_ways_to_write_a_time(written, expected):
    assert parse_time(written) == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("run_20250305_194630/clip_20250305_194631.json", "20250305_194631"),
        ("whisper_firefox_vs_chrome_1741232337.json", 1741232337.0),
        ("x.json.20250305_232326", "20250305_232326"),
        ("bert_20250228_101112.json.20250305_232326", "20250228_101112"),
        ("result.json", None),
    ],
)
def test_a_name_may_hold_a_time(name, expected):
    assert time_in_name(name) == expected


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("hf_llava_test_results.json", "llava"),
        ("skills/test_hf_t5.py", "t5"),
        ("performance_test_skills_llava|clip_20250228_012242.json", None),
        ("C:\\x\\test_hf_clip.py", "clip"),
        ("hf_llava_next_performance_20250228_000637.json", "llava_next"),
        ("test.json", None),
    ],
)
def test_a_file_name_holds_a_model_key(name, key):
    assert key_in_name(name) == key


@pytest.mark.parametrize(
    ("written", "model_id"),
    [
        ("openai/whisper-tiny", "openai/whisper-tiny"),
        ("bert-base-uncased", "google-bert/bert-base-uncased"),
        ("hf_bert_base_uncased", "google-bert/bert-base-uncased"),
        ("someone/else", "someone/else"),
        ("skills/test_hf_whisper.py", "openai/whisper-tiny"),
        ("/home/me/skills/test_hf_whisper.py", "openai/whisper-tiny"),
        ("whisper", "openai/whisper-tiny"),
        ("bert", "legacy-key/bert"),
        ("never_heard_of", "legacy-key/never_heard_of"),
        ("Unknown", ""),
    ],
)
def test_a_key_becomes_a_checkpoint_only_where_it_stood_for_one(written, model_id):
    assert resolve_model(written, KNOWN).model_id == model_id


def test_an_ambiguous_key_says_what_it_may_have_been():
    assert "bert-tiny" in resolve_model("bert", KNOWN).how


@pytest.mark.parametrize(
    ("raw", "unit", "expected"),
    [
        (0.25, "s->ms", 250.0),
        (2, "GB->MB", 2048.0),
        (2**20, "bytes->MB", 1.0),
        (3.0, "count", 3),
        ([0.1, 0.2], "s->ms", [100.0, 200.0]),
        ([0.1, None], "s->ms", None),
        (True, "ms", None),
        ("5", "ms", 5.0),
        ("23.1 ms", "ms", 23.1),
        ("0.25 s", "s->ms", 250.0),
        ("8", "count", 8),
        ("0.25 s", "ms", None),
        ("N/A", "per s", None),
        ("nan", "ms", None),
        (float("inf"), "ms", None),
    ],
)
def test_units_are_converted_and_what_is_no_number_is_unknown(raw, unit, expected):
    assert converted(raw, unit) == expected


@pytest.mark.parametrize(
    ("written", "key"), [("/tmp/bert_test_model", "bert_test_model"), ("::simple_model::", "simple_model")]
)
def test_a_model_that_lay_on_one_machine_is_no_checkpoint(written, key):
    found = resolve_model(written, KNOWN)
    assert (found.model_id, found.how) == (f"legacy-key/{key}", "a model of that machine's own, no checkpoint")
