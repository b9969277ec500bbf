"""Into a Ray cluster and out of it again, quietly: no dashboard, no usage reports, no log lines among ours."""

from __future__ import annotations

import contextlib
import logging
import os
import secrets
import socket
from collections.abc import Iterator, Mapping
from typing import Any

from fcn_studio.core.errors import DeviceError

LOCAL, CLIENT = "local", "ray://"
OBJECT_STORE = 100 << 20  # bytes; what passes through it is names of files, and small machines have little /dev/shm
KNOCK = 5.0  # seconds for a head node to accept a connection
SETTINGS = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_ENABLE_AUTO_CONNECT": "0",  # nothing but `ray.init` joins a cluster
    "RAY_BACKEND_LOG_LEVEL": "fatal",  # else its core prints what it thinks of Ray Data's actors
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",  # leaves the GPUs of workers without GPUs as they are
}


@contextlib.contextmanager
def cluster(address: str) -> Iterator[Any]:
    """Yields the module `ray`, with `ray.data`, joined to a cluster; at the end leaves it, and ends one of our own.

    Args:
        address: `local`, `auto`, `HOST:PORT` or `ray://HOST:PORT`.

    Raises:
        DeviceError: Ray is not installed, there is no such cluster, or this process has joined one already.
    """
    settings = dict(SETTINGS)
    if address == LOCAL:
        settings["RAY_AUTH_TOKEN"] = secrets.token_hex(32)  # else Ray leaves one in the home folder
    with _environment(settings):
        try:
            import ray
            import ray.data
            import ray.exceptions
        except ImportError as error:
            raise DeviceError(
                f"--ray needs Ray Data ({error.name} is missing); install it with: pip install 'fcn-studio[ray]'"
            ) from error
        if ray.is_initialized():  # leaving that one would be its owner's loss
            raise DeviceError(
                "This process has joined a Ray cluster already; call ray.shutdown() first, or use another process."
            )
        options: dict[str, Any] = {"log_to_driver": False}
        if not address.startswith(CLIENT):  # there they would be the head node's
            options["logging_level"] = logging.ERROR
        if address == LOCAL:
            options |= {"include_dashboard": False, "object_store_memory": OBJECT_STORE}
        try:
            knock(address)
            ray.init(address=address, **options)
        except (ConnectionError, ValueError, RuntimeError, OSError, ImportError) as error:
            lines = [line.strip() for line in str(error).splitlines() if line.strip()] or ["no answer"]
            said = lines[-1 if lines[0].endswith(":") else 0].rstrip(".")
            where = "runs here" if address == "auto" else f"answers at {address} ({said})"
            raise DeviceError(
                f"No Ray cluster {where}; start one with `ray start --head`, or use --ray local."
            ) from error
        logger = logging.getLogger("ray.data")
        level = logger.level
        logger.setLevel(logging.ERROR)
        try:
            yield ray
        finally:
            logger.setLevel(level)
            ray.shutdown()


def knock(address: str) -> None:
    """Whether anybody listens at a HOST:PORT; Ray itself would try for minutes.

    Raises:
        OSError: Nobody.
        ValueError: It is no address.
    """
    if address in (LOCAL, "auto"):
        return
    host, mark, port = address.removeprefix(CLIENT).rpartition(":")
    if not (host and mark and port.isdigit()):
        raise ValueError("it is neither local, auto, HOST:PORT nor ray://HOST:PORT")
    socket.create_connection((host.strip("[]"), int(port)), timeout=KNOCK).close()


@contextlib.contextmanager
def _environment(settings: Mapping[str, str]) -> Iterator[None]:
    """Adds to the environment what is not set there already, and takes it out again."""
    added = {name: value for name, value in settings.items() if name not in os.environ}
    os.environ.update(added)
    try:
        yield
    finally:
        for name in added:
            os.environ.pop(name, None)
