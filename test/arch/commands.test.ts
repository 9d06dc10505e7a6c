/**
 * Every command in every document is run as it stands there, by a test or step that is named, or has a reason why not: the
 * list is test/support/document-commands.ts. A new command that is not in it fails here, and one that no page shows any more.
 */
import { expect, test } from 'vitest';
import { COMMANDS, commandsIn, howOf, isHow } from '../support/document-commands.js';
import { FILES, text } from './sources.js';

const PAGES = FILES.filter((file) => file.endsWith('.md') && !/^(test|\.github)\//.test(file));
const SHOWN = PAGES.flatMap((page) => commandsIn(text(page)).map((command) => [page, command] as const));

test('no command stands in a document that nothing runs', () => {
  expect(SHOWN.length).toBeGreaterThan(80);
  const unknown = SHOWN.filter(([page, command]) => howOf(page, command) === undefined);
  expect(unknown.map(([page, command]) => `${page}: ${command}`)).toEqual([]);
});

test('nothing is run that no document shows', () => {
  const known = Object.entries(COMMANDS).flatMap(([page, all]) =>
    isHow(all) ? [] : Object.keys(all).map((command) => `${page}: ${command}`),
  );
  const shown = new Set(SHOWN.map(([page, command]) => `${page}: ${command}`));
  expect(known.filter((each) => !shown.has(each))).toEqual([]);
});

test('whatever is named as running a command is there, and speaks of the page or of the command', () => {
  const wrong = SHOWN.flatMap(([page, command]) => {
    const how = howOf(page, command);
    if (how === undefined || !('by' in how)) return [];
    const source = FILES.includes(how.by) ? text(how.by) : '';
    // A script of CI has it as it stands there, but for what is set before it and said less.
    if (how.by.startsWith('.ci/')) {
      const said = source.replaceAll('npm run -s ', 'npm run ').replaceAll(/\b[A-Z]+=\w+ (?=npm)/g, '');
      return said.includes(command.replaceAll(/ ~\S+/g, '')) ? [] : [`${how.by}: ${page}: ${command}`];
    }
    // A step of npm has the command's own name, with other arguments; a clone runs ./run.sh.
    const name = /^npm run ([\w:]+)|^(\S+)/.exec(command);
    const fits =
      source.includes(page) || [name?.[1], name?.[2]].some((each) => each !== undefined && source.includes(each));
    return fits ? [] : [`${how.by}: ${page}: ${command}`];
  });
  expect(wrong).toEqual([]);
});
