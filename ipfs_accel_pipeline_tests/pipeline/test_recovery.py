"""Journals that killed runs left behind. Every number here is invented (fakes)."""

import os
import time

from ipfs_accel_pipeline.pipeline.recovery import recover_abandoned
from ipfs_accel_pipeline.storage.shards import ShardStore
from ipfs_accel_pipeline_tests.fakes import HARDWARE_ID, observation

WEEK_S = 7 * 86400


def leave(settings, run_id, idle_s=0.0, hardware_id=HARDWARE_ID):
    with ShardStore(settings.shards).journal(hardware_id, run_id) as journal:
        journal.append(observation(hardware_id=hardware_id))
    touched = time.time() - idle_s
    os.utime(journal.path, (touched, touched))


def recovered(settings, hardware_id=None):
    told = []
    shards = recover_abandoned(settings, told.append, hardware_id)
    assert len(told) == len(shards)
    return [shard.header.run_id for shard in shards]


def test_a_run_that_may_be_executed_again_is_left_a_week(settings):
    leave(settings, "run-new", WEEK_S - 60)
    leave(settings, "run-old", WEEK_S + 60)
    assert recovered(settings) == ["run-old"]
    assert recovered(settings) == []


def test_a_run_of_the_command_line_is_recovered_at_once(settings):
    leave(settings, "cli-20260301T120000Z-abcdef")
    assert recovered(settings) == ["cli-20260301T120000Z-abcdef"]


def test_a_step_recovers_what_is_of_its_own_hardware(settings):
    leave(settings, "run-a", WEEK_S + 60, "cpu/a")
    leave(settings, "run-b", WEEK_S + 60, "cpu-b")
    assert recovered(settings, "cpu/a") == ["run-a"]
    assert recovered(settings, "cpu-b") == ["run-b"]


def test_a_damaged_journal_is_told_and_keeps_no_other_out(settings):
    leave(settings, "run-a", WEEK_S + 60)
    (journal,) = settings.shards.glob("*/*.journal")
    journal.write_bytes(journal.read_bytes() + b"damaged\n")
    leave(settings, "run-b", WEEK_S + 60)
    os.utime(journal, (0, 0))
    told = []
    assert [shard.header.run_id for shard in recover_abandoned(settings, told.append)] == ["run-b"]
    assert "cannot be read" in told[0]
