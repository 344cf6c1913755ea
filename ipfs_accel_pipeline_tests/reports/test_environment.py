from __future__ import annotations

from ipfs_accel_pipeline.reports.environment import environment_facts
from ipfs_accel_pipeline.reports.rows import EnvironmentFact
from ipfs_accel_pipeline.reports.wording import environment


def test_nested_settings_are_named_with_their_path_and_every_value_is_kept_once():
    facts = environment_facts(
        [{"versions": {"torch": "2.10"}, "threads": 2}, {"versions": {"torch": "2.11"}, "threads": 2}]
    )

    assert facts == (EnvironmentFact("threads", ("2",)), EnvironmentFact("versions.torch", ("2.10", "2.11")))


def test_a_load_that_changes_with_every_measurement_is_told_as_a_range():
    facts = environment_facts([{"load_average_1m": load} for load in (0.5, 2.0, 1.0)])

    assert facts == (EnvironmentFact("load_average_1m", ("0.500 to 2.00",)),)


def test_a_setting_that_was_never_known_is_left_out():
    assert environment_facts([{"cpu_governor": None}]) == ()


def test_many_values_are_shortened_for_people():
    assert environment(tuple("abcdefghij")) == "a; b; c; d; e; f; g; h; and 2 more"
