/**
 * Completion for the shells: one script each, from the table of flags. A script knows all that it needs and never starts
 * this program: what stands on the command line, a room code perhaps, stays in the shell. No sentence may be in this file.
 */
import { wordlist } from '@scure/bip39/wordlists/english.js';
import type { Registry } from '../../plugins/kit/registry.js';
import { CLI_WORDS } from '../words/cli.js';
import { COMMANDS, FLAGS, type OwnFlag, type Shell, SHELLS, TOPICS } from './flags.js';
import { meaning } from './help.js';

export function completion(shell: Shell, registry: Registry): string {
  return WRITERS[shell](registry);
}

const RELAYS = ['ws', 'socketio'];
const HELP = [...TOPICS, ...COMMANDS, 'man'];

function valuesOf({ values }: OwnFlag, registry: Registry): readonly string[] {
  return values === undefined || values === 'path' ? [] : registry.names(values);
}

function spellings({ long, short }: OwnFlag): string[] {
  return short === undefined ? [`--${long}`] : [`-${short}`, `--${long}`];
}

/** In single quotes of a POSIX shell. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}

function bash(registry: Registry): string {
  const cases = FLAGS.flatMap((flag) => {
    if (flag.value === undefined) return [];
    const names = spellings(flag).join('|');
    const values = valuesOf(flag, registry);
    if (flag.values === 'path') return [`    ${names}) COMPREPLY=($(compgen -f -- "$cur")); return ;;`];
    return [`    ${names}) COMPREPLY=($(compgen -W ${quoted(values.join(' '))} -- "$cur")); return ;;`];
  });
  return `# securechat completion for bash
_securechat() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD-1]} head
  COMPREPLY=()
  case $prev in
${cases.join('\n')}
  esac
  if [ "$COMP_CWORD" -gt 1 ]; then
    case \${COMP_WORDS[1]} in
      relay) COMPREPLY=($(compgen -W ${quoted([...RELAYS, '--help'].join(' '))} -- "$cur")); return ;;
      help) COMPREPLY=($(compgen -W ${quoted(HELP.join(' '))} -- "$cur")); return ;;
      completion) COMPREPLY=($(compgen -W ${quoted(SHELLS.join(' '))} -- "$cur")); return ;;
      page) COMPREPLY=($(compgen -W '--hash --help' -- "$cur")); return ;;
      doctor) COMPREPLY=($(compgen -W '--relay --files --help' -- "$cur")); return ;;
    esac
  fi
  case $cur in
    -*) COMPREPLY=($(compgen -W ${quoted(FLAGS.map(({ long }) => `--${long}`).join(' '))} -- "$cur")); return ;;
    [0-9][0-9][0-9][0-9][0-9][0-9]-*-*-*-*) return ;;
    [0-9][0-9][0-9][0-9][0-9][0-9]-*)
      head=\${cur%-*}-
      COMPREPLY=($(compgen -P "$head" -W "$_securechat_words" -- "\${cur##*-}"))
      case $head in *-*-*-) ;; *) compopt -o nospace; COMPREPLY=("\${COMPREPLY[@]/%/-}") ;; esac
      return ;;
  esac
  [ "$COMP_CWORD" -ne 1 ] || COMPREPLY=($(compgen -W ${quoted(COMMANDS.join(' '))} -- "$cur"))
}
_securechat_words=${quoted(wordlist.join(' '))}
complete -F _securechat securechat
`;
}

function zsh(registry: Registry): string {
  const text = (words: string): string => words.replace(/[[\]:\\]/g, String.raw`\$&`);
  const specs = FLAGS.flatMap((flag) =>
    spellings(flag).map((name) => {
      const many = flag.repeated ? '*' : `(${spellings(flag).join(' ')})`;
      const head = `${many}${name}[${text(meaning(flag, registry))}]`;
      if (flag.value === undefined) return quoted(head);
      const values = valuesOf(flag, registry);
      const action = flag.values === 'path' ? '_files' : values.length > 0 ? `(${values.join(' ')})` : '';
      return quoted(`${head}:${flag.value}:${action}`);
    }),
  );
  const described = COMMANDS.map((name) => quoted(`${name}:${text(CLI_WORDS.commands[name])}`));
  return `#compdef securechat
# securechat completion for zsh
_securechat_room() {
  if [[ $PREFIX == [0-9](#c6)-* ]]; then
    local -a parts=(\${(s:-:)PREFIX})
    [[ $PREFIX == *- ]] && parts+=('')
    (( $#parts > 4 )) && return 1
    compset -P '*-'
    if (( $#parts < 4 )); then compadd -S - -- $_securechat_words; else compadd -- $_securechat_words; fi
    return
  fi
  (( CURRENT == 2 )) && _describe -t commands command _securechat_commands
}
_securechat() {
  setopt localoptions extendedglob
  case $words[2] in
    relay) (( CURRENT > 2 )) && { compadd -- ${[...RELAYS, '--help'].join(' ')}; return } ;;
    help) (( CURRENT > 2 )) && { compadd -- ${HELP.join(' ')}; return } ;;
    completion) (( CURRENT > 2 )) && { compadd -- ${SHELLS.join(' ')}; return } ;;
    page) (( CURRENT > 2 )) && { compadd -- --hash --help; return } ;;
    doctor) (( CURRENT > 2 )) && { compadd -- --relay --files --help; return } ;;
  esac
  _arguments -s ${specs.join(' \\\n    ')} \\
    '1:room:_securechat_room'
}
typeset -ga _securechat_commands=(${described.join(' ')})
typeset -ga _securechat_words=(${wordlist.join(' ')})
if [ "$funcstack[1]" = _securechat ]; then _securechat "$@"; else compdef _securechat securechat; fi
`;
}

function fish(registry: Registry): string {
  const flags = FLAGS.map((flag) => {
    const names = `-l ${flag.long}${flag.short === undefined ? '' : ` -s ${flag.short}`}`;
    const values = valuesOf(flag, registry);
    const takes =
      flag.value === undefined
        ? ''
        : flag.values === 'path'
          ? ' -r -F'
          : ` -x${values.length > 0 ? ` -a ${fishQuoted(values.join(' '))}` : ''}`;
    return `complete -c securechat -n __securechat_chat ${names}${takes} -d ${fishQuoted(meaning(flag, registry))}`;
  });
  const commands = COMMANDS.map(
    (name) => `complete -c securechat -n __fish_is_first_arg -a ${name} -d ${fishQuoted(CLI_WORDS.commands[name])}`,
  );
  const after = (command: string, words: readonly string[]): string =>
    `complete -c securechat -n '__fish_seen_subcommand_from ${command}' -a ${fishQuoted(words.join(' '))}`;
  return `# securechat completion for fish
function __securechat_chat
    not __fish_seen_subcommand_from ${COMMANDS.join(' ')}
end
function __securechat_words
    set -l head (string match -r '^[0-9]{6}-(?:[a-zA-Z]+-){0,2}' -- (commandline -ct))
    test -n "$head"; or return
    printf "$head%s\\n" $__securechat_wordlist
end
set -g __securechat_wordlist ${wordlist.join(' ')}
complete -c securechat -f
${commands.join('\n')}
${after('relay', RELAYS)}
${after('help', HELP)}
${after('completion', SHELLS)}
complete -c securechat -n '__fish_seen_subcommand_from page' -l hash
complete -c securechat -n '__fish_seen_subcommand_from doctor' -l relay -x
complete -c securechat -n '__fish_seen_subcommand_from doctor' -l files
${flags.join('\n')}
complete -c securechat -n __securechat_chat -a '(__securechat_words)'
`;
}

function fishQuoted(text: string): string {
  return `'${text.replace(/[\\']/g, String.raw`\$&`)}'`;
}

function powershell(registry: Registry): string {
  const single = (text: string): string => `'${text.replaceAll("'", "''")}'`;
  const list = (words: readonly string[]): string => `@(${words.map(single).join(', ')})`;
  const values = FLAGS.flatMap((flag) => {
    const names = valuesOf(flag, registry);
    return names.length === 0 ? [] : spellings(flag).map((name) => `    ${single(name)} = ${list(names)}`);
  });
  return `# securechat completion for PowerShell
Register-ArgumentCompleter -Native -CommandName securechat -ScriptBlock {
  param($word, $ast, $cursor)
  $values = @{
${values.join('\n')}
    'relay' = ${list(RELAYS)}
    'help' = ${list(HELP)}
    'completion' = ${list(SHELLS)}
  }
  $before = @($ast.CommandElements | ForEach-Object { $_.ToString() })
  if ($word -ne '') { $before = @($before | Select-Object -SkipLast 1) }
  $last = $before[-1]
  if ($values.ContainsKey($last)) { $found = $values[$last] }
  elseif ($word -match '^([0-9]{6}-(?:[a-zA-Z]+-){0,2})[a-zA-Z]*$') {
    $head = $Matches[1]
    $found = ${single(wordlist.join(' '))} -split ' ' | ForEach-Object { $head + $_ }
  }
  elseif ($word -like '-*') { $found = ${list(FLAGS.map(({ long }) => `--${long}`))} }
  elseif ($before.Count -eq 1) { $found = ${list(COMMANDS)} }
  else { $found = @() }
  $found | Where-Object { $_ -like "$word*" } | ForEach-Object { [System.Management.Automation.CompletionResult]::new($_) }
}
`;
}

const WRITERS: Readonly<Record<Shell, (registry: Registry) => string>> = { bash, zsh, fish, powershell };
