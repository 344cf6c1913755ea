"""Files are found in folders, patterns and archives; hostile ones are refused and the rest goes on."""

from __future__ import annotations

import io
import os
import tarfile
import zipfile

import pytest

from ipfs_accel_pipeline.storage.legacy_json.archives import Limits
from ipfs_accel_pipeline.storage.legacy_json.documents import Refused
from ipfs_accel_pipeline.storage.legacy_json.sources import Found, find, list_entries, load

SMALL = Limits(file_bytes=1000, archive_bytes=100_000)


def found(*paths, limits=SMALL):
    return list(find(list_entries([str(path) for path in paths], Found()), limits))


def outcome(*paths, limits=SMALL):
    """Name of each source -> its text, or why it was refused."""
    return {
        one.label.rsplit("/", 1)[-1]: one.refused or (one.data or b"").decode() for one in found(*paths, limits=limits)
    }


def tar(path, members, kind="w:gz"):
    with tarfile.open(path, kind) as archive:
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return path


def zipped(path, members):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return path


def test_folders_are_read_in_order_and_other_files_are_counted(tmp_path):
    for name in ("b/x.json", "a/y.json.20250305_232326", "a/z.csv", "a/notes.md"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(name)
    counts = Found()
    labels = [str(path) for path in list_entries([str(tmp_path)], counts)]
    assert [label.removeprefix(f"{tmp_path}/") for label in labels] == [
        "a/y.json.20250305_232326",
        "a/z.csv",
        "b/x.json",
    ]
    assert counts.other_files == 1


def test_patterns_reach_into_folders(tmp_path):
    (tmp_path / "deep" / "er").mkdir(parents=True)
    (tmp_path / "deep" / "er" / "x.json").write_text("1")
    assert outcome(tmp_path / "**" / "*.json") == {"x.json": "1"}


def test_a_pattern_reaches_a_file_once_however_folders_are_linked(tmp_path):
    (tmp_path / "x.json").write_text("1")
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "loop").symlink_to(tmp_path)
    assert list_entries([str(tmp_path / "**" / "*.json")], Found()) == [str(tmp_path / "x.json")]


def test_a_name_that_leads_nowhere_is_refused(tmp_path):
    assert list(outcome(tmp_path / "gone.json").values()) == ["no such file, folder or pattern"]


def test_a_folder_that_links_to_itself_is_read_once(tmp_path):
    (tmp_path / "x.json").write_text("1")
    (tmp_path / "loop").symlink_to(tmp_path)
    result = outcome(tmp_path)
    assert result["x.json"] == "1"
    assert result["loop"] == f"a link to {tmp_path}, which is read already"


def test_links_that_lead_nowhere_and_pipes_are_refused(tmp_path):
    (tmp_path / "dangling.json").symlink_to(tmp_path / "gone")
    (tmp_path / "round.json").symlink_to(tmp_path / "round.json")
    os.mkfifo(tmp_path / "pipe.json")
    result = outcome(tmp_path)
    assert "No such file" in result["dangling.json"]
    assert "symbolic links" in result["round.json"]
    assert result["pipe.json"] == "no regular file"


def test_a_large_file_is_hashed_and_not_kept(tmp_path):
    path = tmp_path / "large.json"
    with path.open("wb") as stream:
        stream.truncate(50 * 2**20)  # sparse: takes no space on disk
    (source,) = found(path, limits=Limits(file_bytes=2**20))
    assert source.data is None
    assert source.refused == "50 MiB; 1 MiB is the most for one file (--max-file-mb)"


@pytest.mark.parametrize("kind", ["w:gz", "w", "w:bz2", "w:xz"])
def test_members_of_tar_archives_are_read(tmp_path, kind):
    path = tar(tmp_path / "a.tar", {"in/x.json": b"1", "notes.md": b"2"}, kind)
    assert [(one.label, one.data) for one in found(path)] == [(f"{path}!in/x.json", b"1")]


def test_members_of_zip_archives_are_read(tmp_path):
    path = zipped(tmp_path / "a.zip", {"in/x.json": b"1", "notes.md": b"2"})
    assert [(one.label, one.data) for one in found(path)] == [(f"{path}!in/x.json", b"1")]


@pytest.mark.parametrize("name", ["../out.json", "/etc/out.json", "a/../../out.json", "..\\out.json", "C:\\out.json"])
@pytest.mark.parametrize("make", [tar, zipped])
def test_a_member_that_leads_out_of_its_archive_is_refused_and_the_rest_is_read(tmp_path, make, name):
    path = make(tmp_path / ("a.zip" if make is zipped else "a.tar.gz"), {name: b"1", "fine.json": b"2"})
    first, second = found(path)
    assert first.refused == "its name leads out of the archive"
    assert second.data == b"2"
    assert {entry.name for entry in tmp_path.iterdir()} == {path.name}


def test_a_link_in_an_archive_is_not_followed(tmp_path):
    path = tmp_path / "a.tar"
    with tarfile.open(path, "w") as archive:
        info = tarfile.TarInfo("x.json")
        info.type, info.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(info)
    assert [one.refused for one in found(path)] == ["a link or device, not a file"]


@pytest.mark.parametrize("make", [tar, zipped])
def test_a_bomb_is_left_before_it_is_unpacked(tmp_path, make):
    path = make(tmp_path / ("b.zip" if make is zipped else "b.tar.gz"), {"x.json": bytes(32 * 2**20)})
    (source,) = found(path, limits=Limits())
    assert "as a bomb does" in source.refused


def test_many_members_that_are_too_much_together_end_the_reading(tmp_path):
    path = tar(tmp_path / "a.tar.gz", {f"{n}.json": os.urandom(900) for n in range(200)})
    sources = found(path)
    assert "unpacks to more than" in sources[-1].refused
    assert len(sources) < 200


def test_a_member_that_is_too_large_is_refused_and_the_rest_is_read(tmp_path):
    path = tar(tmp_path / "a.tar.gz", {"large.json": b"1" * 1001, "x.json": b"2"})
    assert [one.data for one in found(path)] == [None, b"2"]


def test_a_broken_archive_is_refused_after_what_could_be_read(tmp_path):
    path = tar(tmp_path / "a.tar.gz", {f"{n}.json": os.urandom(900) for n in range(50)})
    path.write_bytes(path.read_bytes()[:20_000])
    sources = found(path)
    assert sources[0].data is not None
    assert sources[-1].refused.startswith("broken archive")
    (tmp_path / "b.zip").write_bytes(b"PK\3\4 no zip")
    assert found(tmp_path / "b.zip")[0].refused.startswith("broken archive")


def test_a_tool_of_its_own_refuses_with_the_reason_of_its_source(tmp_path):
    (source,) = found(tmp_path / "gone.json")
    with pytest.raises(Refused, match="no such file"):
        load(source)
