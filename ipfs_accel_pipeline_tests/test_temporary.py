import os
import tempfile

import pytest

from ipfs_accel_pipeline.temporary import OwnedFolder, remove_orphans


@pytest.fixture(autouse=True)
def folder_for_temporary_files(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def test_a_folder_stays_as_long_as_its_owner_lives():
    folder = OwnedFolder("test-")
    os.utime(folder.path / "owner.lock", (0, 0))
    remove_orphans("test-")
    assert folder.path.is_dir()
    folder.remove()
    assert not folder.path.exists()


def test_a_folder_whose_lock_nobody_holds_is_removed_unless_it_is_just_being_made(tmp_path):
    for name in ("test-old", "test-new", "other-old"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "owner.lock").touch()
        if name != "test-new":
            os.utime(tmp_path / name / "owner.lock", (0, 0))
    remove_orphans("test-")
    assert sorted(os.listdir(tmp_path)) == ["other-old", "test-new"]


def test_what_has_no_lock_is_not_judged(tmp_path):
    (tmp_path / "test-of-an-earlier-version").mkdir()
    remove_orphans("test-")
    assert os.listdir(tmp_path) == ["test-of-an-earlier-version"]


def test_without_a_folder_for_temporary_files_there_is_nothing_to_remove(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "gone"))
    remove_orphans("test-")
