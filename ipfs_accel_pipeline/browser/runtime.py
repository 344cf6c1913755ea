"""The onnxruntime-web that ships with the package: its version, and a build step that fetches and checks it.

`python -m ipfs_accel_pipeline.browser.runtime` fetches the pinned npm version with `npm pack`, refuses files whose
sha256 is not the one in `web/onnxruntime-web/vendored.json`, and puts them there. Needs npm; nothing at run time does.
To take another version, change `version` in that file, run with --adopt, and read what changed.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import Any

from ipfs_accel_pipeline.browser.server import WEB

FOLDER = WEB / "onnxruntime-web"
_DESCRIPTION = FOLDER / "vendored.json"


def describe() -> dict[str, Any]:
    """Name, version, licence and the files' sha256."""
    described: dict[str, Any] = json.loads(_DESCRIPTION.read_text())
    return described


def wrong_files(folder: Path = FOLDER) -> list[str]:
    """The files that are missing or are not what was pinned."""
    return [name for name, digest in describe()["sha256"].items() if _sha256(folder / name) != digest]


def fetch(adopt: bool = False) -> None:
    """Replace the files by those of the pinned npm package."""
    described = describe()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        spec = f"{described['name']}@{described['version']}"
        subprocess.run(["npm", "pack", "--silent", spec], cwd=folder, check=True, stdout=subprocess.DEVNULL)
        with tarfile.open(next(folder.glob("*.tgz"))) as archive:
            for name in described["sha256"]:
                member = archive.extractfile(f"package/dist/{name}")
                assert member is not None, f"{name} is no file in the package"
                (folder / name).write_bytes(member.read())
        if adopt:
            digests = {name: _sha256(folder / name) for name in described["sha256"]}
            _DESCRIPTION.write_text(json.dumps({**described, "sha256": digests}, indent=2) + "\n")
        if wrong := wrong_files(folder):
            raise SystemExit(f"{spec} does not have the pinned sha256 of: {', '.join(wrong)}. Nothing was replaced.")
        for name in described["sha256"]:
            (FOLDER / name).write_bytes((folder / name).read_bytes())


def _sha256(path: Path) -> str | None:
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else None


if __name__ == "__main__":
    fetch(adopt="--adopt" in sys.argv)
    print(f"{describe()['name']} {describe()['version']}: {', '.join(describe()['sha256'])}")
