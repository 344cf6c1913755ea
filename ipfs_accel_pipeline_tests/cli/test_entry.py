"""What ends the command before its parts are imported."""

import subprocess
import sys

import pytest

SCRIPT = """
import sys
class Ends:
    def find_spec(self, name, path=None, target=None):
        if name == {module!r}:
            raise {error}
sys.meta_path.insert(0, Ends())
from ipfs_accel_pipeline.__main__ import main
sys.argv[1:] = {arguments!r}
main()
"""


def run(module, error, *arguments):
    script = SCRIPT.format(module=module, error=error, arguments=list(arguments))
    return subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)


def test_ctrl_c_while_it_is_being_imported_is_one_line():
    done = run("pandas", "KeyboardInterrupt", "--version")
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "Stopped.\n")


@pytest.mark.parametrize(("module", "arguments"), [("psutil", ["--version"]), ("uvicorn", ["dashboard"])])
def test_a_library_that_is_missing_is_one_line_with_the_remedy(tmp_path, module, arguments, monkeypatch):
    monkeypatch.setenv("BENCHMARK_DATA_DIR", str(tmp_path))
    done = run(module, f"ModuleNotFoundError('No module named {module}', name='{module}')", *arguments)
    assert done.returncode == 2
    assert done.stderr == f"Error: No module named {module}. Install it into this environment.\n"


def test_a_module_of_our_own_that_is_missing_keeps_its_traceback():
    error = "ModuleNotFoundError('gone', name='ipfs_accel_pipeline.cli.gone')"
    done = run("psutil", error, "--version")
    assert done.returncode == 1
    assert "Traceback" in done.stderr
