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
program=$root/dist/securechat
noted=$root/.build/fingerprint
installed=$root/node_modules/.package-lock.json
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
is_built() {
  [ -f "$program" ] && [ -f "$noted" ] && [ "$(cat "$noted")" = "$(sources)" ]
}
# npm writes its own copy of the lock file last of all: an interrupted install has none.
is_installed() {
  [ -n "$(find "$installed" -newer "$root/package-lock.json" 2>/dev/null)" ]
}

# Two terminals may start at once: one builds, the other waits. A symbolic link is made in one step and holds the owner.
take_lock() {
  waiting=no
  until ln -s "$$" "$lock" 2>/dev/null; do
    owner=$(readlink "$lock" || :)
    if [ -n "$owner" ] && ! kill -0 "$owner" 2>/dev/null; then
      rm -f "$lock"
    else
      [ "$waiting" = yes ] || say "another start (process $owner) is building just now: waiting for it; if it is not, remove $lock"
      waiting=yes
      sleep 1
    fi
  done
  trap 'rm -f "$lock"' EXIT
  trap 'exit 129' HUP
  trap 'exit 130' INT
  trap 'exit 143' TERM
}

# A step in the checkout, its output kept for the case that it fails. Our input is not its input.
step() {
  (cd "$root" && "$@") </dev/null >"$root/.build/log" 2>&1
}
failed() {
  tail -n 30 "$root/.build/log" >&2
  fail "$1 failed, see above. Start again when that is solved."
}

install() {
  command -v npm >/dev/null 2>&1 || fail 'npm is needed to build: it comes with Node.js, see https://nodejs.org'
  say 'installing (npm ci) and building in this folder, once: about a minute'
  rm -f "$installed"
  # No package needs to run anything at its installation.
  step npm ci --ignore-scripts --no-audit --no-fund || failed 'npm ci'
}

build() {
  if is_installed; then
    say 'the sources are new: building, a few seconds'
    if step node .config/build.mjs --programs; then return; fi
    # What is installed may be incomplete.
  fi
  install
  step node .config/build.mjs --programs || failed 'the build'
}

if ! is_built; then
  mkdir -p "$root/.build" 2>/dev/null && [ -w "$root/.build" ] ||
    fail "$root must be writable for this start, because it has to build there; later starts only read"
  take_lock
  is_built || build
  rm -f "$lock"
  trap - EXIT HUP INT TERM
fi

# Sentences that name the command name this one, as it can be typed again.
case $0 in
  */*) SECURECHAT_COMMAND=$0 ;;
  *) SECURECHAT_COMMAND=./run.sh ;;
esac
export SECURECHAT_COMMAND
exec "$program" "$@"
