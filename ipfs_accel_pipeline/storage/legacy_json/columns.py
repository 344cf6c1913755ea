"""What the columns of the original's tables and records mean: our name, and the unit that stands there.

Columns, not generations: every schema that the original ever had calls the same thing by one of these names. A name
that does not say its unit (`latency`) is here only where all the code that wrote it agrees.
"""

from __future__ import annotations

from collections.abc import Iterable

# Our name -> the columns that hold it, the first that has a value wins.
_NAMES: dict[str, tuple[tuple[str, str], ...]] = {
    "batch_size": (("batch_size", "count"), ("Batch Size", "count")),
    "sequence_length": (("sequence_length", "count"),),
    "average_latency_ms": (
        ("average_latency_ms", "ms"),
        ("avg_latency_ms", "ms"),
        ("latency_mean_ms", "ms"),
        ("latency_ms", "ms"),
        ("latency_avg", "ms"),
        ("latency_mean", "ms"),
        ("avg_inference_time_ms", "ms"),
        ("inference_time_ms", "ms"),
        ("subsequent_inference_time_ms", "ms"),
        ("avg_inference_time", "s->ms"),
        ("inference_time", "s->ms"),
        ("Latency (ms)", "ms"),
        ("Forward Latency (ms)", "ms"),
    ),
    "p50_latency_ms": (
        ("p50_latency_ms", "ms"),
        ("latency_median_ms", "ms"),
        ("median_latency_ms", "ms"),
        ("latency_p50", "ms"),
    ),
    "p90_latency_ms": (("p90_latency_ms", "ms"), ("latency_90p_ms", "ms"), ("latency_p90", "ms")),
    "p95_latency_ms": (("p95_latency_ms", "ms"), ("latency_p95", "ms")),
    "p99_latency_ms": (("p99_latency_ms", "ms"), ("latency_p99", "ms")),
    "min_latency_ms": (("min_latency_ms", "ms"), ("latency_min_ms", "ms")),
    "max_latency_ms": (("max_latency_ms", "ms"), ("latency_max_ms", "ms")),
    "std_latency_ms": (("std_latency_ms", "ms"), ("latency_std_ms", "ms")),
    "throughput_items_per_second": (
        ("throughput_items_per_second", "per s"),
        ("throughput_items_per_sec", "per s"),
        ("throughput_samples_per_sec", "per s"),
        ("avg_throughput_items_per_sec", "per s"),
        ("throughput", "per s"),
        ("Throughput (items/s)", "per s"),
        ("Forward Throughput (items/s)", "per s"),
    ),
    "tokens_per_second": (
        ("tokens_per_second", "per s"),
        ("throughput_tokens_per_sec", "per s"),
        ("throughput_tokens_per_second", "per s"),
    ),
    "memory_peak_mb": (("memory_peak_mb", "MB"), ("peak_memory_mb", "MB"), ("memory_peak", "MB")),
    "memory_used_mb": (
        ("memory_used_mb", "MB"),
        ("memory_usage_mb", "MB"),
        ("memory_mb", "MB"),
        ("memory_usage", "MB"),
        ("avg_memory_usage_mb", "MB"),
    ),
    "model_load_ms": (
        ("model_load_ms", "ms"),
        ("load_time_ms", "ms"),
        ("load_time", "s->ms"),
        ("load_time_sec", "s->ms"),
        ("startup_time", "s->ms"),
    ),
    "initialization_ms": (("initialization_time_ms", "ms"), ("init_time_ms", "ms")),
    "first_inference_ms": (("first_inference_ms", "ms"), ("first_inference_time_ms", "ms"), ("first_inference", "ms")),
    "time_to_first_token_ms": (("time_to_first_token_ms", "ms"), ("first_token_latency_ms", "ms")),
    "iterations": (("iterations", "count"),),
    "warmup_iterations": (("warmup_iterations", "count"),),
    "execution_time": (
        ("total_time_seconds", "s"),
        ("execution_time_seconds", "s"),
        ("execution_time_sec", "s"),
        ("duration_seconds", "s"),
        ("execution_time", "s"),
        ("duration", "s"),
        ("execution_time_ms", "ms->s"),
        ("duration_ms", "ms->s"),
        ("total_time_ms", "ms->s"),
    ),
    "power_watts": (
        ("power_watts", "W"),
        ("power_watts_avg", "W"),
        ("power_consumption_watts", "W"),
        ("power_consumption_w", "W"),
        ("power_consumption_mw", "mW->W"),
    ),
    "power_watts_peak": (("power_watts_peak", "W"),),
    "temperature_celsius_avg": (("temperature_celsius_avg", "Celsius"),),
    "temperature_celsius_peak": (("temperature_celsius_peak", "Celsius"), ("temperature_max_celsius", "Celsius")),
    "battery_impact_mah": (("battery_impact_mah", "mAh"),),
    "test_duration_seconds": (("test_duration_seconds", "s"),),
}
COLUMNS = {column: (name, unit) for name, columns in _NAMES.items() for column, unit in columns}
# How a run was set up: says nothing of what came out.
_SETTINGS = frozenset({"batch_size", "sequence_length", "iterations", "warmup_iterations"})
FIGURES = frozenset(name for name in _NAMES if name not in _SETTINGS)
OUTCOMES = frozenset({"success", "status", "error_message", "error", "is_compatible"})

MODEL_NAMES = ("model_name", "model", "model_id", "Model")
# The first of these that one of the eight hardware types is called: `platform` may also be an operating system.
HARDWARE_NAMES = (
    "hardware_type",
    "hardware",
    "Hardware",
    "hardware_platform",
    "hardware_id",
    "accelerator",
    "acceleration_type",
    "device",
    "platform",
    "endpoint_type",
)
DEVICE_NAMES = ("device_name", "hardware_name", "hardware_model")
# JSON within a row, where the writers put figures and flags that had no column.
NESTED = (
    "performance",
    "metrics",
    "details",
    "metadata",
    "performance_metrics",
    "additional_data",
    "additional_metadata",
    "results",
)
# Computed from results, or from nothing: predictions, advice, comparisons, alarms.
_DERIVED = frozenset(
    {
        "baseline_latency",
        "baseline_throughput",
        "compatibility_level",
        "compatibility_score",
        "confidence_score",
        "improvement_factor",
        "percent_change",
        "change_percent",
        "predicted_latency",
        "prediction_source",
        "recommended",
        "reproducibility_score",
        "suitability_score",
        "z_score",
    }
)
# Rows that only mean something beside the row of another table.
_OF_ANOTHER = frozenset(
    {"result_id", "test_id", "test_result_id", "performance_id", "mobile_edge_id", "benchmark_id", "ipfs_result_id"}
)


def figures_of(columns: Iterable[str]) -> set[str]:
    """What of a result, not of its settings, these columns hold."""
    return {COLUMNS[column][0] for column in columns if column in COLUMNS} & FIGURES


def names_results(columns: Iterable[str]) -> bool:
    """Whether rows with these columns say of a model on some hardware how it ended or how fast it was."""
    names = frozenset(columns)
    return (
        bool(names & frozenset(MODEL_NAMES))
        and bool(names & frozenset(HARDWARE_NAMES))
        and bool(figures_of(names) or names & OUTCOMES)
        and not is_derived(names)
    )


def is_derived(columns: Iterable[str]) -> bool:
    """A verdict about compatibility is a result only where it says what happened."""
    names = frozenset(columns)
    return bool(names & _DERIVED) and "is_compatible" not in names


def belongs_to_another(columns: Iterable[str]) -> bool:
    return bool(frozenset(columns) & _OF_ANOTHER)
