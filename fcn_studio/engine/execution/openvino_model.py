"""Models of OpenVINO's operations on torch's memory, compiled for the CPU, and the request that runs each."""

from __future__ import annotations

from threading import Lock
from typing import Any

import torch
from torch import Tensor

from fcn_studio.core.errors import DeviceError
from fcn_studio.engine.execution.openvino_package import openvino

KEPT_BYTES = 64 << 20  # of the widest features; behind larger ones OpenVINO gives its working memory back
TYPES = {torch.float32: "f32", torch.bfloat16: "bf16"}  # OpenVINO's names


class CompiledModel:
    """A compiled model and the one request that runs it.

    Args:
        model: OpenVINO's, of one input.
        name: For what is said of it.
        execution: The precision of the arithmetic, `f32` or `bf16`: it is said, since what OpenVINO chooses by itself
            is bf16 on some CPUs, for nets in fp32 too.
        threads: How many cores to use; None for as many as torch does.

    Raises:
        DeviceError: OpenVINO is not installed, or does not compute in this precision on this CPU.
        RuntimeError: It cannot compile the model.
    """

    def __init__(self, model: Any, name: str, execution: str, threads: int | None = None) -> None:
        ov = openvino()
        wanted = getattr(ov.Type, execution)
        settings = {
            "INFERENCE_PRECISION_HINT": wanted,
            "INFERENCE_NUM_THREADS": threads or torch.get_num_threads(),
            "PERFORMANCE_HINT": "LATENCY",
            # A thread that is bound to a core waits for whatever else runs on it, while another core is free.
            "ENABLE_CPU_PINNING": False,
        }
        self._name = name
        self._compiled = ov.Core().compile_model(model, "CPU", settings)
        taken = self._compiled.get_property("INFERENCE_PRECISION_HINT")
        if taken != wanted:  # a hint that the CPU cannot follow is dropped without a word
            raise DeviceError(f"OpenVINO computes in {taken.get_type_name()} on this CPU, not in {execution}.")
        self._request = self._compiled.create_infer_request()
        self._lock = Lock()  # a request runs once at a time

    def run(self, seen: Tensor, results: tuple[Tensor, ...], widest: int) -> None:
        """From one tensor into others, all contiguous, of the model's shapes and types.

        Args:
            seen: The input.
            results: What the outputs are written to.
            widest: Bytes of the widest features in between.

        Raises:
            MemoryError: OpenVINO could not allocate what the model needs.
        """
        with self._lock:
            self._request.set_input_tensor(shared(seen))
            for number, result in enumerate(results):
                self._request.set_output_tensor(number, shared(result))
            try:
                self._request.infer()
            except RuntimeError as error:
                if "alloc" in str(error):
                    raise MemoryError(f"OpenVINO ran out of memory in {self._name}") from error
                raise
            if widest > KEPT_BYTES:
                self._compiled.release_memory()


def shared(tensor: Tensor) -> Any:
    """An OpenVINO tensor on the same memory; it keeps it alive, but what OpenVINO makes of it does not."""
    ov = openvino()
    array = (tensor.view(torch.int16) if tensor.dtype == torch.bfloat16 else tensor).numpy()
    return ov.Tensor(array, list(tensor.shape), getattr(ov.Type, TYPES[tensor.dtype]))


def check_type(dtypes: set[torch.dtype]) -> None:
    """Whether weights are of types that are run here.

    Raises:
        DeviceError: They are not.
    """
    if unknown := dtypes - set(TYPES):
        raise DeviceError(f"OpenVINO runs nets in fp32 and bf16 here, not in {unknown.pop()}.")
