"""Reads a transformers configuration from a folder, the hub or its local cache; never runs code that comes with it.

A hub that does not answer is an error within seconds, not after transformers' many retries.
"""

from __future__ import annotations

import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

from ipfs_accel_pipeline.errors import UsageError
from ipfs_accel_pipeline.models.reasons import telling_line

_HUB_PATIENCE_S = 3.0


def read_config(name: str, local_only: bool) -> Any:
    from transformers import AutoConfig

    try:
        return AutoConfig.from_pretrained(name, local_files_only=local_only, trust_remote_code=False)
    except Exception as error:  # OSError, ValueError, KeyError, JSONDecodeError, validation errors: all mean "unusable"
        raise UsageError(_config_failure(name, local_only, error)) from error


def text_config(config: Any) -> Any:
    """The part that is fed text; where an encoder and a decoder may be, the encoder."""
    if not hasattr(config, "get_text_config"):
        return config
    try:
        return config.get_text_config()
    except ValueError:  # two of them, says transformers
        return config.get_text_config(encoder=True)


def _config_failure(name: str, local_only: bool, error: Exception) -> str:
    if isinstance(error, OSError) and local_only and not Path(name).is_absolute():
        return (
            f"{name} is neither in the catalogue nor in the local hub cache, and the hub is switched off or does not "
            "answer. Download it where there is a network, or name a local folder."
        )
    return f"{name} cannot be used: {telling_line(error)}"


def hub_answers() -> bool:
    """Asked first, because transformers retries an unreachable hub for 23 s before it gives up."""
    from huggingface_hub import constants

    if constants.HF_HUB_OFFLINE:
        return False
    try:
        request = urllib.request.Request(constants.ENDPOINT, method="HEAD")
        urllib.request.urlopen(request, timeout=_HUB_PATIENCE_S).close()
    except urllib.error.HTTPError:  # an answer, though not to this question
        return True
    except (OSError, ValueError):
        return False
    return True


def hub_commit(model_id: str) -> str | None:
    """The commit that was read: transformers 5 does not keep it, but the cache's folder is named after it."""
    from huggingface_hub import try_to_load_from_cache

    file = try_to_load_from_cache(model_id, "config.json")
    return Path(file).parent.name if isinstance(file, str) else None
