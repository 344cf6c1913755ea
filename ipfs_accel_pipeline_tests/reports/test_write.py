from __future__ import annotations

import os

import pytest

from ipfs_accel_pipeline.errors import UsageError
from ipfs_accel_pipeline.reports.write import write_report


def test_folders_are_made_and_unicode_is_kept(tmp_path):
    path = write_report("é – 模型\n", tmp_path / "a" / "b" / "report.md")

    assert path.read_bytes() == "é – 模型\n".encode()


def test_an_existing_report_is_replaced_and_nothing_is_left_beside_it(tmp_path):
    (tmp_path / "report.md").write_text("old")

    write_report("new", tmp_path / "report.md")

    assert [(p.name, p.read_text()) for p in tmp_path.iterdir()] == [("report.md", "new")]


def test_a_link_stays_a_link(tmp_path):
    (tmp_path / "real.md").write_text("old")
    (tmp_path / "latest.md").symlink_to(tmp_path / "real.md")

    write_report("new", tmp_path / "latest.md")

    assert (tmp_path / "latest.md").is_symlink()
    assert (tmp_path / "real.md").read_text() == "new"


def test_a_path_that_is_a_folder_is_refused_with_an_example(tmp_path):
    with pytest.raises(UsageError, match=r"is a folder.*report\.md"):
        write_report("text", tmp_path)


def test_a_folder_that_cannot_be_made_is_wrong_use(tmp_path):
    (tmp_path / "file").write_text("")

    with pytest.raises(UsageError, match="Name another --output"):
        write_report("text", tmp_path / "file" / "report.md")


def test_a_failed_write_keeps_the_old_report(tmp_path, monkeypatch):
    (tmp_path / "report.md").write_text("old")

    def refuse(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", refuse)
    with pytest.raises(UsageError, match="No space left on device"):
        write_report("new", tmp_path / "report.md")

    assert [(p.name, p.read_text()) for p in tmp_path.iterdir()] == [("report.md", "old")]
