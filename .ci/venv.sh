#!/bin/sh
# Makes the virtual environment $1 and installs $2 into it, editable.
set -eu
venv=$1
target=$2

if ! [ -x "$venv/bin/python" ]; then
    "${PYTHON:-python3}" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || {
        echo "FCN Studio needs Python 3.11 or newer; name one with: make PYTHON=python3.12 ..." >&2
        exit 1
    }
    "${PYTHON:-python3}" -m venv "$venv" || {
        echo "Python's venv module is missing; on Debian: sudo apt-get install python3-venv" >&2
        exit 1
    }
fi

# A torch that is already there, or that a wheel folder on this machine holds, serves; on a machine without an
# NVIDIA GPU a build without CUDA is taken where there is one, since it saves several gigabytes.
if ! "$venv/bin/python" -c 'import torch' 2>/dev/null; then
    if command -v nvidia-smi >/dev/null 2>&1; then
        "$venv/bin/pip" install --disable-pip-version-check -q 'torch>=2.9'
    else
        "$venv/bin/pip" install --disable-pip-version-check -q 'torch==2.13.0' ||
            "$venv/bin/pip" install --disable-pip-version-check -q 'torch>=2.9'
    fi
fi
"$venv/bin/pip" install --disable-pip-version-check -q -e "$target"
