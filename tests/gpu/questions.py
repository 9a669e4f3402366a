"""What NVML is asked, and its answers as they come: numbers, structures, or the error in their place.

https://docs.nvidia.com/deploy/nvml-api/ says what each question answers.
"""

import ctypes
from collections.abc import Callable
from typing import Any

import pynvml

Question = Callable[[Any], Any]

#: The fields that are asked for together: power as an average over a second and as it is, energy, and for how long
#: clocks were held down, by reason.
FIELDS = {
    name: getattr(pynvml, f"NVML_FI_DEV_{name}")
    for name in (
        "POWER_AVERAGE",
        "POWER_INSTANT",
        "TOTAL_ENERGY_CONSUMPTION",
        "PERF_POLICY_POWER",
        "PERF_POLICY_THERMAL",
        "PERF_POLICY_SYNC_BOOST",
        "PERF_POLICY_BOARD_LIMIT",
        "PERF_POLICY_LOW_UTILIZATION",
        "PERF_POLICY_RELIABILITY",
    )
    if hasattr(pynvml, f"NVML_FI_DEV_{name}")
}
#: Of a field's value, the member that its type says.
MEMBERS = ("dVal", "uiVal", "ulVal", "ullVal", "sllVal", "siVal", "usVal")
#: Asked once.
ONCE: dict[str, Question] = {
    "driver": lambda gpu: pynvml.nvmlSystemGetDriverVersion(),
    "nvml": lambda gpu: pynvml.nvmlSystemGetNVMLVersion(),
    "name": pynvml.nvmlDeviceGetName,
    "max_sm_clock_mhz": lambda gpu: pynvml.nvmlDeviceGetMaxClockInfo(gpu, pynvml.NVML_CLOCK_SM),
    "max_memory_clock_mhz": lambda gpu: pynvml.nvmlDeviceGetMaxClockInfo(gpu, pynvml.NVML_CLOCK_MEM),
    "power_limit_mw": pynvml.nvmlDeviceGetEnforcedPowerLimit,
    "slowdown_celsius": lambda gpu: pynvml.nvmlDeviceGetTemperatureThreshold(
        gpu, pynvml.NVML_TEMPERATURE_THRESHOLD_SLOWDOWN
    ),
    "compute_mode": pynvml.nvmlDeviceGetComputeMode,
    "persistence_mode": pynvml.nvmlDeviceGetPersistenceMode,
    "ecc_mode": pynvml.nvmlDeviceGetEccMode,
    "mig_mode": pynvml.nvmlDeviceGetMigMode,
    "pcie_generation": pynvml.nvmlDeviceGetCurrPcieLinkGeneration,
    "pcie_width": pynvml.nvmlDeviceGetCurrPcieLinkWidth,
    "supported_event_reasons": lambda gpu: pynvml.nvmlDeviceGetSupportedClocksEventReasons(gpu),
}
#: Asked again and again.
AGAIN: dict[str, Question] = {
    "sm_clock_mhz": lambda gpu: pynvml.nvmlDeviceGetClockInfo(gpu, pynvml.NVML_CLOCK_SM),
    "memory_clock_mhz": lambda gpu: pynvml.nvmlDeviceGetClockInfo(gpu, pynvml.NVML_CLOCK_MEM),
    "celsius": lambda gpu: pynvml.nvmlDeviceGetTemperature(gpu, pynvml.NVML_TEMPERATURE_GPU),
    "power_mw": pynvml.nvmlDeviceGetPowerUsage,
    "energy_mj": pynvml.nvmlDeviceGetTotalEnergyConsumption,
    "fields": lambda gpu: _fields(pynvml.nvmlDeviceGetFieldValues(gpu, list(FIELDS.values()))),
    "event_reasons": lambda gpu: pynvml.nvmlDeviceGetCurrentClocksEventReasons(gpu),
    "throttle_reasons": lambda gpu: pynvml.nvmlDeviceGetCurrentClocksThrottleReasons(gpu),  # before driver 535
    "throttled_by_power": lambda gpu: pynvml.nvmlDeviceGetViolationStatus(gpu, pynvml.NVML_PERF_POLICY_POWER),
    "throttled_by_heat": lambda gpu: pynvml.nvmlDeviceGetViolationStatus(gpu, pynvml.NVML_PERF_POLICY_THERMAL),
    "utilisation": pynvml.nvmlDeviceGetUtilizationRates,
    "memory": pynvml.nvmlDeviceGetMemoryInfo,
    "processes": pynvml.nvmlDeviceGetComputeRunningProcesses,
    "performance_state": pynvml.nvmlDeviceGetPerformanceState,
}


def answers(questions: dict[str, Question], gpu: Any) -> dict[str, Any]:
    """Return the answer to each question, as JSON has it; {"error": ..., "code": ...} where NVML refuses it."""
    return {name: _answer(question, gpu) for name, question in questions.items()}


def is_refusal(answer: Any) -> bool:
    """Tell whether NVML refused a question."""
    return isinstance(answer, dict) and "error" in answer


def _answer(question: Question, gpu: Any) -> Any:
    try:
        return _plain(question(gpu))
    except pynvml.NVMLError as error:
        return {"error": str(error), "code": error.value}
    except AttributeError as error:  # these bindings are older than the question
        return {"error": str(error), "code": None}


def _plain(value: Any) -> Any:
    if isinstance(value, ctypes.Structure):
        return {name: _plain(getattr(value, name)) for name, *_ in value._fields_}
    if isinstance(value, dict):
        return {name: _plain(each) for name, each in value.items()}
    if isinstance(value, (list, tuple, ctypes.Array)):
        return [_plain(each) for each in value]
    if isinstance(value, (int, float, str, type(None))):
        return value
    return value.decode() if isinstance(value, bytes) else vars(value)


def _fields(values: Any) -> dict[str, Any]:
    """Return the value of each field, or the code of the error in its place."""
    return {
        name: {"error": "the field is refused", "code": value.nvmlReturn}
        if value.nvmlReturn
        else getattr(value.value, MEMBERS[value.valueType])
        for name, value in zip(FIELDS, values, strict=True)
    }
