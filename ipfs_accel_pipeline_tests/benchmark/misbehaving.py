"""Calls that a launcher must survive; they run in its children."""

import atexit
import ctypes
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time


def add(a, b):
    return a + b


def raise_error(message):
    raise RuntimeError(message)


def raise_unsupported():
    from ipfs_accel_pipeline.errors import Unsupported

    raise Unsupported("this device has no fp16")


def exceed_the_memory_of_a_runtime_elsewhere():
    from ipfs_accel_pipeline.errors import OutOfItsMemoryError

    raise OutOfItsMemoryError("a page's memory of 4 GiB is not enough")


def import_missing_library():
    import a_library_that_is_not_installed  # noqa: F401


def exit_politely(code):
    sys.exit(code)


def exit_at_once(code):
    os._exit(code)


def kill_self():
    os.kill(os.getpid(), signal.SIGKILL)


def kill_parent():
    os.kill(os.getppid(), signal.SIGKILL)
    time.sleep(60)


def segfault():
    ctypes.string_at(0)


def return_and_hang_at_the_end(value):
    atexit.register(time.sleep, 3600)
    return value


def print_and_fail(text):
    print(text)
    raise RuntimeError("failed")


def leave_a_temporary_file(note):
    _, path = tempfile.mkstemp()
    with open(note, "w") as file:
        file.write(path)
    kill_self()


def allocate_with_onnxruntime(model):
    import numpy as np
    import onnxruntime

    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    return session.run(None, {"shape": np.array([3 << 30], np.int64)})


def hang():
    time.sleep(3600)


def hang_deaf_to_sigterm(child_pid_file):
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(3600)"])
    with open(child_pid_file, "w") as file:
        file.write(str(child.pid))
    time.sleep(3600)


def allocate(megabytes):
    return len(bytearray(megabytes * 1024 * 1024))


def allocate_with_torch(megabytes):
    import torch

    return torch.ones(megabytes * 1024 * 256).numel()


def is_loaded(module):
    return module in sys.modules


def sleep_then_note(seconds, path):
    with open(path, "w") as file:
        file.write(str(os.getpid()))
    time.sleep(seconds)


def measure_or_misbehave(request):
    """In place of a round: a crash of another kind for every batch size but the first and the last."""
    from ipfs_accel_pipeline.benchmark.worker import measure_round

    crash = {
        2: kill_self,
        3: segfault,
        4: hang,
        5: lambda: exit_politely(0),
        6: lambda: allocate(10**6),
    }.get(request.batch_size)
    return crash() if crash else measure_round(request)


def die_while_writing(request):
    """In place of the text of a round."""
    print("last words", flush=True)
    segfault()


def lose_the_folder_of_the_result():
    shutil.rmtree(os.environ["TMPDIR"])


def start_threads(count):
    for _ in range(count):
        threading.Thread(target=time.sleep, args=(3600,), daemon=True).start()


def start_threads_where_none_may_be_started(count):
    import resource

    resource.setrlimit(resource.RLIMIT_NPROC, (0, 0))
    os.chmod(os.environ["TMPDIR"], 0o777)  # to leave a result there as somebody else
    os.setuid(65534)  # the limit does not hold root
    start_threads(count)
