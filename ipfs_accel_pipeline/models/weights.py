"""Where a model's weights come from, decided without loading anything: a folder, the hub's cache, a file, or a seed.

`auto` takes real weights where they lie on this machine and random ones otherwise; it never downloads. `pretrained`
insists on real ones and asks the hub if it may be reached. `random` refuses real ones.
"""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from ipfs_accel_pipeline.errors import Unsupported, UsageError
from ipfs_accel_pipeline.models.onnx_files import external_files
from ipfs_accel_pipeline.models.spec import ModelSpec

SEED = 0
CHOICES = ("auto", "random", "pretrained")
_HUB_FILES = ("model.safetensors", "model.safetensors.index.json", "pytorch_model.bin", "pytorch_model.bin.index.json")
_WEIGHT_FILES = ("*.safetensors", "*.bin", "*.json")
_CHUNK_BYTES = 1 << 20


@dataclass(frozen=True)
class WeightsSource:
    """`identity` goes into the bundle's digest; `location` is a folder, a file or a hub repository."""

    kind: str  # random | pretrained (= supplied, not made by us)
    identity: str
    location: str | None = None
    commit: str | None = None  # of a hub repository
    is_local: bool = True  # nothing has to be downloaded


def weights_source(spec: ModelSpec, wanted: str = "auto") -> WeightsSource:
    if wanted not in CHOICES:
        raise UsageError(f"weights {wanted!r} is none of {', '.join(CHOICES)}")
    if spec.source in ("folder", "onnx", "openvino"):
        return _local(spec, wanted)
    if wanted == "random":
        return _random(spec)
    repository = spec.path or spec.model_id
    revision = spec.revision if spec.source == "hub" else None  # a catalogue's revision says where its numbers are from
    cached = _cached_commit(repository, revision)
    if cached:
        return _hub(repository, cached, is_local=True)
    if wanted == "pretrained" or not spec.architecture:
        return _hub(repository, _remote_commit(repository, revision), is_local=False)
    return _random(spec)


def are_here(weights: WeightsSource) -> bool:
    """Whether all files are on this machine by now: a download may have brought some of them only."""
    return weights.commit is None or _cached_commit(str(weights.location), weights.commit) is not None


def files_digest(files: Iterable[Path]) -> str:
    """sha256 over names and contents."""
    digest = hashlib.sha256()
    for file in sorted(files):
        status = file.stat()
        digest.update(f"{file.name}:{_content_digest(str(file), status.st_size, status.st_mtime_ns)}\n".encode())
    return digest.hexdigest()


def weight_files(folder: Path) -> list[Path]:
    """Without folders of such names, and links that lead nowhere."""
    return [file for pattern in _WEIGHT_FILES for file in folder.glob(pattern) if file.is_file()]


def _local(spec: ModelSpec, wanted: str) -> WeightsSource:
    if wanted == "random":
        raise UsageError(
            f"{spec.model_id} comes with its own weights ({spec.source}); ask for weights auto or pretrained"
        )
    path = Path(spec.path or "")
    if not spec.path or not path.exists():
        raise Unsupported(f"{spec.model_id}: {spec.path or 'its path'} does not exist")
    try:
        digest = files_digest(_files(spec.source, path))
    except Unsupported:
        raise
    except Exception as error:  # they changed since the model was found; parsers raise their own kinds
        raise Unsupported(f"{spec.model_id}: its files cannot be read: {error}") from error
    return WeightsSource("pretrained", f"files:{digest}", str(path))


def _files(source: str, path: Path) -> list[Path]:
    if source == "folder":
        return weight_files(path)
    if source == "onnx":
        return [path, *external_files(path)]
    return [path, *(file for file in [path.with_suffix(".bin")] if file.exists())]


def _hub(repository: str, commit: str, is_local: bool) -> WeightsSource:
    """The identity is the same before and after the download."""
    return WeightsSource("pretrained", f"hub:{repository}@{commit}", repository, commit, is_local)


def _random(spec: ModelSpec) -> WeightsSource:
    if not spec.architecture or not spec.config_class:
        raise Unsupported(f"{spec.model_id} names no architecture to build with random weights, and has no local ones")
    return WeightsSource("random", f"random:seed{SEED}")


def _cached_commit(repository: str, revision: str | None) -> str | None:
    """The commit of a complete snapshot in the hub's local cache: the revision's, else the only one there is.

    Without a revision the branch main comes first. A download by commit leaves no branch behind.
    """
    from huggingface_hub import try_to_load_from_cache
    from huggingface_hub.errors import HFValidationError

    try:
        config = try_to_load_from_cache(repository, "config.json", revision=revision)
    except HFValidationError:  # a catalogue's own name, no repository
        return None
    if isinstance(config, str) and _is_complete(Path(config).parent):
        return Path(config).parent.name
    commits = _complete_commits(repository) if revision is None else []
    return commits[0] if len(commits) == 1 else None


def _complete_commits(repository: str) -> list[str]:
    from huggingface_hub import constants
    from huggingface_hub.file_download import repo_folder_name

    folder = Path(constants.HF_HUB_CACHE) / repo_folder_name(repo_id=repository, repo_type="model") / "snapshots"
    return sorted(snapshot.name for snapshot in folder.glob("*") if _is_complete(snapshot))


def _is_complete(snapshot: Path) -> bool:
    """Whether a model can be loaded from it: its configuration, and each file that its index of weights names."""
    file = next((file for name in _HUB_FILES if (file := snapshot / name).is_file()), None)
    if file is None or not (snapshot / "config.json").is_file():
        return False
    try:
        shards = json.loads(file.read_text(encoding="utf-8"))["weight_map"].values() if file.suffix == ".json" else ()
    except (ValueError, KeyError):  # no index
        return False
    return all((snapshot / shard).is_file() for shard in shards)


def _remote_commit(repository: str, revision: str | None) -> str:
    from huggingface_hub import HfApi

    try:
        commit = HfApi().model_info(repository, revision=revision, timeout=10).sha
    except Exception as error:
        raise Unsupported(
            f"{_what_is_cached(repository, revision)}, and the hub cannot be asked "
            f"({type(error).__name__}). Download them where there is a network, or use weights=random."
        ) from error
    if commit is None:
        raise Unsupported(f"the hub names no commit for {repository}")
    return commit


def _what_is_cached(repository: str, revision: str | None) -> str:
    commits = ", ".join(commit[:12] for commit in _complete_commits(repository)) if revision is None else ""
    if commits:
        return f"the local hub cache of {repository} has {commits}, none of them as main"
    return f"no pretrained weights of {repository} in the local hub cache"


@functools.lru_cache(maxsize=256)
def _content_digest(path: str, size: int, modified_ns: int) -> str:
    """Size and time are part of the key only: a file that changed is read again."""
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()
