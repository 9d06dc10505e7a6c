/**
 * The man page, in the macros of man(7), from the same table and words as `--help`. No sentence may be in this file.
 */
import type { Registry } from '../../plugins/kit/registry.js';
import { CLI_WORDS } from '../words/cli.js';
import { EXAMPLES, HELP_WORDS } from '../words/help.js';
import { COMMANDS, FLAGS, type OwnFlag } from './flags.js';
import { meaning, settings } from './help.js';
import { VERSION } from '../../core/version.js';

const { man, topicTexts } = HELP_WORDS;

export function manPage(registry: Registry): string {
  return [
    `.TH SECURECHAT 1 ${man.date} "securechat ${VERSION}" "${man.section}"`,
    `.SH ${man.titles.name}`,
    `securechat \\- ${escaped(man.summary)}`,
    `.SH ${man.titles.synopsis}`,
    '.B securechat',
    '.RI [ flags ]',
    '.RI [ ROOM ]',
    '.br',
    '.B securechat',
    '.I COMMAND',
    '.RI [ arguments ]',
    `.SH ${man.titles.description}`,
    ...man.description.flatMap(filled),
    `.SH ${man.titles.options}`,
    ...FLAGS.flatMap((flag) => ['.TP', form(flag), ...filled(meaning(flag, registry))]),
    `.SH ${man.titles.commands}`,
    ...COMMANDS.flatMap((name) => ['.TP', `.B ${name}`, escaped(CLI_WORDS.commands[name])]),
    `.SH ${man.titles.environment}`,
    ...[...settings(), ...Object.entries(HELP_WORDS.own)].flatMap(([name, does]) => [
      '.TP',
      `.B ${name}`,
      escaped(does),
    ]),
    ...block(man.titles.codes, topicTexts.codes),
    ...block(man.titles.safety, topicTexts.safety),
    ...block(man.titles.relay, topicTexts.relay),
    ...block(man.titles.files, topicTexts.files),
    ...block(man.titles.plugins, topicTexts.plugins),
    ...block(man.titles.exit, topicTexts.exit),
    `.SH ${man.titles.examples}`,
    ...EXAMPLES.flatMap(([typed, does]) => ['.TP', `.B securechat${escaped(typed)}`, escaped(does)]),
    '',
  ]
    .join('\n')
    .replace(/\n+$/, '\n');
}

function form({ long, short, value, bare }: OwnFlag): string {
  const flag = `${short === undefined ? '' : `\\fB\\-${short}\\fR, `}\\fB\\-\\-${escaped(long)}\\fR`;
  if (value === undefined) return flag;
  return bare === undefined ? `${flag} \\fI${escaped(value)}\\fR` : `${flag} [\\fI${escaped(value)}\\fR]`;
}

/** A text with its own line breaks, without its title. */
function block(title: string, text: readonly string[]): string[] {
  return [`.SH ${title}`, '.nf', ...text.slice(2).map(escaped), '.fi'];
}

/** In rows that a person can read as well. */
function filled(text: string): string[] {
  return escaped(text).match(/\S(?:.{0,70}\S)?(?=\s|$)/g) ?? [];
}

/** As it stands: no escape, no request. */
function escaped(text: string): string {
  return text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replace(/^(?=[.'])/, '\\&');
}
