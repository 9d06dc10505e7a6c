/**
 * How the room code comes in: argument, standard input, a descriptor, questions on a terminal, or a new one. Where there
 * is no terminal nothing is ever asked. Codes are bytes here and wiped; nothing is sent in this file.
 */
import { type Code, LocalProtocolError, SecurechatError } from '../../core/errors.js';
import {
  generateCode,
  generateStrongCode,
  parseTyped,
  type Random,
  type RoomCode,
  withSecret,
} from '../../core/room/code.js';
import { LAN, type Meeting } from '../../core/room/invite.js';
import { doubtOf, suggest } from '../../core/room/completion.js';
import type { Wordlist } from '../../core/room/words.js';
import { describe } from '../text/describe.js';
import { normalize } from '../text/normalize.js';
import { type Input, readFirstLine, takeFirstLine } from './input.js';
import type { Question } from './line-prompt.js';
import { CLI_WORDS } from '../words/cli.js';
import { RESERVED } from './flags.js';
import { nearCommand } from './near-command.js';
import type { CodeSource } from './options.js';
import type { Prompter } from './prompt.js';

export interface CodeEntry {
  readonly source: CodeSource;
  readonly words: Wordlist;
  readonly random: Random;
  readonly input: Input;
  /** Absent where nothing may be asked. */
  readonly prompter: Prompter | undefined;
  /** The peer is looked for in the local network. */
  readonly lan: boolean;
  /** Throws SC-109 or SC-110 for the address of a relay in an invitation link. */
  readonly checkRelay: (address: string) => URL;
}

export interface EnteredCode {
  readonly code: RoomCode;
  /** It was made here and must be told to the peer. */
  readonly created: boolean;
  /** From an invitation link. */
  readonly meeting: CheckedMeeting | undefined;
  /** Where the UI reads on. */
  readonly input: Input;
  /** What the person should be told about it. */
  readonly notices: readonly Code[];
}

/** What an invitation link says, its address judged. */
export type CheckedMeeting = Omit<Meeting, 'relay'> & { readonly relay: URL };

/** Throws SecurechatError SC-109, SC-110, SC-301, SC-302, SC-310, SC-311, SC-376, SC-505, SC-511, SC-514. */
export async function enterCode(entry: CodeEntry): Promise<EnteredCode> {
  const { source, prompter, input } = entry;
  switch (source.type) {
    case 'argument': {
      const read = wiping(source.bytes, (bytes) => readCode(bytes, entry));
      if (!source.meant) await askCommand(read.code, prompter);
      const notices: Code[] = read.code.form === 'none' ? [] : ['SC-319'];
      return finish(prompter === undefined ? read : await askSecret(read, entry, prompter), input, notices);
    }
    case 'stdin': {
      const { line, rest } = await takeFirstLine(input);
      return finish(
        wiping(line, (bytes) => readCode(bytes, entry)),
        rest,
        [],
      );
    }
    case 'fd': {
      const line = await readFirstLine(source.fd);
      return finish(
        wiping(line, (bytes) => readCode(bytes, entry)),
        input,
        [],
      );
    }
    case 'new':
      return finish(newCode(entry, source.strong), input, []);
    case 'ask': {
      if (prompter === undefined) return finish(newCode(entry), input, []);
      return finish(await askSecret(await askCode(entry, prompter), entry, prompter), input, []);
    }
  }
}

interface ReadCode {
  readonly code: RoomCode;
  readonly created: boolean;
  readonly meeting: CheckedMeeting | undefined;
}

function finish(read: ReadCode, input: Input, notices: readonly Code[]): EnteredCode {
  return { ...read, input, notices: read.code.form === 'none' ? [...notices, 'SC-318'] : notices };
}

function newCode({ random, words }: CodeEntry, strong = false): ReadCode {
  return { code: strong ? generateStrongCode(random) : generateCode(random, words), created: true, meeting: undefined };
}

/** A code or an invitation link. */
function readCode(bytes: Uint8Array, { words, lan, checkRelay }: CodeEntry): ReadCode {
  const { code, meeting } = parseTyped(bytes, words, normalize);
  try {
    if (code.form === 'none' && RESERVED.has(code.nameplate.toLowerCase()))
      throw new SecurechatError('SC-511', { name: code.nameplate });
    // It shows this machine to its network: nobody is led there by a link alone.
    if (meeting === LAN && !lan) throw new SecurechatError('SC-376');
    const checked =
      meeting === undefined || meeting === LAN ? undefined : { ...meeting, relay: checkRelay(meeting.relay) };
    return { code, created: false, meeting: checked };
  } catch (error) {
    code.secret.fill(0);
    throw error;
  }
}

/** Asks until it is a code; Enter makes a new one. A typo costs nothing. */
async function askCode(entry: CodeEntry, prompter: Prompter): Promise<ReadCode> {
  let read: ReadCode | undefined;
  const accept = refusing((typed, told) => {
    read = typed.every((byte) => byte === 0x20) ? newCode(entry) : readCode(typed, entry);
    return doubt(read.code, entry, told);
  });
  const hint = (typed: Uint8Array) => suggest(typed, entry.words);
  await prompter.ask({ message: CLI_WORDS.ask.code, hidden: false, what: 'code', accept, suggest: hint });
  if (read === undefined) throw new LocalProtocolError('a code was accepted but not read');
  return read;
}

/** A name alone that is like a command is asked about, and refused where nobody can answer. Throws SC-514. */
async function askCommand({ form, nameplate }: RoomCode, prompter: Prompter | undefined): Promise<void> {
  const near = form === 'none' ? nearCommand(nameplate) : undefined;
  if (near === undefined) return;
  const room = await prompter?.choose({
    message: CLI_WORDS.ask.notCommand(nameplate, near),
    answers: [
      { title: CLI_WORDS.ask.meantCommand, value: false },
      { title: CLI_WORDS.ask.meantRoom(nameplate), value: true },
    ],
    what: 'code',
  });
  if (room !== true) throw new SecurechatError('SC-514', { name: nameplate, near });
}

/** Only for a room name alone. */
async function askSecret(read: ReadCode, entry: CodeEntry, prompter: Prompter): Promise<ReadCode> {
  if (read.code.form !== 'none') return read;
  const secret = await prompter.choose({
    message: CLI_WORDS.ask.open(read.code.nameplate),
    answers: [
      { title: CLI_WORDS.ask.compare, value: false },
      { title: CLI_WORDS.ask.withSecret, value: true },
    ],
    what: 'secret',
  });
  if (!secret) return read;
  let { code } = read;
  const accept = refusing((typed, told) => {
    code = withSecret(read.code, typed, entry.words, normalize);
    return doubt(code, entry, told);
  });
  await prompter.ask({ message: CLI_WORDS.ask.secret, hidden: true, what: 'secret', accept });
  return { ...read, code };
}

/** What looks like a generated code and is none is asked about once, and then taken as it is. */
function doubt(code: RoomCode, { words }: CodeEntry, told: string | undefined): string | undefined {
  const why = doubtOf(code, words);
  const sentence = why === undefined ? undefined : CLI_WORDS.ask.doubt(why);
  if (sentence === undefined || sentence === told) return undefined;
  code.secret.fill(0);
  return sentence;
}

/** A check as the check of an answer: what it throws becomes the sentence. */
function refusing(check: Question['accept']): Question['accept'] {
  return (answer, told) => {
    try {
      return check(answer, told);
    } catch (error) {
      if (error instanceof SecurechatError) return describe(error.code, error.detail);
      throw error;
    }
  };
}

function wiping<T>(bytes: Uint8Array, use: (bytes: Uint8Array) => T): T {
  try {
    return use(bytes);
  } finally {
    bytes.fill(0);
  }
}
