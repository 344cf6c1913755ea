"""The errors this package raises on purpose. Each message says what to do next.

PipelineError
├── UsageError            the caller asked for something that does not exist (exit code 2)
├── Unsupported           this model, precision or device cannot run here: a result, not a failure of ours
│   └── BackendUnavailable    the runtime or its device is missing
├── DownloadError         a model's files are not all here: says nothing of the model, and is tried again
└── StorageError          the database or a file beside it refuses (see storage)
"""


class PipelineError(Exception):
    """Base of all errors that carry a message meant for the user."""


class UsageError(PipelineError):
    """Wrong use: an unknown model, an unknown precision, a file that is not there."""


class Unsupported(PipelineError):  # noqa: N818 (a result, not an error)
    """The combination cannot run, for a reason worth storing; it becomes status `unsupported`."""


class BackendUnavailable(Unsupported):
    """The runtime or the device that a backend needs is not here."""


class DownloadError(PipelineError):
    """Files of a model did not arrive, for a reason of the network, the hub or the disk."""


class StorageError(PipelineError):
    """Reading or writing the results failed; nothing was half-written."""


class OutOfItsMemoryError(MemoryError):
    """A runtime outside this process has no more memory, for a limit of its own."""


# How runtimes word an allocation that failed; they raise RuntimeError rather than MemoryError.
_OUT_OF_MEMORY_WORDS = (
    "bad_alloc",
    "out of memory",
    "can't allocate memory",
    "cannot allocate memory",
    "bad allocation",
    "failed to allocate memory",  # ONNX Runtime's arenas, as the next
    "is smaller than requested bytes",
)


def is_out_of_memory(error: BaseException) -> bool:
    """Whether a library's error tells of memory that could not be had; one of this package's own never does."""
    if isinstance(error, PipelineError):
        return False
    known = isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError"
    return known or says_out_of_memory(str(error))


def says_out_of_memory(text: str) -> bool:
    lowered = text.lower()
    return any(words in lowered for words in _OUT_OF_MEMORY_WORDS)


def missing_library(error: ModuleNotFoundError) -> str:
    """The reason and the remedy, of a module that could not be found."""
    return f"{str(error).rstrip('.')}. Install it into this environment."
