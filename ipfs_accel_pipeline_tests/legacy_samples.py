"""One small invented document for every shape of legacy file, with the names that the original gave its keys."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

TIME = "2025-03-06T17:48:25.199371"
RUNS_MS = [20.125, 22.5, 21.75, 30.25, 20.875]


def direct(model: str = "prajjwal1/bert-tiny", hardware: str = "cpu", time: str = TIME, **batch: Any) -> dict[str, Any]:
    """S01."""
    average = sum(RUNS_MS) / len(RUNS_MS)
    result = {
        "success": True,
        "batch_size": 1,
        "avg_latency_ms": average,
        "throughput_items_per_second": 1000 / average,
        "memory_mb": 512.25,
        "latencies_ms": RUNS_MS,
        "device": "cpu",
        "timestamp": time,
    } | batch
    return {
        "model": model,
        "hardware": hardware,
        "success": True,
        "batch_results": {"1": result},
        "timestamp": "2025-03-06T17:48:23.974325",
    }


def wrapped(**options: Any) -> dict[str, Any]:
    """S02 around the same S01."""
    inner = direct(**options)
    entry = {"model": inner["model"], "hardware": "cpu", "command": "python run.py", "stdout": "", "stderr": ""}
    return {
        "models": [inner["model"]],
        "hardware": "cpu",
        "batch_sizes": "1",
        "timestamp": "2025-03-06T17:48:16.802295",
        "results": {inner["model"]: {**entry, "success": True, "benchmark_data": inner}},
    }


def seconds(factors: dict[str, float], model: str = "openai/clip-vit-base-patch32") -> dict[str, Any]:
    """S03: the same model on several platforms, each so many times as slow as the first."""
    platforms = {}
    for hardware, factor in factors.items():
        runs = {f"batch_{batch}": [0.1 * batch * factor * (1 + n / 97) for n in range(10)] for batch in (1, 4, 8)}
        platforms[hardware] = {
            "status": "completed",
            "model_name": model,
            "hardware": hardware,
            "model_load_time": 6.5,
            "timestamp": "2025-03-05T21:48:14.945787",
            "benchmark_results": {
                key: {
                    "status": "completed",
                    "latencies": values,
                    "avg_latency": sum(values) / len(values),
                    "throughput": int(key[-1]) / (sum(values) / len(values)),
                    "iterations": len(values),
                }
                for key, values in runs.items()
            },
        }
    return {
        "timestamp": "20250305_214814",
        "system_info": {
            "hostname": "builder",
            "cuda_devices": [{"name": "Quadro P4000", "total_memory_gb": 7.5, "multi_processor_count": 14}],
        },
        "hardware_info": dict.fromkeys(factors, True),
        "benchmarks": {"multimodal": {model: platforms}},
    }


def web(**changes: Any) -> dict[str, Any]:
    """S11."""
    return {
        "model_key": "t5",
        "model_name": "t5-small",
        "platform": "webgpu",
        "status": "success",
        "browser_opened": False,
        "timestamp": "2025-03-05T19:33:49.678544",
        "implementation_type": "REAL_WEBGPU",
        "is_simulation": True,
        "metrics": {"inference_time_ms": 80, "load_time_ms": 480, "throughput_items_per_second": 100.0},
    } | changes


def constants(hardware_key: str = "cpu", hardware: str = "CPU") -> dict[str, Any]:
    """S12."""
    batch = {"throughput": 50, "latency_ms": 20, "memory_usage_mb": 115, "success": True, "command": "python run.py"}
    return {
        "model": "BERT",
        "model_key": "bert",
        "model_path": "bert-base-uncased",
        "hardware": hardware,
        "hardware_key": hardware_key,
        "timestamp": "2025-03-05T19:57:13.297083",
        "batch_sizes": {"1": batch},
        "compatible": True,
    }


def claim(**changes: Any) -> dict[str, Any]:
    """S08."""
    return {
        "status": {"init": "Success", "cpu_init": "Success (REAL)", "cuda_tests": "CUDA not available"},
        "examples": [{"timestamp": 1740729996.99, "elapsed_time": 0.0999417, "platform": "CPU"}],
        "metadata": {"model_name": "facebook/detr-resnet-50", "test_timestamp": "2025-03-02T22:28:17.726905"},
    } | changes


FLAT = {
    "init": "Success",
    "cpu_init": "Success",
    "cuda_tests": "CUDA not available",
    "qualcomm_handler": "Failed handler",
}

THREE_RUNS = {
    "results": {
        "pipeline": {"device": "cuda", "pipeline_success": True},
        "from_pretrained": {"device": "cuda", "from_pretrained_success": False, "from_pretrained_error": "no weights"},
    },
    "performance": {
        "pipeline_cuda": {"avg_time": 0.012515625, "min_time": 0.011515625, "max_time": 0.014515625, "num_runs": 3}
    },
    "hardware": {"preferred_device": "cuda"},
    "metadata": {"model": "bert-base-uncased", "timestamp": "2025-03-01T16:47:22.223764"},
}


def three_runs(average: float, **changes: float) -> dict[str, Any]:
    """S10 whose minimum and maximum are 10 % from the average, as where they were computed from it."""
    limits = {"min_time": changes.get("minimum", average * 0.9), "max_time": average * 1.1}
    return THREE_RUNS | {"performance": {"pipeline_cuda": {"avg_time": average, "num_runs": 3} | limits}}


SINGLE_RUN = {
    "results": {
        "cpu": {
            "init": "Success",
            "execution_time": 0.14417886,
            "implementation_type": "REAL_CPU",
            "success": True,
        }
    },
    "metadata": {"model_id": "openai/clip-vit-base-patch32", "timestamp": "2025-03-05T19:46:40.097811"},
}

OUTCOME = {
    "model": "prajjwal1/bert-tiny",
    "platform": "openvino",
    "timestamp": "2025-03-06T21:39:24.588678",
    "success": False,
    "execution_time": 0.25,
    "error": "CUDA out of memory",
}

ENDPOINTS = {
    "timestamp": "2025-02-28T19:44:05.241452",
    "model_results": {
        "facebook/opt-125m": {
            "cuda:0": {
                "steps": {"create": {"error": "list indices must be integers"}},
                "status": "Failed - no endpoint",
            }
        }
    },
}


def endpoint(answer: str) -> dict[str, Any]:
    """S30 that succeeded, by its own words; only a step says what answered."""
    steps = {"endpoint_invocation": {"status": "Success", "result": answer}}
    return {"timestamp": TIME, "model_results": {"acme/tiny": {"cuda:0": {"steps": steps, "status": "Success"}}}}


COMPARED = {
    "timestamp": "2025-03-02T12:00:00Z",
    "results_by_modality": {
        "text": [{"model": "bert-base-uncased", "webnn": {"time_ms": 15.2, "memory_mb": 35, "success": True}}]
    },
}

FLAT_RECORD = {
    "model_name": "bert-base-uncased",
    "hardware_type": "cpu",
    "device_name": "Intel Core i9-12900K",
    "batch_size": 8,
    "precision": "fp32",
    "average_latency_ms": 19.1,
    "throughput_items_per_second": 52.4,
    "memory_peak_mb": 1536.2,
    "iterations": 100,
}


# Shape -> (document, outcome of its file).
def settings(**options: Any) -> dict[str, Any]:
    """S39: an average, its spread and a failure, by batch size."""
    average = sum(RUNS_MS) / len(RUNS_MS)
    timed = {
        "batch_size": 1,
        "latency_ms": average,
        "latency_std_ms": 3.6125,
        "throughput_items_per_sec": 1000 / average,
        "memory_usage_mb": 0,
        "output_shape": {},
    }
    return {
        "model_name": "bert-base-uncased",
        "hardware": "cpu",
        "device": "cpu",
        "results": [timed, {"batch_size": 8, "error": "CUDA out of memory"}],
    } | options


def on_phone(**parameters: Any) -> dict[str, Any]:
    """S41, as the prototype of the harness wrote it: with times that it drew at random."""
    one = {
        "status": "success",
        "parameters": {"batch_size": 1, "threads": 4, "accelerator": "cpu"} | parameters,
        "latency_ms": {"min": min(RUNS_MS), "max": max(RUNS_MS), "mean": sum(RUNS_MS) / 5, "values": RUNS_MS},
        "configuration": {"batch_size": 1, "accelerator": "cpu", "threads": 4},
    }
    npu = one | {"configuration": {"batch_size": 1, "accelerator": "npu", "threads": 4}}
    phone = {"model": "Pixel 7", "chipset": "Snapdragon"}
    return {
        "status": "success",
        "model_name": "mobilenet-v2",
        "device_info": phone,
        "timestamp": TIME,
        "configurations": [one, npu],
    }


def skill_test(**metadata: Any) -> dict[str, Any]:
    """S10d."""
    one = {"success": True, "model_id": "bert-base-uncased", "device": "cuda"}
    times = {"load_time": 1.23456, "inference_time": 0.01234567}
    on_openvino = one | {"device": "CPU (OpenVINO)", "load_time": 2.34567, "inference_time": 0.0345678}
    return {
        "pipeline": one | {"performance": times},
        "from_pretrained": {"success": False, "error": "weights are missing"},
        "openvino": on_openvino,
        "metadata": {"model_id": "bert-base-uncased", "device": "cuda", "timestamp": TIME} | metadata,
    }


BY_SHAPE: dict[str, tuple[Any, str]] = {
    "S01 direct_benchmark": (direct(), "imported"),
    "S02 batch_benchmarks": (wrapped(), "imported"),
    "S03 hardware_benchmark": (seconds({"cpu": 1.0}), "imported"),
    "S04 benchmark_summary": ({"model_families": {}, "performance_comparison": {}, "timestamp": "x"}, "left_out"),
    "S05 comprehensive_run": (
        {"models": {"bert": {"name": "prajjwal1/bert-tiny", "family": "embedding"}}, "functionality_verification": {}},
        "imported",
    ),
    "S06 compat_matrix": ({"model_families": {"audio": {"hardware_compatibility": {"cpu": {}}}}}, "left_out"),
    "S07 functionality": (
        {
            "stats": {"timestamp": "20250302_221801"},
            "model_results": {"clap": {"cpu": True}},
            "detailed_results": [{"model": "clap", "hardware": "cpu", "success": True, "return_code": 0, "stderr": ""}],
        },
        "imported",
    ),
    "S08 status_examples": (claim(), "imported"),
    "S09 flat_prefixed": (FLAT, "imported"),
    "S10 hf_test_perf": (THREE_RUNS, "imported"),
    "S10b hf_test_minimal": (
        {"results": {"pipeline": {"success": True}}, "metadata": {"model": "bert-base-uncased"}},
        "left_out",
    ),
    "S10d skill_test": (skill_test(), "imported"),
    "S10c metadata_results": (
        {"metadata": {"model": "hf_whisper"}, "results": {"cpu_init": "Success (MOCK)"}},
        "imported",
    ),
    "S11 web_platform": (web(), "imported"),
    "S11b web_all_models": ({"platform": "webgpu", "results": [web()]}, "imported"),
    "S12 key_model_hw": (constants(), "imported"),
    "S13 single_perf_wrapper": (
        {"test_file": "test_hf_llama.py", "return_code": 0, "stderr": "", "stdout": "", "json_result": claim()},
        "imported",
    ),
    "S14 skill_perf_wrapper": ({"skill_tests": {}, "timestamp": TIME}, "left_out"),
    "S15 perf_suite": (
        {
            "results": {
                "test_hf_t5.py": {
                    "status": "success",
                    "execution_time": 1.5,
                    "performance_metrics": {"cpu": {"tokens_per_second": 100.5}},
                }
            }
        },
        "imported",
    ),
    "S16 flat_records": ([FLAT_RECORD], "imported"),
    "S17 tests_by_platform": (
        {
            "model": "facebook/hubert-base-ls960",
            "tests": {"cuda": {"status": "Success (REAL)", "inference_time": 0.28}},
        },
        "imported",
    ),
    "S18 hw_single_test": (SINGLE_RUN, "imported"),
    "S19 single_outcome": (OUTCOME, "imported"),
    "S19b outcome_list": ([OUTCOME], "imported"),
    "S20 suite": ({"summary": {"total": 1}, "tests": [{"status": "success", "model": "blip"}]}, "left_out"),
    "S21 progress": (
        {
            "completed_benchmarks": [],
            "failed_benchmarks": [{"model_type": "bert", "hardware_type": "cpu", "error": "killed", "timestamp": TIME}],
        },
        "imported",
    ),
    "S23 browser_comparison": ({"model": "whisper", "tests": [{"browser": "firefox"}]}, "left_out"),
    "S24 marked_misleading": (
        {"inference": {}, "training": {}, "hardware_compatibility": {}, "WARNING": {}},
        "left_out",
    ),
    "S25 api_tests": ({"endpoint_handler_creation": "Success", "post_request": "Success"}, "left_out"),
    "S26 error_only": ({"status": "Error", "error": "no module", "traceback": "..."}, "left_out"),
    "S28 browser_caps": ({"browser": "firefox", "webgpu": {"supported": False}, "timestamp": TIME}, "imported"),
    "S29 hardware_detection": (
        {"cuda": True, "cuda_devices": [{"name": "RTX 3080", "total_memory": 10.0}]},
        "imported",
    ),
    "S30 endpoint_results": (ENDPOINTS, "imported"),
    "S31 master_results": ({"test_ipfs_accelerate": {"test_backend": "AttributeError: no"}}, "left_out"),
    "S32 nested_by_test": ({"test_hf_bert": {"cpu_init": "Success"}}, "imported"),
    "S33 model_classification": ([{"model_name": "acme/new-model", "family": "vision"}], "imported"),
    "S34 parallel_loading": (
        {
            "text": {
                "model_name": "t5-small",
                "with_parallel": {"success": True, "implementation_type": "REAL_WEBGPU", "performance": {}},
                "without_parallel": {"success": True, "implementation_type": "SIMULATION", "performance": {}},
            }
        },
        "imported",
    ),
    "S35 web_platform_comparison": (COMPARED, "imported"),
    "S36 nested_records": (
        {"size_tiny": {"webnn": {"text": FLAT_RECORD | {"platform": "webnn", "result_type": "SIMULATION"}}}},
        "imported",
    ),
    "S37 outcomes_by_platform": (
        [
            {
                "model": "acme/by-platform",
                "timestamp": TIME,
                "hardware_results": {"cpu": {"success": False, "exit_code": 1, "error_summary": "out of memory"}},
            }
        ],
        "imported",
    ),
    "S39 configurations": (settings(), "imported"),
    "S40 by_platform": ({"bert": {"cpu": {"success": True}, "cuda": {"success": False, "error": "x"}}}, "imported"),
    "S41 phone_benchmark": (on_phone(), "imported"),
    "S42 openvino_benchmark": (
        {
            "benchmark_type": "openvino",
            "results": [{"status": "error", "model": "t5-small", "device": "CPU", "error": "not loaded"}],
        },
        "imported",
    ),
    "S43 tests_of_a_model": (
        {"model": "t5-small", "device": "cuda", "results": {"test_loading": "PASS", "test_run": "FAIL: no weights"}},
        "imported",
    ),
    "S44 webnn_coverage": (
        {
            "browser_capabilities": {},
            "webnn_benchmarks": {
                "edge": {"t5-small": {"1": {"model": "t5-small", "browser": "edge", "status": "simulation"}}}
            },
        },
        "imported",
    ),
    "S46 quantization": (
        {"cuda": {"int8": {"t5-small": {"status": "Success (REAL)", "inference_time": 0.0234567}}}},
        "imported",
    ),
    "S10e flat_test": (
        {"model_id": "t5-small", "device": "cpu", "direct_success": True, "direct_inference_time": 0.0212345},
        "imported",
    ),
    "S47 modelled": ({"configuration": {}, "execution_summary": {"total_tests": 4}}, "left_out"),
    "S48 quantized_weights": (
        {"model": "t5-small", "platform": "webgpu", "precision_formats": {"int8": {"memory_mb": 60.5}}},
        "left_out",
    ),
    "S45 distributed_training": (
        {"model": "t5-small", "strategy": "DDP", "num_nodes": 1, "gpus_per_node": 2},
        "left_out",
    ),
    "S38 wrapper": ({"results": [FLAT_RECORD], "timestamp": TIME}, "imported"),
    "N_model_list": ({"bert": {"name": "acme/tiny", "family": "embedding"}}, "imported"),
    "N_config": ({"batch_sizes": [1], "warmup_iterations": 5, "benchmark_iterations": 20}, "ignored"),
    "N_code_fix_report": ({"total_files": 2, "files_fixed": 1, "total_issues_fixed": 4}, "ignored"),
    "N_ipfs_cache": ({"cid": "Qm1", "data": {}}, "ignored"),
}


def write(path: Path, document: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document), encoding="utf-8")
    return path
