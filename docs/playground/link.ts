/**
 * What can be done in the playground, and how it is written into a link: `#seed=lagoon&room=open&do=p.sa-aGVsbG8.d4`. The
 * same link shows the same world everywhere. A link is a stranger's: what is malformed in it is no world at all.
 */
import { base64url } from '../../core/protocol/bytes.js';

export const SIDES = ['alice', 'bob'] as const;
export type Side = (typeof SIDES)[number];

export interface Settings {
  /** 1 to 32 characters: a-z, 0-9, dash. */
  readonly seed: string;
  /** `secret`: both have typed the same code. `open`: a room name alone, so the safety words are compared. */
  readonly room: 'secret' | 'open';
  /** The relay does not pass on: it plays Bob to Alice and Alice to Bob. */
  readonly middle: boolean;
}

export type Action =
  /** From now on the relay passes on what it holds and what comes, or holds it. */
  | { readonly do: 'pass' | 'hold' }
  /** With one packet: pass it on, lose it, change one bit of it, or send it once more. */
  | { readonly do: 'deliver' | 'drop' | 'flip' | 'replay'; readonly packet: number }
  /** The connection of one side breaks. */
  | { readonly do: 'cut'; readonly side: Side }
  | { readonly do: 'wait'; readonly seconds: number }
  | { readonly do: 'say'; readonly side: Side; readonly text: string }
  /** The person's answer about the safety words. */
  | { readonly do: 'match' | 'differ'; readonly side: Side }
  | { readonly do: 'quit'; readonly side: Side };

export const ACTIONS_LIMIT = 1_000;
export const TEXT_LIMIT = 200;
export const WAIT_LIMIT = 3_600;

const SEED = /^[a-z0-9-]{1,32}$/;
const WITH_PACKET = { d: 'deliver', x: 'drop', f: 'flip', r: 'replay' } as const;
const WITH_SIDE = { c: 'cut', y: 'match', n: 'differ', q: 'quit' } as const;
const SIDE_OF = { a: 'alice', b: 'bob' } as const;

export function formatLink({ seed, room, middle }: Settings, actions: readonly Action[]): string {
  const done = actions.map(formatAction).join('.');
  return `#seed=${seed}&room=${room}${middle ? '&middle' : ''}${done === '' ? '' : `&do=${done}`}`;
}

/** Undefined: it is no link of a playground. */
export function parseLink(
  hash: string,
): { readonly settings: Settings; readonly actions: readonly Action[] } | undefined {
  const given = new URLSearchParams(hash.replace(/^#/, ''));
  const [seed, room, done] = [given.get('seed'), given.get('room'), given.get('do') ?? ''];
  if (seed === null || !SEED.test(seed) || (room !== 'secret' && room !== 'open')) return undefined;
  const parts = done === '' ? [] : done.split('.');
  if (parts.length > ACTIONS_LIMIT) return undefined;
  const actions: Action[] = [];
  for (const part of parts) {
    const action = parseAction(part);
    if (action === undefined) return undefined;
    actions.push(action);
  }
  return { settings: { seed, room, middle: given.has('middle') }, actions };
}

function formatAction(action: Action): string {
  switch (action.do) {
    case 'pass':
      return 'p';
    case 'hold':
      return 'h';
    case 'wait':
      return `w${String(action.seconds)}`;
    case 'say':
      return `s${action.side.charAt(0)}-${base64url(new TextEncoder().encode(action.text))}`;
    case 'deliver':
    case 'drop':
    case 'flip':
    case 'replay':
      return `${letterOf(WITH_PACKET, action.do)}${String(action.packet)}`;
    default:
      return `${letterOf(WITH_SIDE, action.do)}${action.side.charAt(0)}`;
  }
}

const letterOf = (table: Readonly<Record<string, string>>, name: string): string =>
  Object.keys(table).find((letter) => table[letter] === name) ?? '';

function parseAction(part: string): Action | undefined {
  if (part === 'p') return { do: 'pass' };
  if (part === 'h') return { do: 'hold' };
  const number = /^([dxfrw])([1-9]\d{0,5})$/.exec(part);
  if (number !== null) {
    const count = Number(number[2]);
    if (number[1] === 'w') return count <= WAIT_LIMIT ? { do: 'wait', seconds: count } : undefined;
    return { do: WITH_PACKET[number[1] as keyof typeof WITH_PACKET], packet: count };
  }
  const side = /^([cynq])([ab])$/.exec(part);
  if (side !== null)
    return { do: WITH_SIDE[side[1] as keyof typeof WITH_SIDE], side: SIDE_OF[side[2] as keyof typeof SIDE_OF] };
  const said = /^s([ab])-([\w-]+)$/.exec(part);
  const text = said === null ? undefined : fromBase64url(said[2] ?? '');
  if (said === null || text === undefined || text === '' || text.length > TEXT_LIMIT) return undefined;
  return { do: 'say', side: SIDE_OF[said[1] as keyof typeof SIDE_OF], text };
}

function fromBase64url(text: string): string | undefined {
  try {
    const binary = atob(text.replaceAll('-', '+').replaceAll('_', '/'));
    return new TextDecoder('utf-8', { fatal: true }).decode(Uint8Array.from(binary, (each) => each.charCodeAt(0)));
  } catch {
    return undefined;
  }
}
