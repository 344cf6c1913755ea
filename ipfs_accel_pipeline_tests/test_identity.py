"""Row ids are UUIDs of version 5, as the standard library makes them."""

from __future__ import annotations

import uuid

from hypothesis import given
from hypothesis import strategies as st

from ipfs_accel_pipeline.identity import _NAMESPACE, row_id


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"])), min_size=1))
def test_a_row_id_is_the_version_5_uuid_of_its_parts(parts):
    assert row_id(*parts) == str(uuid.uuid5(_NAMESPACE, "\x1f".join(parts)))


def test_nothing_and_its_name_are_two_parts():
    assert row_id("a", None) != row_id("a", "None")
