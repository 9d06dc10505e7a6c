/**
 * What the address of a page says: the relay that served it, and the code behind the #. The code is bytes of the caller and
 * in no error. Nothing is read from the platform in this file.
 */
import { SecurechatError } from '../../core/errors.js';
import { concat, ascii } from '../../core/protocol/bytes.js';
import { type Normalize, parseTyped, type RoomCode } from '../../core/room/code.js';
import { formatInvite, isInvite, LAN, type Meeting, webLink } from '../../core/room/invite.js';
import type { Wordlist } from '../../core/room/words.js';
import { utf8 } from '../text/utf8.js';
import { parseRelayAddress, isLoopback } from '../cli/relay-address.js';

/** The parts of `location` that are read. */
export interface PageAddress {
  readonly protocol: string;
  readonly host: string;
  readonly hostname: string;
  readonly pathname: string;
  readonly hash: string;
}

/** Where the relay is that serves this page; empty for a page that was opened from disk. */
export function relayOf({ protocol, host, pathname }: PageAddress): string {
  if (protocol !== 'https:' && protocol !== 'http:') return '';
  // What the page is called is no part of it.
  return `${protocol === 'https:' ? 'wss' : 'ws'}://${host}${pathname.replace(/[^/]*$/, '')}`;
}

/** Whether anybody on the way can have changed the page: an onion service and this machine have no such way. */
export function isOpenToChange({ protocol, hostname }: PageAddress): boolean {
  return protocol === 'http:' && !isLoopback(hostname) && !hostname.replace(/\.$/, '').endsWith('.onion');
}

/**
 * The link to this page for the peer of a session at `relay`, which it names where another place serves the page. A page that
 * was opened from disk is nowhere else: then the link is one for the program, or for a copy of the page.
 */
export function linkTo(address: PageAddress, relay: URL, code: Uint8Array): Uint8Array {
  const serving = relayOf(address);
  const meeting = { relay: relay.href };
  if (serving === '') return formatInvite(code, meeting);
  const page = `${address.protocol}//${address.host}${address.pathname}`;
  return webLink(page, code, new URL(serving).href === relay.href ? undefined : meeting);
}

const LINK = ascii('securechat://#');

/** A code, or what is behind the # of a link, as an invitation: undefined when there is nothing. */
export function fragmentOf({ hash }: PageAddress): Uint8Array | undefined {
  if (hash.length < 2) return undefined;
  const fragment = utf8(hash.slice(1));
  if (isInvite(fragment)) return fragment;
  const link = concat(LINK, fragment);
  fragment.fill(0);
  return link;
}

export interface Entered {
  readonly code: RoomCode;
  /** Where a link says that both meet, judged. */
  readonly relay: URL | undefined;
}

/**
 * The code in `typed`, or the invitation. Throws SecurechatError SC-109, SC-110 (its relay), SC-301, SC-302, and SC-365 for a
 * link that a page cannot follow.
 */
export function readTyped(typed: Uint8Array, words: Wordlist, normalize: Normalize): Entered {
  const { code, meeting } = parseTyped(typed, words, normalize);
  try {
    return { code, relay: meeting === undefined ? undefined : judge(meeting) };
  } catch (error) {
    code.secret.fill(0);
    throw error;
  }
}

/** A relay may take both wires, and then its other name is no obstacle. */
const WIRES = ['ws', 'socketio'];

function judge(meeting: Meeting | typeof LAN): URL {
  if (meeting === LAN) throw new SecurechatError('SC-365', { why: 'lan' });
  const { relay, transport, pin } = meeting;
  if (pin !== undefined) throw new SecurechatError('SC-365', { why: 'pin' });
  if (transport !== undefined && !WIRES.includes(transport)) throw new SecurechatError('SC-365', { why: 'transport' });
  return parseRelayAddress(relay, false);
}
