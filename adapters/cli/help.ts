/**
 * `--help` and `securechat help`: the table of flags and the words put into rows. No sentence may be in this file.
 */
import type { AdapterKind, Registry } from '../../plugins/kit/registry.js';
import { CLI_WORDS } from '../words/cli.js';
import { COMMAND } from '../words/command.js';
import { neutral } from '../text/neutral.js';
import { EXAMPLES, HELP_WORDS } from '../words/help.js';
import { COMMANDS, DEFAULTS, FLAGS, type OwnFlag, SHELLS, type Topic, TOPICS } from './flags.js';

const KINDS: readonly string[] = ['transport', 'crypto', 'ui'];

/** `-x, --long <value>`, or `[value]` where it may be left out. */
function form({
  long,
  short,
  value,
  bare,
}: Pick<OwnFlag, 'short' | 'value' | 'bare'> & { readonly long: string }): string {
  const behind = value === undefined ? '' : bare === undefined ? ` <${value}>` : ` [${value}]`;
  return `${short === undefined ? '    ' : `-${short}, `}--${long}${behind}`;
}

/** What a flag means; for adapters the names that there are. */
export function meaning({ long }: Pick<OwnFlag, 'long'>, registry: Registry): string {
  const words = CLI_WORDS.flags[long];
  if (!KINDS.includes(long)) return words;
  const kind = long as AdapterKind;
  const names = registry.names(kind);
  return `${words}: ${kind === 'ui' ? names.join(', ') : CLI_WORDS.known(names, DEFAULTS[kind])}`;
}

function rows(pairs: readonly (readonly [string, string])[], width: number): string[] {
  return pairs.map(([left, right]) => `  ${left.padEnd(width)} ${right}`.trimEnd());
}

/** Flags that plugins have brought, by adapter. */
function brought(registry: Registry): string[] {
  const groups = new Map<string, (readonly [string, string])[]>();
  for (const { flag, spec, kind, adapter } of registry.flags()) {
    const title = CLI_WORDS.adapterFlags(kind, adapter);
    const shown = form({ long: flag, ...(spec.value === undefined ? {} : { value: neutral(spec.value) }) });
    groups.set(title, [...(groups.get(title) ?? []), [shown, neutral(spec.description)]]);
  }
  return [...groups].flatMap(([title, pairs]) => ['', title, ...rows(pairs, 30)]);
}

/** What fits a terminal of 80 by 24, and the flags of plugins. */
export function shortHelp(registry: Registry): string {
  const common = FLAGS.filter((flag) => flag.common);
  return lines([
    HELP_WORDS.title,
    '',
    HELP_WORDS.examples,
    ...rows(
      EXAMPLES.map(([typed, does]) => [`${COMMAND}${typed}`, does]),
      39,
    ),
    '',
    HELP_WORDS.usage,
    '',
    ...rows(
      common.map((flag) => [form(flag), shortMeaning(flag, registry)]),
      24,
    ),
    '',
    HELP_WORDS.commands(COMMANDS),
    HELP_WORDS.topics(TOPICS),
    ...brought(registry),
  ]);
}

/** The names alone say enough beside the flag. */
function shortMeaning(flag: OwnFlag, registry: Registry): string {
  const whole = meaning(flag, registry);
  return KINDS.includes(flag.long) ? whole.slice(whole.lastIndexOf(': ') + 2) : whole;
}

/** A topic of `help`. */
export function topicHelp(topic: Topic, registry: Registry): string {
  return lines(topic === 'options' ? allOptions(registry) : HELP_WORDS.topicTexts[topic]);
}

/** `--help` of a command other than `relay`, which has its own. */
export function commandHelp(command: Exclude<(typeof COMMANDS)[number], 'relay'>): string {
  if (command === 'completion') return lines(HELP_WORDS.completion(SHELLS));
  return lines(command === 'help' ? HELP_WORDS.help(TOPICS) : HELP_WORDS[command]);
}

function allOptions(registry: Registry): string[] {
  return [
    HELP_WORDS.optionsTitle,
    ...FLAGS.flatMap((flag) => wrapped(form(flag), meaning(flag, registry))),
    '',
    HELP_WORDS.commandsTitle,
    ...rows(
      COMMANDS.map((name) => [name, CLI_WORDS.commands[name]]),
      14,
    ),
    HELP_WORDS.commandHelp,
    '',
    HELP_WORDS.settingsTitle,
    ...rows([...settings(), ...Object.entries(HELP_WORDS.own)], 28),
    ...brought(registry),
  ];
}

/** Each variable of the environment with what it stands for. */
export function settings(): (readonly [string, string])[] {
  return FLAGS.flatMap(({ long, setting }) =>
    setting === undefined ? [] : [[setting, HELP_WORDS.setting(long)] as const],
  );
}

/** A flag, and its meaning beside it in rows of at most 80 columns. */
function wrapped(flag: string, words: string): string[] {
  const parts = words.match(/\S(?:.{0,46}\S)?(?=\s|$)/g) ?? [];
  return parts.map((part, i) => `  ${(i === 0 ? flag : '').padEnd(28)} ${part}`);
}

function lines(all: readonly string[]): string {
  return `${all.join('\n')}\n`;
}
