#!/bin/sh
# Makes bench/peers/.venv: everything that golden values and `npm run bench -- --peers` compare with.
# With --torch it also makes .venv-torch (several GB), for the rows of torch.func.
# PYTHON names the interpreter (3.11 or what requirements.txt has wheels for).
set -eu
cd "$(dirname "$0")"
if [ "${1:-}" = --torch ]; then
  "${PYTHON:-python3.11}" -m venv .venv-torch
  echo '*' > .venv-torch/.gitignore
  .venv-torch/bin/python -m pip install --quiet --disable-pip-version-check torch==2.2.2 numpy==1.26.4
fi
"${PYTHON:-python3.11}" -m venv .venv
echo '*' > .venv/.gitignore
.venv/bin/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
# Its declared dependencies pull in TensorFlow, which nothing here needs.
.venv/bin/python -m pip install --quiet --disable-pip-version-check --no-deps neural-tangents==0.6.5
.venv/bin/python peer.py --check
