"""NVIDIA GPUs through NVML (nvidia-ml-py): board power, the energy counter since the driver was loaded, temperature."""

from __future__ import annotations

from typing import Any

from ipfs_accel_pipeline.benchmark.power.probe import MEASURED, NoQuantity, ProbeUnavailable


class NvmlProbe(NoQuantity):
    source = "nvml"
    kind = MEASURED
    scope = "gpu_board"
    period_s = 0.05  # NVML itself renews power about every 20-100 ms

    def __init__(self, index: int) -> None:
        """`index` is NVML's, which no CUDA_VISIBLE_DEVICES changes."""
        import pynvml

        self._nvml = pynvml
        try:
            pynvml.nvmlInit()
            self._gpu = pynvml.nvmlDeviceGetHandleByIndex(index)
            self._has_energy = self._supports(pynvml.nvmlDeviceGetTotalEnergyConsumption, self._gpu)
            # The plain question is answered with the mean of a second on newer GPUs, which hides peaks.
            self._has_instant = self._instant_watts() is not None
        except pynvml.NVMLError as error:
            raise ProbeUnavailable(f"NVML on GPU {index}: {error}. nvidia-smi must work here.") from error
        if self._is_divided():
            raise ProbeUnavailable(f"GPU {index} is divided (MIG): its board's power is not that of one slice.")

    def joules(self) -> float | None:
        if not self._has_energy:
            return None
        return float(self._nvml.nvmlDeviceGetTotalEnergyConsumption(self._gpu)) / 1e3

    def watts(self) -> float | None:
        if self._has_instant:
            return self._instant_watts()
        return float(self._nvml.nvmlDeviceGetPowerUsage(self._gpu)) / 1e3

    def celsius(self) -> float | None:
        return float(self._nvml.nvmlDeviceGetTemperature(self._gpu, self._nvml.NVML_TEMPERATURE_GPU))

    def _instant_watts(self) -> float | None:
        try:
            (field,) = self._nvml.nvmlDeviceGetFieldValues(self._gpu, [self._nvml.NVML_FI_DEV_POWER_INSTANT])
        except self._nvml.NVMLError_NotSupported:
            return None
        if field.nvmlReturn == self._nvml.NVML_SUCCESS:
            return float(field.value.uiVal) / 1e3
        if field.nvmlReturn in (self._nvml.NVML_ERROR_NOT_SUPPORTED, self._nvml.NVML_ERROR_INVALID_ARGUMENT):
            return None
        raise self._nvml.NVMLError(field.nvmlReturn)

    def _is_divided(self) -> bool:
        try:
            current, _ = self._nvml.nvmlDeviceGetMigMode(self._gpu)
        except self._nvml.NVMLError:  # GPUs and drivers that know no MIG
            return False
        return bool(current)

    def _supports(self, question: Any, *arguments: Any) -> bool:
        try:
            question(*arguments)
        except self._nvml.NVMLError_NotSupported:
            return False
        return True
