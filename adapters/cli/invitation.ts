/**
 * What the peer is given: the code to say, and the link to send. Where the relay is for others is decided here; neither a
 * sentence nor a connection may be in this file.
 */
import { ascii, concat } from '../../core/protocol/bytes.js';
import { formatCode, type RoomCode } from '../../core/room/code.js';
import { formatInvite, type Meeting } from '../../core/room/invite.js';
import type { LocalRelay } from './embedded.js';
import { DEFAULTS } from './help.js';

export interface InvitationOptions {
  /** Absent for a transport that needs none. */
  readonly relay: LocalRelay | undefined;
  readonly transport: string;
  /** The code may be told by itself. */
  readonly spoken: boolean;
  /** The link opens in a browser: the relay serves the page. */
  readonly web: boolean;
}

/** Both belong to the caller, who wipes them. */
export function invitationOf(made: RoomCode, options: InvitationOptions): { code: Uint8Array; invite: Uint8Array } {
  const { relay, transport, spoken, web } = options;
  const typed = formatCode(made);
  const place = web && relay !== undefined ? (relay.meetings?.[0]?.relay ?? relay.url.href) : undefined;
  const invite = place === undefined ? formatInvite(typed, meetingAt(relay, transport)) : webLink(place, typed);
  // Where the code alone leads nowhere, only the link is told.
  if (spoken && relay?.pin === undefined) return { code: typed, invite };
  typed.fill(0);
  return { code: new Uint8Array(0), invite };
}

/** Where a peer finds the relay; nowhere that a link could name when it is this machine's own. */
function meetingAt(relay: LocalRelay | undefined, transport: string): Meeting | undefined {
  if (relay === undefined) return undefined;
  if (relay.meetings !== undefined) return relay.meetings[0];
  if (relay.started) return undefined;
  return { relay: relay.url.href, ...(transport === DEFAULTS.transport ? {} : { transport }) };
}

const HASH = 0x23;

/** The page that the relay serves, with the code behind the #: a browser does not send that. */
function webLink(relay: string, typed: Uint8Array): Uint8Array {
  const invite = formatInvite(typed);
  const link = concat(ascii(relay.replace(/^ws/, 'http')), invite.subarray(invite.indexOf(HASH)));
  invite.fill(0);
  return link;
}
