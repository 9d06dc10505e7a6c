#!/bin/sh
# The command securechat: starts the program in a Node that may not write, start programs, load native code or be looked
# into, and leaves no process of its own behind. What enforces it is Node's permission model; `securechat doctor` tells
# what holds here. Nothing may be written in this file, and no argument may be changed.
set -u

self=$0
while [ -L "$self" ]; do
  target=$(readlink "$self")
  case $target in
    /*) self=$target ;;
    *) self=$(dirname -- "$self")/$target ;;
  esac
done
# No program is started for what the shell knows itself: each is 1 ms of every start.
case $self in
  */*) dist=${self%/*}/ ;;
  *) dist=. ;;
esac
dist=$(CDPATH='' cd -- "$dist" && pwd -P)
app=${dist%/*}

# Each of these makes Node run foreign code, write a file, listen, or trust what it should not.
dropped=
for name in NODE_OPTIONS NODE_PATH NODE_V8_COVERAGE NODE_COMPILE_CACHE NODE_REDIRECT_WARNINGS NODE_DEBUG NODE_DEBUG_NATIVE \
  NODE_ICU_DATA NODE_TLS_REJECT_UNAUTHORIZED NODE_REPL_EXTERNAL_MODULE NODE_USE_SYSTEM_CA NODE_CHANNEL_FD \
  OPENSSL_CONF OPENSSL_MODULES SSLKEYLOGFILE LD_PRELOAD LD_AUDIT DYLD_INSERT_LIBRARIES; do
  eval "value=\${$name-}"
  [ -z "$value" ] || dropped="$dropped $name"
  unset "$name"
done
value=
[ -z "$dropped" ] || printf 'securechat: in the environment and not used:%s\n' "$dropped" >&2

# No core dump, whatever happens.
ulimit -c 0 2>/dev/null

# Node would put /dev/null in the place of an output that is closed, and what was asked for would be lost in silence.
if ! { true 9>&1; } 2>/dev/null; then
  printf 'securechat: error: Standard output is closed. (SC-505)\nsecurechat: hint: Open it, or send it to a file.\n' >&2
  exit 1
fi

# These two touch nothing: nothing need be denied, and they answer at once.
if [ $# -eq 1 ] && command -v node >/dev/null; then
  case $1 in
    --version | -V | version | --help | -h | help) exec node "$dist/securechat.cjs" "$1" ;;
  esac
fi

# Exit statuses as in core/errors.ts.
if ! version=$(command -v node >/dev/null && node --version); then
  printf 'securechat: error: There is no Node.js here.\nsecurechat: hint: Install version 20.19 or later: https://nodejs.org\n' >&2
  exit 2
fi
major=${version#v}
minor=${major#*.}
major=${major%%.*}
minor=${minor%%.*}
if [ "$major" -lt 20 ] || { [ "$major" -eq 20 ] && [ "$minor" -lt 19 ]; }; then
  printf 'securechat: error: Node.js %s is too old.\nsecurechat: hint: Install version 20.19 or later: https://nodejs.org\n' "$version" >&2
  exit 2
fi

# A relay has no secrets, and reads its certificates from wherever they are.
command=${1-}
if [ "$command" = relay ]; then
  exec node "$dist/securechat.cjs" "$@"
fi

# The control cookie of Tor, for an onion service and for nothing else.
onion=no
cookie=
next=no
for each in "$@"; do
  [ "$next" = no ] || cookie=$each
  next=no
  case $each in
    --) break ;;
    --onion) onion=yes ;;
    --tor-cookie) next=yes ;;
    --tor-cookie=*) cookie=${each#--tor-cookie=} ;;
  esac
done

# A shell keeps two slashes at the beginning, which here are one.
one_slash() {
  at=$1
  while [ "${at#//}" != "$at" ]; do at=${at#/}; done
}
# Plugins are read from where they are: the folder of a path, node_modules for a name. Node 20 dies of a folder that is
# allowed twice.
reads=:$app:
is_new() {
  one_slash "$1"
  case $reads in *":$at:"*) return 1 ;; esac
  reads=$reads$at:
}
is_inside() {
  one_slash "${1%/}"
  above=$at
  while [ -n "$above" ]; do
    above=${above%/*}
    case $reads in *":${above:-/}:"*) return 0 ;; esac
  done
  return 1
}
# Files that this process may touch: what `send` names, where `receive` writes, the folder of --files. task.ts reads the same
# words in the same way. In a path that is allowed, Node takes a * for anything.
refuse_star() {
  case $1 in
    *'*'*)
      printf 'securechat: error: Cannot use a path with * in it. (SC-503)\nsecurechat: hint: Rename it, or use another folder.\n' >&2
      exit 2
      ;;
  esac
}
next=
rest=no
output=
[ "$command" != receive ] || output=.
commas=no
folders=no
first=yes
for each in "$@"; do
  # The arguments go behind the program, and every flag of Node before it.
  if [ "$first" = yes ]; then
    set -- "$dist/securechat.cjs" "$@"
    first=no
    case $command in pipe | send | receive) continue ;; esac
  fi
  spec=
  file=
  if [ "$rest" = yes ]; then
    file=$each
  else
    # The value of --files may be left out.
    if [ "$next" = files ]; then
      case $each in
        -*) output=. next= ;;
      esac
    fi
    if [ "$next" = listen ]; then
      case $each in
        -*) next= ;;
        *:[0-9] | *:*[0-9]) next=value ;;
        '' | *[!0-9]* | ??????*) next= ;;
        *) next=value ;;
      esac
    fi
    case $next in
      files | output) output=$each ;;
      plugin) spec=$each ;;
      value) ;;
      *)
        case $each in
          --) rest=yes ;;
          -p | --plugin) next=plugin.new ;;
          --plugin=*) spec=${each#--plugin=} ;;
          -p?*) spec=${each#-p} ;;
          -r | -t | -c | -u | --relay | --transport | --crypto | --ui | --name | --code-fd) next=value.new ;;
          --listen) next=listen.new ;;
          --resume-timeout | --idle-timeout | --room | --proxy | --proxy-auth-fd | --tor-cookie | --tor-control | \
            --announce | --direct-address) next=value.new ;;
          --files) [ "$command" = send ] || [ "$command" = receive ] || [ "$command" = pipe ] || next=files.new ;;
          --files=*)
            case $command in pipe | send | receive) ;; *) output=${each#--files=} ;; esac
            ;;
          -o | --output) [ "$command" != receive ] || next=output.new ;;
          --output=*) [ "$command" != receive ] || output=${each#--output=} ;;
          -o?*) [ "$command" != receive ] || output=${each#-o} ;;
          -?*) ;;
          *) file=$each ;;
        esac
        ;;
    esac
    case $next in
      *.new) next=${next%.new} ;;
      *) next= ;;
    esac
  fi
  if [ "$command" = send ] && [ -n "$file" ]; then
    case $file in
      /*) ;;
      *) file=$PWD/$file ;;
    esac
    given=$file
    real=
    if [ -d "$file" ]; then
      real=$(CDPATH='' cd -- "$file" 2>/dev/null && pwd -P)
    elif folder=$(CDPATH='' cd -- "$(dirname -- "$file")" 2>/dev/null && pwd); then
      # Without . and .., as the program looks for it: Node 20 dies of a file that is named twice.
      given=${folder%/}/$(basename -- "$file")
      file=$(CDPATH='' cd -- "$folder" && pwd -P)
      file=${file%/}/${given##*/}
      # Of a link that leads back to itself readlink would make ever longer names.
      if [ -e "$file" ]; then real=$(readlink -f -- "$file" 2>/dev/null) || real=; fi
    fi
    refuse_star "$given$file$real"
    case $given$file$real in *,*) commas=yes ;; esac
    if [ -d "$file" ]; then
      folders=yes
      [ -z "$real" ] || { is_new "$real" && set -- "--allow-fs-read=${real%/}/" "$@"; }
      # Node 20 dies of /a beside /a/, so it is named as the shell names it when it is there.
      file=$(CDPATH='' cd -- "$file" 2>/dev/null && pwd) && is_new "$file" && set -- "--allow-fs-read=$file" "$@"
    else
      # By each of its names: the folder may be behind a link, and the file one.
      is_new "$given" && set -- "--allow-fs-read=$given" "$@"
      is_new "$file" && set -- "--allow-fs-read=$file" "$@"
      [ -z "$real" ] || { is_new "$real" && set -- "--allow-fs-read=$real" "$@"; }
    fi
  fi
  case $spec in
    '') ;;
    /* | . | .. | ./* | ../*)
      [ -d "$spec" ] || spec=$(dirname -- "$spec")
      if folder=$(CDPATH='' cd -- "$spec" 2>/dev/null && pwd) && real=$(CDPATH='' cd -- "$spec" && pwd -P); then
        if is_new "$folder"; then set -- "--allow-fs-read=${folder%/}/" "$@"; fi
        if is_new "$real"; then set -- "--allow-fs-read=${real%/}/" "$@"; fi
      fi
      ;;
    *)
      if is_new "$PWD/node_modules"; then set -- "--allow-fs-read=$PWD/node_modules/" "$@"; fi
      above=${app%/node_modules/*}
      if is_new "$above/node_modules"; then set -- "--allow-fs-read=$above/node_modules/" "$@"; fi
      ;;
  esac
done
[ "$next" != files ] || output=.
if [ -n "$output" ] && real=$(CDPATH='' cd -- "$output" 2>/dev/null && pwd -P); then
  refuse_star "$real"
  folders=yes
  case $real in *,*) commas=yes ;; esac
  is_new "$real" && set -- "--allow-fs-read=${real%/}/" "$@"
  # By the name it was given, to see where that leads; Node 20 dies of /a beside /a/.
  output=$(CDPATH='' cd -- "$output" && pwd)
  is_new "$output" && set -- "--allow-fs-read=$output" "$@"
  set -- "--allow-fs-write=${real%/}/" "$@"
fi
# Node warns of a comma, which once separated paths.
[ "$commas" = no ] || set -- --disable-warning=Warning "$@"
if [ "$onion" = yes ]; then
  case $cookie in
    '') set -- --allow-fs-read=/run/tor/control.authcookie --allow-fs-read=/var/lib/tor/control_auth_cookie "$@" ;;
    /*) set -- "--allow-fs-read=$cookie" "$@" ;;
    *) set -- "--allow-fs-read=$PWD/$cookie" "$@" ;;
  esac
fi
# Node 20 takes a folder for one that may not be read, when something in it is allowed beside it.
if [ "$folders" = yes ]; then
  program=no
  for each in "$@"; do
    shift
    [ "$each" != "$dist/securechat.cjs" ] || program=yes
    case $program$each in
      no--allow-fs-read=*) is_inside "${each#--allow-fs-read=}" && continue ;;
    esac
    set -- "$@" "$each"
  done
fi
# Doctor looks at the limits of its own process.
[ "$command" != doctor ] || set -- --allow-fs-read=/proc/ "$@"
[ "$first" = no ] || set -- "$dist/securechat.cjs"
# Buffers of a stream count as heap that grows: from here on V8 collects a twentieth as often. What a chat makes is soon gone:
# V8 collects it early, for a tenth more CPU and a quarter less memory. Newer Nodes are not known yet.
if [ "$major" -le 26 ]; then
  case $command in
    pipe | send | receive) set -- --initial-old-space-size=48 "$@" ;;
    *) set -- --optimize-for-size "$@" ;;
  esac
fi
# A stream spends its time in OpenSSL and in the system: V8 optimizes three times as late, or a quarter of all CPU of the first
# 64 MiB goes into compiling. Later Nodes have no such flag.
if [ "$major" -eq 20 ]; then
  case $command in
    pipe | send | receive) set -- --interrupt-budget=200000 "$@" ;;
  esac
fi
# From 24 on V8 compiles on threads that may wait for a collection, which the main thread makes; at its end Node waits for those
# threads instead, and both wait for ever (nodejs/node#54918): 17 of 800 short programs in a small heap. Compiled as 22 does it,
# none of 2,000.
if [ "$major" -ge 24 ] && [ "$major" -le 26 ]; then set -- --no-concurrent-sparkplug --no-maglev "$@"; fi

[ "$major" -lt 25 ] || set -- --allow-net "$@"
if [ "$major" -lt 22 ] || { [ "$major" -eq 22 ] && [ "$minor" -lt 13 ]; }; then
  set -- --experimental-permission "$@"
else
  set -- --permission "$@"
fi
if [ "$major" -gt 22 ] || { [ "$major" -eq 22 ] && [ "$minor" -ge 14 ]; }; then set -- --disable-sigusr1 "$@"; fi
is_inside "$app" || set -- "--allow-fs-read=$app/" "$@"
exec node --disable-warning=ExperimentalWarning --disallow-code-generation-from-strings "$@"
