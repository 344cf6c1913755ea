"""AMD GPUs through amdsmi, which comes with ROCm: socket power, energy accumulator, hottest-spot temperature."""

from __future__ import annotations

import contextlib
import io
from typing import Any

from ipfs_accel_pipeline.benchmark.power.probe import MEASURED, NoQuantity, ProbeUnavailable

_NOT_AVAILABLE = 0xFFFF


def import_amdsmi() -> Any:
    """The module; without ROCm its import raises a KeyError and prints."""
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            import amdsmi
    except Exception as error:
        raise ProbeUnavailable(
            f"amdsmi cannot be loaded ({type(error).__name__}: {error}). Install ROCm's amd-smi-lib and its amdsmi."
        ) from error
    return amdsmi


class AmdProbe(NoQuantity):
    source = "amdsmi"
    kind = MEASURED
    scope = "gpu_board"
    period_s = 0.05

    def __init__(self, amdsmi: Any, index: int) -> None:
        self._smi = amdsmi
        try:
            amdsmi.amdsmi_init()
            self._gpu = amdsmi.amdsmi_get_processor_handles()[index]
        except IndexError:
            raise ProbeUnavailable(f"amdsmi lists no GPU {index}.") from None
        except Exception as error:  # AmdSmiException and what ctypes raises
            raise ProbeUnavailable(f"amdsmi on GPU {index}: {type(error).__name__}: {error}") from error

    def joules(self) -> float | None:
        count = self._smi.amdsmi_get_energy_count(self._gpu)
        return float(count["energy_accumulator"]) * float(count["counter_resolution"]) / 1e6  # resolution: microjoules

    def watts(self) -> float | None:
        info = self._smi.amdsmi_get_power_info(self._gpu)
        # MI300 tells current power, older GPUs only an average; what a GPU lacks is the text "N/A", or 65535 W.
        known = [info.get(name) for name in ("current_socket_power", "average_socket_power")]
        return next(
            (float(value) for value in known if isinstance(value, int | float) and 0 < value < _NOT_AVAILABLE), None
        )

    def celsius(self) -> float | None:
        return float(
            self._smi.amdsmi_get_temp_metric(
                self._gpu, self._smi.AmdSmiTemperatureType.HOTSPOT, self._smi.AmdSmiTemperatureMetric.CURRENT
            )
        )
