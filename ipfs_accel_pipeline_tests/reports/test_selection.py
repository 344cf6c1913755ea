"""Names a person typed, and what is said to one that is not stored."""

from __future__ import annotations

import pytest

from ipfs_accel_pipeline.errors import UsageError
from ipfs_accel_pipeline.reports.selection import select

HARDWARE = {
    "openvino-cpu-a": ("OpenVINO",),
    **{f"cpu-{letter}": ("CPU",) for letter in "abcdefgh"},
    "cuda-absent": ("CUDA",),
}


def test_ids_and_other_names_are_found_in_any_case():
    assert select(["OPENVINO", " cpu-b "], HARDWARE, "hardware") == ["cpu-b", "openvino-cpu-a"]


def test_a_misspelt_name_gets_the_nearest_first():
    with pytest.raises(UsageError, match=r"no hardware 'openvno'\. Perhaps you meant: OpenVINO\b"):
        select(["openvno"], HARDWARE, "hardware")


@pytest.mark.parametrize("name", ["cpu-z", "xyzzy"])
def test_at_most_five_names_are_suggested(name):
    with pytest.raises(UsageError) as refused:
        select([name], HARDWARE, "hardware")
    assert str(refused.value).count(",") == 4


def test_what_resembles_nothing_is_not_said_to_be_meant():
    with pytest.raises(UsageError, match="The nearest that it has:"):
        select(["xyzzy"], HARDWARE, "hardware")
