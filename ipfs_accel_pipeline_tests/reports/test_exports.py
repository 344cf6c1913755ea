"""The formats for other tools, read back as those tools read them."""

from __future__ import annotations

import json
import re
from xml.etree import ElementTree

import jsonschema_rs
import pytest

from ipfs_accel_pipeline.reports.json_schema import PATH, as_text
from ipfs_accel_pipeline.reports.write import EXPORTS, render_report
from ipfs_accel_pipeline_tests.reports import example

_SAMPLE = re.compile(r'^([a-z0-9_]+)\{((?:[a-z_]+="(?:[^"\\\n]|\\["\\n])*",?)*)\} (\S+) (\d+\.\d{3})$')


def test_the_schema_in_the_package_is_the_one_of_the_records():
    """Write it anew with `python -m ipfs_accel_pipeline.reports.json_schema`."""
    assert PATH.read_text(encoding="utf-8") == as_text()


@pytest.mark.parametrize("which", ["content", "empty_content"])
def test_the_json_report_meets_its_schema(request, which):
    document = json.loads(render_report(request.getfixturevalue(which), "json"))
    validator = jsonschema_rs.validator_for(json.loads(PATH.read_text(encoding="utf-8")))

    assert [error.message for error in validator.iter_errors(document)] == []
    document["summary"]["tests"] = "many"
    assert not validator.is_valid(document)


@pytest.mark.parametrize("format", EXPORTS)
def test_an_empty_database_has_an_export_too(empty_content, format):
    assert render_report(empty_content, format).endswith("\n")


def suites(content):
    return ElementTree.fromstring(render_report(content, "junit"))


def test_junit_counts_are_those_of_its_cases(content):
    root = suites(content)

    cases = root.findall(".//testcase")
    assert int(root.get("tests")) == len(cases) == len(content.latest_tests)
    assert int(root.get("errors")) == len(root.findall(".//error")) == 3
    assert int(root.get("skipped")) == len(root.findall(".//skipped")) == 1
    assert int(root.get("failures")) == len(root.findall(".//failure")) == 0


def test_junit_carries_the_whole_error_and_its_first_line(content):
    error = suites(content).find(f".//testcase[@classname='{example.WHISPER}']/error[@type='error']")

    assert error.text == example.LONG_ERROR
    assert len(error.get("message")) <= 200


def test_junit_labels_what_was_not_measured_and_survives_odd_names(content):
    names = {(case.get("classname"), case.get("name")) for case in suites(content).iter("testcase")}

    assert any(name.endswith("emulated") for _, name in names)
    assert any(name.endswith("imported") for _, name in names)
    assert any("模型" in model for model, _ in names)


def samples(content):
    lines = render_report(content, "openmetrics").splitlines()
    assert lines[-1] == "# EOF"
    matched = [_SAMPLE.match(line) for line in lines if not line.startswith("#")]
    assert all(matched)
    return [(found[1], found[2], float(found[3])) for found in matched]


def test_openmetrics_has_base_units_and_says_what_may_not_be_compared(content):
    found = samples(content)

    latencies = {labels: value for name, labels, value in found if name == "ipfs_accel_latency_p50_seconds"}
    assert len(latencies) == len(content.performance)
    (software,) = [value for labels, value in latencies.items() if 'acceleration="software"' in labels]
    assert software == pytest.approx(0.842e-3)
    assert sum('provenance="imported"' in labels for labels in latencies) == 1


def test_openmetrics_leaves_out_what_is_unknown(content):
    found = samples(content)

    assert not [name for name, _, _ in found if "joule" in name]
    memory = [labels for name, labels, _ in found if name == "ipfs_accel_memory_peak_bytes"]
    assert len(memory) == sum(row.memory_peak_mb is not None for row in content.performance)


def test_openmetrics_declares_each_family_once_and_before_its_samples(content):
    declared: list[str] = []
    for line in render_report(content, "openmetrics").splitlines():
        if line.startswith("# TYPE"):
            declared.append(line.split()[2])
        elif not line.startswith("#"):
            assert line.split("{")[0] == declared[-1]
    assert len(declared) == len(set(declared))


def test_a_model_index_is_read_by_the_hub_and_holds_measured_results_on_real_hardware_only(content):
    from huggingface_hub.repocard_data import model_index_to_eval_results

    text = render_report(content, "model-index")
    index = json.loads(text.removeprefix("---\n").removesuffix("---\n"))["model-index"]

    ranked = [row for row in content.performance if row.not_ranked_reason is None]
    assert sum(len(one["results"]) for one in index) == len(ranked)
    for one in index:
        _, results = model_index_to_eval_results([one])
        assert results
    assert example.SOFTWARE not in text
    assert example.LEGACY not in text


def test_openmetrics_has_the_times_of_written_text_where_they_are_known(content):
    found = [(name, labels, value) for name, labels, value in samples(content) if "token" in name]

    assert {name: value for name, labels, value in found if example.SOFTWARE in labels} == {
        "ipfs_accel_time_to_first_token_seconds": 0.0215,
        "ipfs_accel_time_per_output_token_seconds": 0.004,
        "ipfs_accel_generated_tokens_per_second": 250.0,
    }
    assert len(found) == 3 * len(content.generation)
    assert all('acceleration="software"' in labels for _, labels, _ in found if example.SOFTWARE in labels)
    assert all('new_tokens="32"' in labels for _, labels, _ in found)
