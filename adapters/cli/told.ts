/**
 * What a person is told before the chat: notices, and where a peer finds the relay that runs in this program. No sentence
 * may be in this file.
 */
import type { RoomCode } from '../../core/room/code.js';
import { formatCode } from '../../core/room/code.js';
import { formatInvite, LAN, type Meeting, webLink } from '../../core/room/invite.js';
import { explain } from '../text/describe.js';
import { CLI_WORDS } from '../words/cli.js';
import type { EnteredCode } from './code-entry.js';
import type { LocalRelay } from './embedded.js';
import { DEFAULTS } from './flags.js';
import type { Options } from './options.js';
import { isPrivate, pageOf } from './relay-address.js';
import type { Task } from './task.js';
import type { Notice, Told } from './told-ui.js';

export interface Situation {
  readonly task: Task;
  readonly options: Options;
  readonly entered: EnteredCode;
  readonly relay: LocalRelay | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The runtime denies this process what it does not need. */
  readonly enforced: boolean;
  /** What is said is seen on a terminal. */
  readonly terminal: boolean;
}

export function toldFirst({ task, options, entered, relay, env, enforced, terminal }: Situation): Told {
  const codes = [...entered.notices];
  // The input is for what is piped, or there is no question to answer.
  const input = task.kind === 'pipe' || task.kind === 'send' ? { input: task.kind } : {};
  if (options.direct !== undefined) codes.push('SC-370');
  if (!enforced) codes.push('SC-508');
  if ((env['NODE_EXTRA_CA_CERTS'] ?? '') !== '') codes.push('SC-509');
  if (task.kind === 'chat' && options.ui === 'line' && !options.wipeScrollback && terminal) codes.push('SC-510');
  const local = options.listen?.type === 'lan';
  if (local) codes.push('SC-373');
  const notices: Notice[] = codes.map((code) => ({ type: 'notice', code, text: explain(code, input) }));
  const first: Told['first'][number][] = local ? [{ type: 'path', path: 'local network' }, ...notices] : notices;
  if (local)
    return {
      first,
      code: undefined,
      later: [{ type: 'notice', code: 'SC-126', text: CLI_WORDS.lan.peerTypes(CLI_WORDS.peerCommand[task.kind]) }],
    };
  if (relay?.meetings === undefined) {
    if (relay?.started === true)
      first.push({ type: 'notice', code: 'SC-320', text: explain('SC-320', { relay: relay.url.href }) });
    return { first, code: undefined, later: [] };
  }
  const later = whereToMeet(relay, task).map((text): Notice => ({ type: 'notice', code: 'SC-126', text }));
  if (!options.web && isRefused(relay)) later.push({ type: 'notice', code: 'SC-375', text: explain('SC-375') });
  // A code of the person's own is told nowhere else, and the peer needs the address.
  const code = entered.created ? undefined : presented(entered.code, options, relay);
  return { first, code, later };
}

/** The code and the link, UTF-8; whoever shows them wipes them. */
export function presented(code: RoomCode, options: Options, relay: LocalRelay | undefined) {
  const typed = formatCode(code);
  const invite = inviteOf(typed, options, relay);
  // Where the code alone leads nowhere, only the link is told.
  const spoken = (options.source.type !== 'new' || !options.source.strong) && relay?.pin === undefined;
  if (spoken) return { code: typed, invite };
  typed.fill(0);
  return { code: new Uint8Array(0), invite };
}

/** For the program, or for a browser: the page that the relay serves, with the code behind the #, which is not sent. */
function inviteOf(typed: Uint8Array, options: Options, relay: LocalRelay | undefined): Uint8Array {
  const { web, transport } = options;
  if (options.listen?.type === 'lan') return formatInvite(typed, LAN);
  if (!web || relay === undefined) return formatInvite(typed, meetingAt(relay, transport));
  return webLink(pageOf(relay.meetings?.[0]?.relay ?? relay.url.href), typed);
}

/** Where a peer finds the relay; nowhere that a link could name when it is this machine's own. */
function meetingAt(relay: LocalRelay | undefined, transport: string): Meeting | undefined {
  if (relay === undefined) return undefined;
  if (relay.meetings !== undefined) return relay.meetings[0];
  if (relay.started) return undefined;
  return { relay: relay.url.href, ...(transport === DEFAULTS.transport ? {} : { transport }) };
}

/** By the peer's program, when it is given the link. */
function isRefused({ meetings: [linked] = [], pin }: LocalRelay): boolean {
  return linked !== undefined && pin === undefined && !isPrivate(new URL(linked.relay).hostname);
}

/** What the peer types, for each address; with a certificate of its own, or as an onion service, the link is the way. */
function whereToMeet({ meetings = [], pin }: LocalRelay, { kind }: Task): string[] {
  const command = CLI_WORDS.peerCommand[kind];
  const [first, ...others] = meetings;
  if (pin !== undefined) return others.map(({ relay }) => CLI_WORDS.alsoAt(relay));
  if (first?.relay.endsWith('.onion/') === true) return [CLI_WORDS.peerTypesTor(command, kind !== 'receive')];
  return meetings.map(({ relay }) =>
    CLI_WORDS.peerTypes(command, relay.replace(/\/$/, ''), !isPrivate(new URL(relay).hostname)),
  );
}
