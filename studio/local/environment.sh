#!/bin/sh
# Makes .venv and installs what is pinned, only when something changed. Prints what it does; on failure, what to do.
#
#   sh studio/local/environment.sh tests/requirements.txt [tests/more.txt:no-deps]
#
# `:no-deps` installs exactly what that file lists, for a package that declares far more than we use of it.
set -eu
cd "$(dirname "$0")/../.."

say() { printf '%s\n' "$*"; }

find_python() {
    for name in ${PYTHON:-} python3.13 python3.12 python3.11 python3.14 python3 python; do
        found=$(command -v "$name" 2>/dev/null) || continue
        if "$found" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 14))' 2>/dev/null; then
            printf '%s' "$found"
            return 0
        fi
    done
    return 1
}

if [ -e .venv ] && ! .venv/bin/python -m pip --version >/dev/null 2>&1; then
    say "The Python that .venv was made with is gone, or .venv is incomplete; making it again."
    rm -rf .venv
fi

if [ ! -e .venv ]; then
    if ! python=$(find_python); then
        say "Circled needs Python 3.11 or later, and found none."
        say "  Debian, Ubuntu:  apt install python3 python3-venv"
        say "  Fedora:          dnf install python3"
        say "  macOS:           brew install python@3.12"
        say "Or name one: make PYTHON=/path/to/python3.12 ..."
        exit 1
    fi
    say "Making .venv with $("$python" --version 2>&1) ..."
    if ! message=$("$python" -m venv .venv 2>&1); then
        rm -rf .venv
        say "$message"
        say ""
        say "This Python cannot make a virtual environment. On Debian and Ubuntu its parts are packaged apart:"
        say "  apt install python3-venv"
        exit 1
    fi
fi

# What is installed is remembered by the digest of the files that pin it. All of them include requirements.txt.
state_of() {
    .venv/bin/python - "$@" <<'END'
import hashlib, pathlib, sys
digest = hashlib.sha256(sys.version.encode())
for name in ["requirements.txt", *sys.argv[1:]]:
    digest.update(name.encode() + pathlib.Path(name.partition(":")[0]).read_bytes())
print(digest.hexdigest())
END
}
stamp_of() { printf '.venv/installed-%s' "$(printf '%s' "$1" | tr -c 'a-z\n' '-')"; }

if [ "$(cat "$(stamp_of "$1")" 2>/dev/null || true)" = "$(state_of "$@")" ]; then
    exit 0
fi
say "Installing what $* pins (a minute or two the first time) ..."
for file in "$@"; do
    more=
    case "$file" in *:no-deps) more=--no-deps ;; esac
    # Wheels only: nothing is compiled on this machine.
    if ! .venv/bin/python -m pip install --disable-pip-version-check --no-input --only-binary :all: $more -r "${file%%:*}"
    then
        say ""
        say "The installation failed; the lines above say why. Without a network, name a local mirror: PIP_INDEX_URL=..."
        exit 1
    fi
done
state_of requirements.txt >"$(stamp_of requirements.txt)"
state_of "$@" >"$(stamp_of "$1")"
