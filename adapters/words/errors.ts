/**
 * What each code says: the sentence, its cause and its remedy, from the tables beside this file. docs/errors.md is made
 * from them. Two causes never share a sentence. No text of a person, no part of a room code (but the listed word that was
 * probably meant) and no key may be passed to them; what comes from outside has been neutralised before (describe.ts).
 */
import type { Code } from '../../core/errors.js';
import { files } from './errors-files.js';
import { library } from './errors-library.js';
import { network } from './errors-network.js';
import { page } from './errors-page.js';
import { program } from './errors-program.js';
import { security } from './errors-security.js';
import { session } from './errors-session.js';
import type { Message } from './message.js';

let all: Readonly<Record<Code, Message>> | undefined;

/** Made when the first sentence is asked for: of most starts nothing is told before their first byte. */
export function sentences(): Readonly<Record<Code, Message>> {
  all ??= { ...network(), ...session(), ...files(), ...library(), ...page(), ...security(), ...program() };
  return all;
}
