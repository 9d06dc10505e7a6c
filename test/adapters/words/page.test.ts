/** The words of the page: no hint names what only the program has. */
import { expect, it } from 'vitest';
import { explain, sentenceOf } from '../../../adapters/text/describe.js';
import { PAGE_HINTS } from '../../../adapters/words/page.js';
import { type Code, CODES } from '../../../core/errors.js';

/** What ends or is told only where there is a command line, a terminal, or a library. */
const ELSEWHERE = /^SC-(?:11[1-9]|12\d|31[09]|320|326|35[0-9]|36[0-49]|37\d|50[2-9]|51\d|52\d)$/;

it('no sentence on the page names a flag, a command of a shell or a command of the chat that it has not', () => {
  const told = (Object.keys(CODES) as Code[]).filter((code) => !ELSEWHERE.test(code) || code in PAGE_HINTS);
  expect(told.length).toBeGreaterThan(50);
  const wrong = told.filter((code) => {
    const hint = PAGE_HINTS[code];
    const said = hint === undefined ? explain(code) : `${sentenceOf(code, {})} ${hint}`;
    return /--[a-z]|securechat (?:relay|doctor|pipe|send|receive)|\/quit/.test(said);
  });
  expect(wrong).toEqual([]);
});
