"""Two sides of a stored history. Every number here is invented."""

from dataclasses import replace

from ipfs_accel_pipeline.pipeline.comparing import compare_sides
from ipfs_accel_pipeline.pipeline.loading import load_pending
from ipfs_accel_pipeline.storage.database import open_database
from ipfs_accel_pipeline_tests.fakes import HARDWARE_ID, failed_observation
from ipfs_accel_pipeline_tests.pipeline.nights import night, seal

OTHER = "cpu-other"


def rounds(level, **changes):
    return [night(number, level, round_index=number, **changes) for number in range(3)]


def test_of_two_platforms_the_fastest_endpoint_that_passes_is_compared(settings):
    ways = {"onnxruntime": 20.0, "openvino": 12.0, "pytorch": 30.0}
    here = [one for endpoint, level in ways.items() for one in rounds(level, endpoint_type=endpoint)]
    seal(settings, "here", *here, failed_observation(endpoint_type="wasm"))
    seal(settings, "there", *rounds(24.0, hardware_id=OTHER))
    load_pending(settings, [HARDWARE_ID, OTHER])
    with open_database(settings.database) as connection:
        sides = f"hardware:{HARDWARE_ID}", f"hardware:{OTHER}"
        (one,) = compare_sides(connection, settings.shards, *sides, minimum_effect=0.05).compared
    assert (one.a.endpoint_type, one.result.verdict) == ("openvino", "worse")


def test_one_lucky_process_does_not_make_an_endpoint_the_fastest(settings):
    lucky = [night(number, level, endpoint_type="wasm") for number, level in enumerate((5.0, 40.0, 40.0))]
    lucky = [replace(one, round_index=number) for number, one in enumerate(lucky)]
    seal(settings, "here", *rounds(12.0, endpoint_type="openvino"), *lucky)
    seal(settings, "there", *rounds(24.0, hardware_id=OTHER))
    load_pending(settings, [HARDWARE_ID, OTHER])
    with open_database(settings.database) as connection:
        sides = f"hardware:{HARDWARE_ID}", f"hardware:{OTHER}"
        (one,) = compare_sides(connection, settings.shards, *sides, minimum_effect=0.05).compared
    assert one.a.endpoint_type == "openvino"
