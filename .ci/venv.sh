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

# torch and torchvision come together, since each version of one fits one of the other. A torch that is already there
# stays; $TORCH_INDEX names an index to take them from in place of pip's own.
if torch=$("$venv/bin/python" -c 'from importlib.metadata import version; print(version("torch"))' 2>/dev/null); then
    torch="torch==$torch"
else
    torch='torch>=2.9'
fi
"$venv/bin/pip" install --disable-pip-version-check -q ${TORCH_INDEX:+--index-url "$TORCH_INDEX"} "$torch" torchvision
"$venv/bin/pip" install --disable-pip-version-check -q -e "$target"
