from ipfs_accel_pipeline.benchmark.memory import read_memory, reset_peak


def test_the_peak_covers_a_passing_allocation_and_can_be_reset():
    assert reset_peak()
    before = read_memory()
    block = bytearray(200 * 1024 * 1024)
    block[::4096] = b"x" * len(block[::4096])
    del block
    after = read_memory()
    assert after.peak_mb - before.resident_mb > 190
    assert reset_peak()
    assert read_memory().peak_mb < after.peak_mb - 150


def test_a_system_without_proc_has_no_memory_figures(tmp_path):
    assert read_memory(tmp_path / "missing") is None


def test_a_kernel_that_hides_the_peak_has_no_memory_figures(tmp_path):
    (tmp_path / "status").write_text("Name:\tpython\nVmRSS:\t 1024 kB\n")
    assert read_memory(tmp_path / "status") is None
