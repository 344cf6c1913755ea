"""How fast legacy files are migrated, beside plain orjson.loads of the same files: the physical limit.

    .venv/bin/python -m benchmarks.migration_speed [--files 100000]

Writes that many small files of seven shapes in the mix of the original's history, then takes each way in a process of
its own: only reading and parsing; reading, telling apart, grading and making rows; the whole migration into a new
database; the second, idle migration. Prints seconds, files per second, the ratio to the limit, and peak memory (of the
process, and added to it that of its largest child).
"""

from __future__ import annotations

import json
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import click

_MODELS = ("bert-base-uncased", "prajjwal1/bert-tiny", "t5-small", "openai/whisper-tiny", "facebook/opt-125m")
_START = datetime(2025, 3, 1, tzinfo=UTC)


def _direct(n: int, rng: random.Random) -> Any:
    runs = [rng.lognormvariate(3, 0.3) for _ in range(5)]
    average = sum(runs) / len(runs)
    result = {
        "success": True,
        "batch_size": 1,
        "avg_latency_ms": average,
        "throughput_items_per_second": 1000 / average,
        "memory_mb": rng.uniform(400, 900),
        "latencies_ms": runs,
        "device": "cpu",
        "timestamp": _when(n),
    }
    return {
        "model": rng.choice(_MODELS),
        "hardware": "cpu",
        "success": True,
        "batch_results": {"1": result},
        "timestamp": _when(n),
    }


def _claim(n: int, rng: random.Random) -> Any:
    example = {"input": "text", "timestamp": _when(n), "elapsed_time": rng.random(), "platform": "CPU"}
    return {
        "status": {"init": "Success", "cpu_init": "Success (REAL)", "cuda_tests": "CUDA not available"},
        "examples": [example],
        "metadata": {"model_name": rng.choice(_MODELS), "test_timestamp": _when(n)},
    }


def _web(n: int, rng: random.Random) -> Any:
    return {
        "model_key": "t5",
        "model_name": rng.choice(_MODELS),
        "platform": rng.choice(("webgpu", "webnn")),
        "status": "success",
        "browser_opened": False,
        "timestamp": _when(n),
        "implementation_type": "REAL_WEBGPU",
        "is_simulation": True,
        "metrics": {"inference_time_ms": 80, "load_time_ms": 480, "throughput_items_per_second": 100.0},
    }


def _constants(n: int, rng: random.Random) -> Any:
    batch = {"throughput": 50, "latency_ms": 20, "memory_usage_mb": 115, "success": True, "command": "python run.py"}
    return {
        "model": "BERT",
        "model_key": "bert",
        "model_path": rng.choice(_MODELS),
        "hardware": "Apple MPS",
        "hardware_key": "mps",
        "timestamp": _when(n),
        "batch_sizes": {"1": batch},
        "compatible": True,
    }


def _outcome(n: int, rng: random.Random) -> Any:
    return {
        "model": rng.choice(_MODELS),
        "platform": "openvino",
        "timestamp": _when(n),
        "success": False,
        "execution_time": rng.random(),
        "error": "Check 'shape.rank().is_static()' failed",
    }


def _config(n: int, rng: random.Random) -> Any:
    return {"batch_sizes": [1, 4], "warmup_iterations": 5, "benchmark_iterations": 20, "seed": n}


def _cache(n: int, rng: random.Random) -> Any:
    return {"cid": f"Qm{n}", "name": f"checkpoint_{n}", "data": {"timestamp": _when(n), "version": "1.0.0"}}


# Shape and its share: of the original's 810 files most claim or configure, few measure.
_MIX: tuple[tuple[Callable[[int, random.Random], Any], int], ...] = (
    (_direct, 10),
    (_claim, 25),
    (_web, 15),
    (_constants, 10),
    (_outcome, 10),
    (_config, 15),
    (_cache, 15),
)


def _when(n: int) -> str:
    return (_START + timedelta(seconds=n, microseconds=n % 1000)).isoformat()


def generate(folder: Path, files: int) -> None:
    rng = random.Random(7)
    makers, weights = zip(*_MIX, strict=True)
    for n, make in enumerate(rng.choices(makers, weights, k=files)):
        target = folder / f"{n // 1000:03d}" / f"result_{n:06d}.json"
        target.parent.mkdir(exist_ok=True)
        target.write_text(json.dumps(make(n, rng), indent=2), encoding="utf-8")


def _paths(folder: Path) -> Iterator[Path]:
    return folder.rglob("*.json")


def limit(folder: Path, _: Path) -> int:
    """Open, read and orjson.loads, nothing else."""
    import orjson

    count = 0
    for path in _paths(folder):
        with path.open("rb") as stream:
            orjson.loads(stream.read())
        count += 1
    return count


def rows(folder: Path, database: Path) -> int:
    """Everything but the database."""
    from ipfs_accel_pipeline.pipeline.migration.reading import read_source
    from ipfs_accel_pipeline.pipeline.migration.run import MigrationOptions, load_names
    from ipfs_accel_pipeline.settings import load_settings
    from ipfs_accel_pipeline.storage.legacy_json.sources import Found, find, list_entries

    options, names, now = MigrationOptions(), load_names(load_settings(database)), datetime.now(UTC)
    sources = find(list_entries([str(folder)], Found()), options.limits)
    return sum(1 for source in sources for _ in read_source(source, names, options.accepted, now))


def whole(folder: Path, database: Path) -> int:
    from ipfs_accel_pipeline.pipeline.migration.run import MigrationOptions, migrate
    from ipfs_accel_pipeline.settings import load_settings

    return migrate(load_settings(database), [str(folder)], MigrationOptions()).files


_WAYS = {"orjson.loads": limit, "rows, no database": rows, "migration": whole, "second migration": whole}


@click.command()
@click.option("--files", default=100_000, show_default=True)
@click.option("--way", type=click.Choice(list(_WAYS)), hidden=True)
@click.option("--folder", type=click.Path(path_type=Path), hidden=True)
def main(files: int, way: str | None, folder: Path | None) -> None:
    if way and folder:
        _take(way, folder)
        return
    with tempfile.TemporaryDirectory() as temporary:
        (Path(temporary) / "files").mkdir()
        generate(Path(temporary) / "files", files)
        limit(Path(temporary) / "files", Path(temporary))  # every way finds the files in the page cache
        print(f"{'way':20} {'seconds':>8} {'files/s':>9} {'ratio':>6} {'peak MiB':>9}")
        first = None
        for name in _WAYS:
            command = [sys.executable, __file__, "--way", name, "--folder", temporary]
            seconds, count, peak = json.loads(subprocess.check_output(command))
            first = first or seconds
            print(f"{name:20} {seconds:8.2f} {count / seconds:9.0f} {seconds / first:6.2f} {peak:9.0f}", flush=True)


def _take(way: str, folder: Path) -> None:
    import resource

    # Importing the package is paid once per run, not per file.
    import ipfs_accel_pipeline.pipeline.migration.run  # noqa: F401

    start = time.perf_counter()
    count = _WAYS[way](folder / "files", folder / "benchmark.duckdb")
    seconds = time.perf_counter() - start
    peak = sum(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    print(json.dumps([seconds, count, peak / 1024]))


if __name__ == "__main__":
    main()
