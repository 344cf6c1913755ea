from types import SimpleNamespace

import pytest

from ipfs_accel_pipeline.benchmark.worker import _require_precision
from ipfs_accel_pipeline.errors import Unsupported


def test_a_row_never_carries_a_precision_that_the_runtime_did_not_use():
    with pytest.raises(Unsupported, match="asked for fp32, the runtime runs this model in bf16"):
        _require_precision(SimpleNamespace(effective_precision="bf16"), "fp32")
    _require_precision(SimpleNamespace(effective_precision="fp32"), "fp32")
