/**
 * The program of the page: address, questions, adapters, chat, end. It keeps nothing, asks for nothing but the WebSocket, and
 * starts when it is loaded. No rule of the protocol may be in this file.
 */
import { NAME_LIMIT, RESUME_TIMEOUT } from '../../../core/limits.js';
import { wordlist } from '@scure/bip39/wordlists/english.js';
import { isSecurechatError, SecurechatError, type Code, type Detail } from '../../../core/errors.js';
import { ascii } from '../../../core/protocol/bytes.js';
import { formatCode, generateCode, parseCode, type RoomCode, withNewNameplate } from '../../../core/room/code.js';
import { createWordlist } from '../../../core/room/words.js';
import { type Chat, chat } from '../../../core/session/driver.js';
import { createCodeHelp } from '../../cli/code-help.js';
import { normalize } from '../../text/normalize.js';
import { parseRelayAddress } from '../../cli/relay-address.js';
import { VERSION } from '../../../core/version.js';
import { createBrowserCrypto } from '../../crypto/browser.js';
import { createClock } from '../../system/clock.js';
import { explain, sentenceOf } from '../../text/describe.js';
import { sanitize } from '../../text/sanitize.js';
import { utf8 } from '../../text/utf8.js';
import { createBrowserTransport } from '../../transport/browser.js';
import { PAGE_HINTS, PAGE_WORDS } from '../../words/page.js';
import { createBrowserFiles } from '../../web/files.js';
import { fragmentOf, isOpenToChange, linkTo, readTyped, relayOf } from '../../web/place.js';
import type { AskPlace, Place } from '../../web/shelf.js';
import { createFrame } from './frame.js';
import { createPageUi } from './page.js';
import { type Answers, askStart } from './start.js';

interface Wanted {
  readonly code: RoomCode;
  readonly created: boolean;
  readonly relay: URL;
  readonly name: Uint8Array;
  readonly verify: boolean;
}

const words = createWordlist(wordlist);
const codeHelp = createCodeHelp(words);
const clock = createClock();
const frame = createFrame();
const random = (n: number): Uint8Array => crypto.getRandomValues(new Uint8Array(n));
/** Begins now: it takes a moment, and is needed in any case. */
const loading = createBrowserCrypto();
loading.catch(() => undefined);

/** Sentence and hint, as they are right on a page. */
function describe(code: Code, detail: Detail = {}): string {
  const hint = PAGE_HINTS[code];
  return hint === undefined ? explain(code, detail) : `${sentenceOf(code, detail)} ${hint}`.trimEnd();
}

function told(error: unknown): string {
  if (!isSecurechatError(error)) throw error;
  return `${describe(error.code, error.detail)} (${error.code})`;
}

function begin(): void {
  const address = { ...parts(location) };
  let linked = fragmentOf(address);
  // Read once: the address bar and the history have it no longer.
  if (address.hash !== '') history.replaceState(null, '', location.pathname + location.search);
  if (isOpenToChange(address)) notice('SC-366');
  const brought =
    linked === undefined ? undefined : attempt(() => readTyped(linked ?? new Uint8Array(0), words, normalize));
  linked?.fill(0);
  linked = undefined;
  let entered = brought?.result;
  if (brought?.error !== undefined) frame.notice(brought.error);

  askStart({
    frame,
    codeHelp,
    room: entered?.code.nameplate,
    relay: entered?.relay?.href ?? relayOf(address),
    otherCode() {
      entered?.code.secret.fill(0);
      entered = undefined;
    },
    use(answers) {
      const name = utf8(answers.name);
      if (name.length > NAME_LIMIT) return { field: 'name', why: PAGE_WORDS.start.nameLong(NAME_LIMIT) };
      const read = attempt(() => codeOf(answers, entered));
      answers.typed?.fill(0);
      if (read.result === undefined) return { field: 'code', why: read.error };
      const { code, created, relay: named } = read.result;
      const relay = attempt(() => named ?? relayFrom(answers.relay));
      if (relay.result === undefined) {
        if (entered === undefined) code.secret.fill(0);
        return { field: 'relay', why: relay.error };
      }
      void talk({ code, created, relay: relay.result, name, verify: answers.verify }).catch(broken);
      return undefined;
    },
  });
}

type Attempt<T> =
  | { readonly result: T; readonly error?: undefined }
  | { readonly result?: undefined; readonly error: string };

function attempt<T>(work: () => T): Attempt<T> {
  try {
    return { result: work() };
  } catch (error) {
    return { error: told(error) };
  }
}

function codeOf({ typed, fresh }: Answers, linked: { code: RoomCode; relay: URL | undefined } | undefined) {
  if (fresh) return { code: generateCode(random, words), created: true, relay: undefined };
  // The field has the address of the link, and the person may have changed it.
  if (typed === undefined && linked !== undefined) return { code: linked.code, created: false, relay: undefined };
  return { ...readTyped(typed ?? new Uint8Array(0), words, normalize), created: false };
}

function relayFrom(typed: string): URL {
  if (typed.trim() === '') throw new SecurechatError('SC-109', { why: PAGE_WORDS.start.noRelay });
  return parseRelayAddress(typed.trim(), false);
}

async function talk({ code, created, relay, name, verify }: Wanted): Promise<void> {
  const files = createBrowserFiles({
    askPlace: placeAsker(),
    addresses: {
      make: (made) => URL.createObjectURL(new Blob([...made], { type: 'application/octet-stream' })),
      revoke: (made) => URL.revokeObjectURL(made),
    },
  });
  const ui = createPageUi({ frame, clock, sanitize, codeHelp, shelf: files, again: () => location.reload() });
  const { name: chosen, crypto: primitives } = await loading;
  const running = chat({
    crypto: primitives,
    transport: createBrowserTransport({ relay }),
    ui,
    bulk: files,
    clock,
    code,
    ...(created ? { reroll: (taken: RoomCode) => withNewNameplate(taken, random) } : {}),
    present(made) {
      const spoken = formatCode(made);
      return { code: spoken, invite: linkTo(parts(location), relay, spoken) };
    },
    retype: (typed) => parseCode(typed, words, normalize),
    ...{
      verify,
      name,
      receipts: true,
      pace: true,
      resumeTimeout: RESUME_TIMEOUT,
      idleTimeout: Number.POSITIVE_INFINITY,
    },
    version: ascii(VERSION),
    words: wordlist,
    relay: relay.href,
    describe: (about, detail) => describe(about, { relay: relay.href, ...detail }),
  });
  if (chosen === 'tweetnacl') notice('SC-368');
  if (code.form === 'none') notice('SC-318');
  const leaving = watchLeaving(running);
  addEventListener('pagehide', () => files.forget());
  await running.done;
  leaving();
}

/** A page that is closed says goodbye, as far as a browser lets it; one that talks asks before it is closed. */
function watchLeaving(talking: Chat): () => void {
  const ask = (event: BeforeUnloadEvent): void => event.preventDefault();
  const leave = (): void => {
    // The first says goodbye, the second does not wait for an answer.
    talking.interrupt();
    talking.interrupt();
  };
  addEventListener('beforeunload', ask);
  addEventListener('pagehide', leave);
  return () => {
    removeEventListener('beforeunload', ask);
    removeEventListener('pagehide', leave);
  };
}

function notice(code: Code): void {
  frame.notice(`${describe(code)} (${code})`);
}

function broken(error: unknown): void {
  frame.notice(isSecurechatError(error) ? told(error) : `${describe('SC-501')} (SC-501)`);
}

function parts({ protocol, host, hostname, pathname, hash }: Location) {
  return { protocol, host, hostname, pathname, hash };
}

/** `showSaveFilePicker`, where there is one. */
function placeAsker(): AskPlace | undefined {
  const { showSaveFilePicker: ask } = window as unknown as {
    readonly showSaveFilePicker?: (options: { readonly suggestedName: string }) => Promise<Place>;
  };
  if (ask === undefined) return undefined;
  return async (suggestedName) => {
    try {
      return await ask.call(window, { suggestedName });
    } catch (error) {
      // The person closed the question, or the browser refuses the name.
      if (error instanceof Error) return undefined;
      throw error;
    }
  };
}

begin();
