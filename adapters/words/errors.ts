/**
 * What each code says: the sentence, its cause and its remedy, from the tables beside this file. docs/errors.md is made
 * from them. Two causes never share a sentence. No text of a person, no part of a room code (but the listed word that was
 * probably meant) and no key may be passed to them; what comes from outside has been neutralised before (describe.ts).
 */
import type { Code } from '../../core/errors.js';
import { FILES } from './errors-files.js';
import { LIBRARY } from './errors-library.js';
import { NETWORK } from './errors-network.js';
import { PAGE } from './errors-page.js';
import { PROGRAM } from './errors-program.js';
import { SECURITY } from './errors-security.js';
import { SESSION } from './errors-session.js';
import type { Message } from './message.js';

export const MESSAGES: Readonly<Record<Code, Message>> = {
  ...NETWORK,
  ...SESSION,
  ...FILES,
  ...LIBRARY,
  ...PAGE,
  ...SECURITY,
  ...PROGRAM,
};
