from __future__ import annotations

import gzip
import os
from datetime import UTC, datetime, timedelta

import pytest

from ipfs_accel_pipeline.errors import StorageError
from ipfs_accel_pipeline.storage import journals
from ipfs_accel_pipeline.storage.observation_json import FORMAT
from ipfs_accel_pipeline.storage.shard_files import Header, info_of, shard_path
from ipfs_accel_pipeline.storage.shards import ShardStore
from ipfs_accel_pipeline_tests import fakes
from ipfs_accel_pipeline_tests.storage import processes

HARDWARE, RUN = fakes.HARDWARE_ID, fakes.RUN_ID


@pytest.fixture
def store(tmp_path):
    return ShardStore(tmp_path / "shards")


def sealed(store, *observations, hardware_id=HARDWARE, run_id=RUN):
    with store.journal(hardware_id, run_id, {"host": "fake"}) as journal:
        for observation in observations:
            journal.append(observation)
        return journal.seal()


def files_of(store) -> list[str]:
    return sorted(path.name for path in store.root.glob("*/*"))


def test_a_sealed_shard_is_read_as_it_was_recorded(store):
    shard = sealed(store, fakes.observation(), fakes.failed_observation())
    (info,) = store.shards()
    assert store.read(info) == shard
    assert shard.observations == (fakes.observation(), fakes.failed_observation())
    assert (shard.header.hardware_id, shard.header.run_id, shard.header.details) == (HARDWARE, RUN, {"host": "fake"})
    assert (info.hardware_id, info.run_id, info.started_at) == (HARDWARE, RUN, shard.header.started_at)
    assert files_of(store) == [shard.path.name]


def test_a_run_without_observations_can_be_sealed(store):
    assert store.read(sealed(store).path).observations == ()


def test_the_next_attempt_of_a_run_continues_where_the_last_one_stopped(store):
    with store.journal(HARDWARE, RUN, {"attempt": 1}) as journal:
        journal.append(fakes.observation())
    with store.journal(HARDWARE, RUN, {"attempt": 2}) as journal:
        assert journal.observations() == [fakes.observation()]
        journal.append(fakes.observation(round_index=1))
        shard = journal.seal()
    assert [one.round_index for one in shard.observations] == [0, 1]
    assert shard.header.details == {"attempt": 1}


def test_another_run_or_other_hardware_begins_anew(store):
    with store.journal(HARDWARE, RUN) as journal:
        journal.append(fakes.observation())
    for hardware_id, run_id in ((HARDWARE, "run-2"), ("cpu-other", RUN)):
        with store.journal(hardware_id, run_id) as journal:
            assert journal.observations() == []


@pytest.mark.parametrize("torn", [b'{"observation": {"case"', b"\x00" * 40, b"x"])
def test_a_line_torn_by_a_kill_is_dropped_with_a_note_and_the_rest_is_kept(store, torn):
    with store.journal(HARDWARE, RUN) as journal:
        journal.append(fakes.observation())
        path = journal.path
    with path.open("ab") as file:
        file.write(torn)
    with store.journal(HARDWARE, RUN) as journal:
        assert journal.observations() == [fakes.observation()]
        journal.append(fakes.failed_observation())
        shard = journal.seal()
    assert shard.observations == (fakes.observation(), fakes.failed_observation())
    assert f"incomplete last line of {len(torn)} bytes" in shard.notes[0]
    assert store.read(shard.path).notes == shard.notes


def test_a_journal_killed_in_its_first_line_begins_anew(store):
    with store.journal(HARDWARE, RUN) as journal:
        path = journal.path
    path.write_bytes(b'{"header": {"form')
    with store.journal(HARDWARE, RUN, {"host": "again"}) as journal:
        assert journal.header.details == {"host": "again"}
        assert journal.seal().observations == ()


def test_a_journal_damaged_in_the_middle_is_named_with_the_line(store):
    with store.journal(HARDWARE, RUN) as journal:
        journal.append(fakes.observation())
        path = journal.path
    path.write_bytes(path.read_bytes() + b"damaged\n")
    with pytest.raises(StorageError, match=r"\.journal, line 3, cannot be read"):
        store.journal(HARDWARE, RUN).__enter__()
    with pytest.raises(StorageError, match="line 3"):  # and the lock is free again
        store.journal(HARDWARE, RUN).__enter__()


def test_two_processes_cannot_write_one_journal(store, tmp_path):
    writer = processes.start(processes.record_and_stop, store.root, tmp_path / "ready")
    try:
        processes.wait_for(tmp_path / "ready")
        with pytest.raises(StorageError, match="Another process is writing the journal"):
            store.journal(HARDWARE, RUN).__enter__()
        assert store.abandoned() == []
    finally:
        writer.kill()
        writer.join()


def test_a_killed_run_loses_nothing(store, tmp_path):
    writer = processes.start(processes.record_and_stop, store.root, tmp_path / "ready")
    processes.wait_for(tmp_path / "ready")
    writer.kill()
    writer.join()
    assert store.shards() == []
    (journal,) = store.abandoned()
    shard = store.recover(journal)
    assert shard.observations == (fakes.observation(), fakes.failed_observation())
    assert (shard.header.run_id, shard.header.details) == (RUN, {"host": "fake"})
    assert store.abandoned() == []
    assert files_of(store) == [shard.path.name]


def test_a_journal_touched_lately_is_left_to_its_next_attempt(store):
    with store.journal(HARDWARE, RUN) as journal:
        journal.append(fakes.observation())
    assert store.abandoned(idle_s=3600) == []
    os.utime(journal.path, (0, 0))
    assert store.abandoned(idle_s=3600) == [journal.path]


def test_sealing_again_after_a_crash_in_between_gives_the_same_shard(store, monkeypatch):
    with monkeypatch.context() as patch, store.journal(HARDWARE, RUN) as journal:
        journal.append(fakes.observation())
        patch.setattr(journals.Journal, "_remove", lambda self: None)  # killed before the journal was removed
        first = journal.seal()
    assert store.recover(*store.abandoned()) == first
    assert files_of(store) == [first.path.name]


def test_a_full_disk_while_sealing_keeps_the_journal(store, monkeypatch):
    with store.journal(HARDWARE, RUN) as journal:
        journal.append(fakes.observation())

        def fail(source, target):
            raise OSError(28, "No space left on device")

        with monkeypatch.context() as patch:
            patch.setattr(os, "replace", fail)
            with pytest.raises(StorageError, match="disk is full"):
                journal.seal()
    assert files_of(store) == [journal.path.name, journal.path.name + ".lock"]
    assert store.recover(journal.path).observations == (fakes.observation(),)


def test_a_full_disk_while_recording_keeps_what_was_recorded(store, monkeypatch):
    with store.journal(HARDWARE, RUN) as journal:
        journal.append(fakes.observation())
        write = os.write
        with monkeypatch.context() as patch:
            patch.setattr(os, "write", lambda descriptor, line: write(descriptor, line[:10]))
            with pytest.raises(StorageError, match="disk is full"):
                journal.append(fakes.failed_observation())
        journal.append(fakes.observation(round_index=1))
        assert [one.round_index for one in journal.seal().observations] == [0, 1]


def test_a_journal_cannot_be_used_outside_of_its_block(store):
    journal = store.journal(HARDWARE, RUN)
    with pytest.raises(StorageError, match="not open"):
        journal.append(fakes.observation())


def test_every_observation_is_on_the_disk_before_append_returns(store, monkeypatch):
    synced = []
    fsync = os.fsync
    monkeypatch.setattr(os, "fsync", lambda descriptor: (synced.append(descriptor), fsync(descriptor)))
    with store.journal(HARDWARE, RUN) as journal:
        synced.clear()
        journal.append(fakes.observation())
        assert len(synced) == 1
        assert journal.path.read_bytes().endswith(b"\n")


DAMAGES = {
    "truncated": lambda content: content[: len(content) // 2],
    "empty": lambda content: b"",
    "not gzip": lambda content: b"hello",
    "another content": lambda content: gzip.compress(gzip.decompress(content) + b"\n"),
    "a flipped byte": lambda content: content[:-12] + bytes([content[-12] ^ 1]) + content[-11:],
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_shard_is_named_and_the_others_stay_readable(store, damage):
    bad = sealed(store, fakes.observation())
    good = sealed(store, fakes.observation(), run_id="run-2")
    bad.path.write_bytes(DAMAGES[damage](bad.path.read_bytes()))
    first, second = store.shards()
    with pytest.raises(StorageError, match=rf"The shard .*{bad.path.name} is damaged"):
        store.read(first)
    assert store.read(second) == good


def test_a_shard_of_a_later_version_says_so(store):
    shard = sealed(store, fakes.observation())
    lines = gzip.decompress(shard.path.read_bytes()).replace(b'"format":1', b'"format":9')
    path = shard_path(shard.path.parent, shard.header, journals.digest_of(lines))
    path.write_bytes(gzip.compress(lines))
    with pytest.raises(StorageError, match=f"format 9, this package reads up to {FORMAT}"):
        store.read(path)


def test_shards_are_listed_oldest_first_and_by_hardware(store):
    header = Header(HARDWARE, RUN, datetime(2026, 3, 1, tzinfo=UTC))
    times = [timedelta(days=2), timedelta(days=-400), timedelta(0)]
    for number, offset in enumerate(times):
        hardware_id = f"cpu-{number}"
        path = shard_path(store.root / hardware_id, Header(hardware_id, RUN, header.started_at + offset), "a" * 64)
        path.parent.mkdir(parents=True)
        path.touch()
    assert [info.hardware_id for info in store.shards()] == ["cpu-1", "cpu-2", "cpu-0"]
    assert [info.hardware_id for info in store.shards("cpu-2")] == ["cpu-2"]
    assert store.shards("cpu-9") == []


def test_files_of_others_in_the_store_are_no_shards(store):
    sealed(store, fakes.observation())
    (store.root / HARDWARE / "notes.jsonl.gz").touch()
    (store.root / HARDWARE / ".something.tmp").touch()
    (store.root / "README").touch()
    assert len(store.shards()) == 1


def test_an_empty_store_has_no_shards(store):
    assert store.shards() == store.abandoned() == store.unloaded([]) == []


def test_only_shards_that_the_database_does_not_know_are_unloaded(store):
    known = sealed(store, fakes.observation())
    unknown = sealed(store, fakes.observation(), run_id="run-2")
    assert [info.path for info in store.unloaded([known.shard_id, "of another database"])] == [unknown.path]


ODD_NAMES = [
    "../../etc/passwd",
    "a b/c\\d:e*?[x]",
    "..",
    ".hidden",
    "größe-✓",
    "%2F",
    "",
    "run-with-many-dashes",
    "x" * 400,
]


@pytest.mark.parametrize("name", ODD_NAMES)
def test_odd_names_stay_inside_the_store_and_come_back(store, name):
    shard = sealed(store, fakes.observation(), hardware_id=name, run_id=name)
    assert shard.path.parent.parent == store.root
    assert [info.path for info in store.shards(name)] == [shard.path]
    assert (store.read(shard.path).header.hardware_id, shard.header.run_id) == (name, name)
    if len(name) in range(1, 100):
        assert (info_of(shard.path).hardware_id, info_of(shard.path).run_id) == (name, name)


def test_the_id_follows_from_the_content_alone(store, tmp_path):
    shard = sealed(store, fakes.observation())
    copy = tmp_path / "elsewhere" / HARDWARE / shard.path.name
    copy.parent.mkdir(parents=True)
    copy.write_bytes(shard.path.read_bytes())
    assert store.read(copy).shard_id == shard.shard_id


def test_a_journal_that_another_process_recovered_meanwhile_is_nothing_to_recover(tmp_path):
    store = ShardStore(tmp_path)
    with store.journal("cpu-a", "run-1") as journal:
        journal.append(fakes.observation())
    (left,) = store.abandoned()
    assert store.recover(left) is not None
    assert store.recover(left) is None
    assert store.abandoned() == []
    assert len(store.shards()) == 1


def test_a_run_killed_before_its_first_observation_leaves_no_shard(tmp_path):
    store = ShardStore(tmp_path)
    with store.journal("cpu-a", "run-1") as journal:
        path = journal.path
    path.write_bytes(path.read_bytes()[:20])
    assert store.recover(path) is None
    assert store.shards() == []
    assert not path.exists()
