import pytest

from ipfs_accel_pipeline.backends.openvino import _effective_precision
from ipfs_accel_pipeline.errors import Unsupported


def proof(hint, **products):
    return {"inference_precision": hint, "products_per_precision": products}


def test_a_quantized_file_is_no_fp32_run():
    with pytest.raises(Unsupported, match="3 products run in int8"):
        _effective_precision(proof("f32", i8=3, f32=1), "fp32")


def test_a_device_that_lowers_the_precision_is_no_run_in_what_was_asked():
    with pytest.raises(Unsupported, match="runs bf16 when asked for fp32"):
        _effective_precision(proof("bf16", bf16=4), "fp32")


def test_products_in_fp32_are_an_fp32_run():
    assert _effective_precision(proof("f32", f32=4), "fp32") == "fp32"
