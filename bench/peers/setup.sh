#!/bin/sh
# Makes bench/peers/.venv: everything that golden values and `npm run bench -- --peers` compare with.
# PYTHON names the interpreter (3.11 or what requirements.txt has wheels for).
set -eu
cd "$(dirname "$0")"
"${PYTHON:-python3.11}" -m venv .venv
echo '*' > .venv/.gitignore
.venv/bin/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
# Its declared dependencies pull in TensorFlow, which nothing here needs.
.venv/bin/python -m pip install --quiet --disable-pip-version-check --no-deps neural-tangents==0.6.5
.venv/bin/python peer.py --check
