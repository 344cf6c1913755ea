"""Every known shape: its name, how its keys tell it apart, and its reader. A tenth shape is one line here.

Shapes are asked in this order, the most telling keys first. File names are never asked.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import lru_cache
from typing import Any, NamedTuple

from ipfs_accel_pipeline.storage.legacy_json.columns import MODEL_NAMES, names_results
from ipfs_accel_pipeline.storage.legacy_json.databases import TABLES, is_known
from ipfs_accel_pipeline.storage.legacy_json.detectors import (
    Detector,
    Keys,
    any_value,
    both,
    endpoints_by_model,
    first_is_record,
    has_endpoints,
    has_platform_members,
    has_status_words,
    has_verdicts,
    holds_records,
    is_about_apis,
    is_availability,
    is_by_precision,
    is_detection,
    is_flat,
    is_in_browser,
    is_nested_by_test,
    is_of_runtime,
    is_record,
    keys,
    names_platform,
    records,
    value_is,
    values,
)
from ipfs_accel_pipeline.storage.legacy_json.findings import Cited, Finding, LeftOut, Statement
from ipfs_accel_pipeline.storage.legacy_json.model_names import key_in_name
from ipfs_accel_pipeline.storage.legacy_json.nodes import Node, resolve
from ipfs_accel_pipeline.storage.legacy_json.origin import (
    DEEPEST_WRAPPER,
    TIME_KEYS,
    Origin,
    model_of,
    results_of,
    time_of,
    unclear_time,
)
from ipfs_accel_pipeline.storage.legacy_json.shapes import (
    by_platform,
    claims,
    configurations,
    figures,
    left_out,
    machines,
    mobile,
    outcomes,
    three_runs,
    timed,
    web,
)
from ipfs_accel_pipeline.storage.legacy_json.shapes import records as row
from ipfs_accel_pipeline.storage.legacy_json.status_words import harness_failure
from ipfs_accel_pipeline.storage.legacy_json.surroundings import Surroundings

# Raise the number with every reader that is added or mended: files that were unknown or refused are then read again.
TOOL_VERSION = "legacy-readers 5"


class Shape(NamedTuple):
    name: str
    detect: Detector
    read: left_out.Reader
    is_result: bool = True  # False: a config, a cache or a report of the code, which is ignored


_CONFIG_KEYS = ("benchmark_iterations", "warmup_iterations", "model_families", "api_keys", "measure_performance")
_CODE_KEYS = (
    *("files_fixed", "total_issues_fixed", "issues_fixed", "fixed_files", "files_details"),
    *("files_with_issues", "files_analyzed", "changed_files", "platform_coverage"),
)
# Members of a file that hold its results, beside descriptions and summaries.
_RESULTS = frozenset(
    {"results", "test_results", "benchmark_results", "detailed_results", "model_results", "models", "benchmarks"}
    | {"results_by_device", "inference_metrics", "initialization_metrics", "memory_metrics"}
    | {"inference", "throughput", "hardware_results"}
)
_OF_FAILURES = frozenset({"status", "success", "error", "message", "traceback"})
_OF_CODE = "a report about the code, not a result"
_MODELLED = "figures that a formula gave for a model and a platform: nothing was run"
_NO_NUMBERS = "derived from other files, without a measurement of its own"


def _json_result(node: Node, origin: Origin) -> Iterator[Statement]:
    """S13: the output of one test script, with its result file inside."""
    inner = node.at("json_result")
    model = model_of(node, "test_file", "model")
    broken = harness_failure(node.get("stderr")) if node.get("return_code") else None
    if broken:
        yield LeftOut(node.pointer, f"failure of the test script: {broken}")
        return
    if inner.value is None:
        reason = node.get("json_parse_error") or f"exit code {node.get('return_code')}, no result"
        yield LeftOut(node.pointer, f"the test script gave no result: {reason}")
        return
    yield from read_node(inner, origin.inside(node, model))[1]


def _skill_tests(node: Node, origin: Origin) -> Iterator[Statement]:
    """S14: several S13 by skill."""
    if not node.get("skill_tests"):
        yield LeftOut(node.pointer, "skill_tests is empty: nothing was run")
    for key, one in node.at("skill_tests").items():
        name = key_in_name(key)
        yield from _json_result(one, origin.inside(node, Cited(name, one.pointer, "key", key) if name else None))


def _master(node: Node, origin: Origin) -> Iterator[Statement]:
    """S31, older: by test name the error text of the test harness, or what a test gave."""
    for name, one in node.at("test_ipfs_accelerate").items():
        if one.text():
            yield outcomes.harness_error(name, one)
        elif has_endpoints(one.value):
            yield from outcomes.endpoints_of(one, name, time_of(node) or origin.timestamp)
        else:
            yield from read_node(one, origin.inside(node))[1]


def _wrapped(node: Node, origin: Origin) -> Iterator[Statement]:
    """S38: what a list or an object holds, each by its own shape."""
    held = _held(node)
    # A file's name may name the model of the one thing that is in it, not of several.
    inside = replace(origin.inside(node), name=origin.name if len(held) == 1 else "")
    for one in held:
        if _is_failure(one.value):
            name, said = one.pointer.rpartition("/")[2], one.get("error") or one.get("message") or one.get("status")
            yield LeftOut(one.pointer, f"{name}: {said}; no platform is named")
        else:
            yield from read_node(one, inside)[1]


def _held(node: Node) -> list[Node]:
    """The elements of a list, or of the only list beside plain values in an object; else the objects there.

    Several objects where all are of one shape, an object by model or platform; else those that are called results.
    """
    inner = [one for key in results_of(node.value) if isinstance((one := node.at(key)).value, (dict, list))]
    if len(inner) > 1:
        if len({_own_shape(one.value) for one in inner if not _is_failure(one.value)} - {None}) == 1:
            known = [one for one in inner if _is_failure(one.value) or _own_shape(one.value) is not None]
            if len(known) == len(inner):
                return inner
        return [one for one in inner if one.value and one.pointer.rpartition("/")[2] in _RESULTS]
    only = inner[0] if len(inner) == 1 else node
    return inner if len(inner) == 1 and isinstance(only.value, dict) else list(only.elements())


def _suite(node: Node, origin: Origin) -> Iterator[Statement]:
    """S20b, where a test may hold its own results."""
    for statement in outcomes.suite(node, origin):
        inner = Node(resolve(node.value, statement.pointer[len(node.pointer) :]), statement.pointer).at("results")
        read = _known(inner, origin.inside(node)) if isinstance(statement, LeftOut) else None
        yield from read if read is not None else [statement]


def _by_platform(node: Node, origin: Origin) -> Iterator[Statement]:
    """S40: each by its own shape, or as the end of a process."""
    if by_platform.is_by_platform(node.value):
        read = by_platform.by_platform
    else:
        read = by_platform.of_model if "hardware_results" in node.value else by_platform.by_model
    yield from read(node, origin, _known)


def _of_models(node: Node, origin: Origin) -> Iterator[Statement]:
    yield from by_platform.of_models(node, origin, _known)


SHAPES = (
    # First: a table may be called as any key of the other shapes.
    Shape("D1 database", both(keys(TABLES), is_known), row.database),
    Shape("S40 by_platform", by_platform.holds_models, _of_models),
    Shape("S46 quantization", is_by_precision, timed.quantization),
    Shape("S01 direct_benchmark", keys("model", "hardware", "batch_results"), timed.direct_benchmark),
    Shape(
        "S02 batch_benchmarks",
        both(keys("models", "hardware", "results"), any_value("results", keys("command"))),
        timed.batch_benchmarks,
    ),
    Shape(
        "S03 hardware_benchmark",
        both(keys("benchmarks", one_of=("hardware_info", "system_info")), value_is("benchmarks", dict)),
        timed.hardware_benchmark,
    ),
    Shape("S05 comprehensive_run", keys("functionality_verification"), outcomes.comprehensive_run),
    Shape("S04 benchmark_summary", keys("model_families", "performance_comparison"), left_out.because(_NO_NUMBERS)),
    Shape(
        "S06 compat_matrix",
        both(keys("model_families"), any_value("model_families", keys("hardware_compatibility"))),
        left_out.because(_NO_NUMBERS),
    ),
    Shape("S07 functionality", keys("stats", "model_results"), outcomes.functionality),
    Shape(
        "S24 marked_misleading",
        keys("inference", "training", "hardware_compatibility"),
        left_out.because("an aggregate that its own marker calls misleading"),
    ),
    Shape(
        "S30 endpoint_results",
        both(keys("model_results"), value_is("model_results", dict)),
        outcomes.endpoint_results,
    ),
    Shape("S31 master_results", keys("ipfs_accelerate_tests"), outcomes.accelerate_tests),
    Shape("S31 master_results", keys("test_ipfs_accelerate"), _master),
    Shape("S31 master_results", endpoints_by_model, outcomes.endpoints_by_model),
    Shape(
        "S12 key_model_hw",
        both(keys("batch_sizes", one_of=("hardware_key", "hardware")), value_is("batch_sizes", dict)),
        figures.by_model_and_hardware,
    ),
    Shape("S11 web_platform", keys("platform", one_of=("is_simulation", "browser_opened")), web.web_result),
    Shape(
        "S11 web_platform",
        both(keys("platform", "metrics", "status", one_of=("model_name", "model_key")), is_in_browser),
        web.web_result,
    ),
    Shape("S11b web_all_models", both(keys("platform", "results"), value_is("results", list)), web.web_results),
    Shape("S11b web_all_models", records("platform", one_of=("is_simulation", "browser_opened")), web.web_results),
    Shape("S13 single_perf_wrapper", keys("test_file", one_of=("json_result", "json_parse_error")), _json_result),
    Shape("S13 single_perf_wrapper", keys("stdout", "stderr", "return_code"), _json_result),
    Shape("S14 skill_perf_wrapper", keys("skill_tests"), _skill_tests),
    Shape("S10 hf_test_perf", keys("results", "performance", "metadata"), three_runs.transformers_test),
    Shape(
        "S15 perf_suite",
        both(keys("results"), any_value("results", keys("execution_time", one_of=("performance_metrics",)))),
        claims.performance_suite,
    ),
    Shape("S18 hw_single_test", both(keys("results", "metadata"), has_platform_members), timed.single_run),
    Shape(
        "S10b hf_test_minimal",
        both(keys("results", "metadata"), any_value("results", keys("success"))),
        three_runs.transformers_test,
    ),
    Shape(
        "S10c metadata_results",
        both(keys("results", "metadata"), lambda value: names_platform(value["results"])),
        claims.metadata_results,
    ),
    Shape("S10c metadata_results", both(keys("results", "metadata"), has_status_words), claims.metadata_results),
    Shape("S08 status_examples", both(keys("status"), value_is("status", dict)), claims.status_examples),
    Shape("S17 tests_by_platform", both(keys("model", "tests"), value_is("tests", dict)), figures.tests_by_platform),
    Shape("S23 browser_comparison", both(keys("model", "tests"), value_is("tests", list)), web.browser_comparison),
    Shape("S20 suite", both(keys("summary", "tests"), value_is("tests", list)), outcomes.suite),
    Shape("S20 suite", values("status", one_of=("elapsed_time", "return_code")), _suite),
    Shape("S21 progress", keys("completed_benchmarks", "failed_benchmarks"), outcomes.progress),
    Shape("S19 single_outcome", keys("model", "platform", "success"), outcomes.single_outcome),
    Shape("S19b outcome_list", records("model", "platform", "success"), outcomes.outcome_list),
    Shape("S37 outcomes_by_platform", keys("model", "hardware_results"), outcomes.by_platform),
    Shape("S37 outcomes_by_platform", records("model", "hardware_results"), outcomes.by_platform),
    Shape(
        "S41 phone_benchmark",
        both(keys("configurations", "device_info"), value_is("configurations", list)),
        mobile.phone_benchmark,
    ),
    Shape(
        "S41 phone_benchmark",
        keys("device_info", "baseline", "time_series"),
        left_out.because("the temperatures of a phone over time, without a platform"),
    ),
    Shape(
        "S10d skill_test",
        both(keys("metadata", one_of=three_runs.BY_TEST), value_is("metadata", dict)),
        three_runs.skill_test,
    ),
    Shape(
        "S10e flat_test",
        keys("device", one_of=tuple(f"{test}_success" for test in three_runs.FLAT), without=("results",)),
        three_runs.flat_test,
    ),
    Shape("S47 modelled", keys("run_id", "configuration", "results", "duration_seconds"), left_out.because(_MODELLED)),
    Shape("S47 modelled", keys("configuration", "execution_summary"), left_out.because(_MODELLED)),
    Shape(
        "S48 quantized_weights",
        keys("model", "platform", "precision_formats"),
        left_out.because("the sizes of weights in several precisions: nothing was run"),
    ),
    Shape(
        "S42 openvino_benchmark",
        both(keys("benchmark_type", "results"), is_of_runtime),
        row.runtime_records,
    ),
    Shape("S43 tests_of_a_model", both(keys("model", "device", "results"), has_verdicts), claims.verdicts),
    Shape("S44 webnn_coverage", keys("webnn_benchmarks", "browser_capabilities"), web.coverage),
    Shape("S39 configurations", configurations.is_benchmark, configurations.benchmark),
    Shape("S39 configurations", configurations.are_benchmarks, configurations.benchmarks),
    Shape("S40 by_platform", keys("model_name", "hardware_results"), _by_platform),
    Shape("S34 parallel_loading", values("with_parallel", "without_parallel"), web.parallel_loading),
    Shape("S35 web_platform_comparison", keys("results_by_modality"), web.platform_comparison),
    Shape("S16 flat_records", both(keys("model_name"), is_record), row.flat_record),
    Shape("S16 flat_records", records("model_name", one_of=("hardware_type", "hardware")), row.flat_records),
    Shape(
        "S33 model_classification", records("model_name", one_of=("family", "model_family")), outcomes.classification
    ),
    Shape("S27 table", both(keys("rows", "columns"), lambda value: names_results(value["columns"])), row.table_rows),
    Shape("S28 browser_caps", keys("browser", one_of=("webgpu", "webnn", "webgl")), machines.browser_capabilities),
    Shape("N_model_list", values("name", "family"), outcomes.model_list, is_result=False),
    Shape(
        "S25 api_tests",
        is_about_apis,
        left_out.because("tests of a remote API: they run on no hardware"),
    ),
    Shape("S32 nested_by_test", is_nested_by_test, claims.nested_by_test),
    Shape("S26 error_only", keys("test_error"), left_out.error_only),
    Shape("S26 error_only", keys("error", one_of=("traceback", "status"), without=("model",)), left_out.error_only),
    Shape("S36 nested_records", holds_records, row.nested_records),
    Shape("S29 hardware_detection", is_availability, machines.hardware_detection),
    Shape(
        "S29 hardware_detection",
        both(keys("cuda_devices"), value_is("cuda_devices", list)),
        machines.hardware_detection,
    ),
    Shape("S40 by_platform", by_platform.is_by_platform, _by_platform),
    Shape("S40 by_platform", by_platform.is_by_model, _by_platform),
    Shape("S16 flat_records", both(keys(one_of=MODEL_NAMES), is_record), row.flat_record),
    Shape("S16 flat_records", first_is_record, row.flat_records),
    # Before S09: settings and reports also name platforms in their keys.
    Shape(
        "N_config",
        keys(one_of=_CONFIG_KEYS),
        left_out.because("a configuration, not a result"),
        is_result=False,
    ),
    Shape(
        "N_code_fix_report",
        keys(one_of=_CODE_KEYS),
        left_out.because(_OF_CODE),
        is_result=False,
    ),
    Shape("N_code_fix_report", records("fixed_file"), left_out.because(_OF_CODE), is_result=False),
    Shape(
        "N_code_fix_report",
        both(keys("model_type", "tests"), any_value("tests", keys("message"))),
        left_out.because("a class of the code was imported and made: no model was run"),
        is_result=False,
    ),
    Shape(
        "S45 distributed_training",
        keys("strategy", "num_nodes", "gpus_per_node"),
        left_out.because("training over several GPUs: no platform is named, and the most of its times are constants"),
    ),
    Shape("N_ipfs_cache", keys("cid", "data"), left_out.because("a cache entry, not a result"), is_result=False),
    Shape("S09 flat_prefixed", is_flat, claims.flat_prefixed),
    Shape(
        "S29 hardware_detection",
        is_detection,
        machines.hardware_detection,
    ),
    Shape("S26 error_only", keys("error", one_of=TIME_KEYS, without=("model", "model_name")), left_out.error_only),
)
# Asked last: whatever is none of these, but holds some.
WRAPPER = Shape("S38 wrapper", lambda value: _holds_known(value, DEEPEST_WRAPPER), _wrapped)


def shape_of(value: Any, wrappers: int = DEEPEST_WRAPPER) -> Shape | None:
    """The first shape whose keys these are, or those of something within so many lists and objects."""
    return _own_shape(value) or (WRAPPER if _holds_known(value, wrappers) else None)


def _own_shape(value: Any) -> Shape | None:
    candidates = _candidates(frozenset(value)) if isinstance(value, dict) else _ALL
    return next((shape for shape, detect in candidates if detect is None or detect(value)), None)


def _is_failure(value: Any) -> bool:
    """Of what could not be run there is nothing but the error."""
    return isinstance(value, dict) and bool(value) and not value.keys() - _OF_FAILURES


def _holds_known(value: Any, wrappers: int) -> bool:
    """Of a list the first is asked: it may be long."""
    held = _held(Node(value)) if wrappers else []
    asked = held[:1] if isinstance(value, list) else held[: len(_RESULTS)]
    return any(shape_of(one.value, wrappers - 1) is not None for one in asked)


def _known(node: Node, origin: Origin) -> Iterable[Statement] | None:
    """What an object with a shape of its own says; an error alone has none."""
    shape = _own_shape(node.value) if isinstance(node.value, dict) else None
    return None if shape is None or shape.read is left_out.error_only else read_node(node, origin)[1]


@lru_cache(4096)
def _candidates(names: frozenset[str]) -> tuple[tuple[Shape, Detector | None], ...]:
    """Those that an object with these keys may be, and what is still to be asked of its values.

    Most files share their keys with many others.
    """
    return tuple(
        (shape, shape.detect.condition if isinstance(shape.detect, Keys) else shape.detect)
        for shape in SHAPES
        if not isinstance(shape.detect, Keys) or shape.detect.possible(names)
    )


_ALL = tuple((shape, shape.detect) for shape in SHAPES)


def read_document(value: Any, origin: Origin) -> tuple[Shape | None, Iterable[Statement]]:
    """The shape and everything that a document says, read as it is asked for; what it lists as simulated is marked."""
    node = Node(value)
    shape, statements = read_node(node, Origin(origin.name, time_of(node), origin.model))
    return shape, statements if shape is None else _marked(statements, value)


def _marked(statements: Iterable[Statement], document: Any) -> Iterator[Statement]:
    surroundings, node = Surroundings(document), Node(document)
    for statement in statements:
        if isinstance(statement, Finding):
            broken = harness_failure(statement.error_message)
            if broken:
                yield LeftOut(statement.pointer, f"failure of the test script: {broken}")
                continue
            surroundings.mark(statement)
            if statement.timestamp is None:
                mine = Node(resolve(document, statement.pointer), statement.pointer)
                statement.timestamp = unclear_time(mine) or unclear_time(node)
        yield statement


def read_node(node: Node, origin: Origin) -> tuple[Shape | None, Iterable[Statement]]:
    """For a document, or for what a wrapper holds."""
    shape = shape_of(node.value)
    if shape is None:
        return None, [LeftOut(node.pointer, unknown_reason(node.value))]
    if origin.wrappers > DEEPEST_WRAPPER:
        return shape, [LeftOut(node.pointer, f"wrapped more than {DEEPEST_WRAPPER} times")]
    return shape, shape.read(node, origin)


def unknown_reason(value: Any) -> str:
    """The keys of what nobody knows, for whoever writes the next reader."""
    if isinstance(value, dict) and TABLES in value:
        return f"a database of something else; its tables: {_some(value[TABLES])}"
    if isinstance(value, dict) and {"columns", "rows"} <= value.keys():
        return f"a table of something else; its columns: {_some(dict.fromkeys(value['columns']))}"
    if isinstance(value, dict):
        return f"no known shape; its keys: {_some(value)}"
    if isinstance(value, list):
        inner = f"; keys of the first: {_some(value[0])}" if value and isinstance(value[0], dict) else ""
        return f"no known shape: a list of {len(value)}{inner}"
    return f"no known shape: a single {type(value).__name__}"


def _some(value: dict[str, Any]) -> str:
    names = sorted(map(str, value))
    shown = ", ".join(name[:60] for name in names[:20])
    return f"{shown}, and {len(names) - 20} more" if len(names) > 20 else shown or "none"
