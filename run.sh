#!/bin/sh
# Starts securechat from a checkout: ./run.sh [arguments]. The first time it installs and builds, after a change of the
# sources it builds again, otherwise it only starts. It writes nothing outside the checkout, and nothing to stdout.
set -eu

say() {
  printf 'run.sh: %s\n' "$*" >&2
}
# Exit statuses as in core/errors.ts: 1 internal, 2 usage.
fail() {
  say "$@"
  exit 1
}

self=$0
while [ -L "$self" ]; do
  target=$(readlink "$self")
  case $target in
    /*) self=$target ;;
    *) self=$(dirname -- "$self")/$target ;;
  esac
done
root=$(CDPATH='' cd -- "$(dirname -- "$self")" && pwd -P)
program=$root/dist/securechat.js
noted=$root/.build/fingerprint
installed=$root/node_modules/.securechat-installed
lock=$root/.build/lock

command -v node >/dev/null 2>&1 || fail 'Node.js 20.19 or later is needed, and there is no "node" here: see https://nodejs.org'
version=$(node --version)
major=${version#v}
minor=${major#*.}
major=${major%%.*}
minor=${minor%%.*}
if [ "$major" -lt 20 ] || { [ "$major" -eq 20 ] && [ "$minor" -lt 19 ]; }; then
  fail "Node.js 20.19 or later is needed, this is $version: see https://nodejs.org"
fi

sources() {
  (cd "$root" && sh .config/fingerprint.sh)
}
# The line that another run of this script or of the build noted, or nothing.
line_of() {
  if [ -f "$1" ]; then cat "$1"; fi
}
is_built() {
  [ -f "$program" ] && [ "$(line_of "$noted")" = "$(sources)" ]
}
is_installed() {
  [ "$(line_of "$installed")" = "$(cksum <"$root/package-lock.json")" ]
}

# Two terminals may start at once: one builds, the other waits. A symbolic link is made in one step and holds the owner.
take_lock() {
  waiting=no
  until ln -s "$$" "$lock" 2>/dev/null; do
    owner=$(readlink "$lock" || :)
    if [ -n "$owner" ] && ! kill -0 "$owner" 2>/dev/null; then
      rm -f "$lock"
    else
      [ "$waiting" = yes ] || say 'another start is building just now: waiting for it'
      waiting=yes
      sleep 1
    fi
  done
  trap 'rm -f "$lock"' EXIT
  trap 'exit 129' HUP
  trap 'exit 130' INT
  trap 'exit 143' TERM
}

# Runs a step in the checkout. What it prints is shown only when it fails; our input is not its input.
step() {
  if ! (cd "$root" && "$@") </dev/null >"$root/.build/log" 2>&1; then
    cat "$root/.build/log" >&2
    fail "\"$*\" failed, see above. Start again when that is solved."
  fi
}

build() {
  if is_installed; then
    say 'the sources have changed: building, a few seconds'
  else
    command -v npm >/dev/null 2>&1 || fail 'npm is needed for the first start: it comes with Node.js, see https://nodejs.org'
    say 'first start: installing (npm ci) and building in this folder, about a minute'
    # The mark goes first and comes back last: an interrupted install is not taken for a finished one.
    rm -f "$installed"
    locked=$(cksum <"$root/package-lock.json")
    step npm ci --ignore-scripts --no-audit --no-fund
    printf '%s\n' "$locked" >"$installed"
  fi
  step node .config/build.mjs --programs
}

if ! is_built; then
  mkdir -p "$root/.build" 2>/dev/null && [ -w "$root/.build" ] ||
    fail "$root must be writable for this start, because it has to build there; later starts only read"
  take_lock
  is_built || build
  rm -f "$lock"
  trap - EXIT HUP INT TERM
fi

exec node "$program" "$@"
