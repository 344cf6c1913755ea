from __future__ import annotations

import shutil

from ipfs_accel_pipeline.browser import runtime


def test_the_files_that_ship_are_the_pinned_ones():
    assert runtime.wrong_files() == []
    assert "MIT License" in (runtime.FOLDER / "LICENSE").read_text()


def test_a_file_that_was_changed_is_named(tmp_path):
    for name in runtime.describe()["sha256"]:
        shutil.copy(runtime.FOLDER / name, tmp_path / name)
    (tmp_path / "ort.jspi.min.mjs").write_text("// changed")
    (tmp_path / "ort-wasm-simd-threaded.jspi.wasm").unlink()
    assert runtime.wrong_files(tmp_path) == ["ort.jspi.min.mjs", "ort-wasm-simd-threaded.jspi.wasm"]


def test_the_version_that_is_claimed_is_the_one_inside():
    text = (runtime.FOLDER / "ort.jspi.min.mjs").read_text()
    assert f"ONNX Runtime Web v{runtime.describe()['version']}" in text
