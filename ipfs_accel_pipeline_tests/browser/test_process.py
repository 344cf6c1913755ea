from __future__ import annotations

from ipfs_accel_pipeline.browser.process import with_webnn


def test_webnn_is_asked_for():
    assert with_webnn([]) == ["--enable-features=WebMachineLearningNeuralNetwork"]


def test_features_of_the_user_do_not_take_webnn_away():
    """Chromium obeys the last of several lists, and no other."""
    assert with_webnn(["--enable-features=Vulkan,A", "--use-angle=vulkan", "--enable-features=B"]) == [
        "--use-angle=vulkan",
        "--enable-features=WebMachineLearningNeuralNetwork,Vulkan,A,B",
    ]
