/**
 * The record `paths` (protocol.md section 8a): where a side could be reached without the relay. Coding and checking only:
 * what may be dialled belongs elsewhere.
 */
import { LOWEST_PORT } from '../limits.js';
import { RemoteProtocolError } from '../errors.js';
import { putUint, readUint } from './bytes.js';
import type { Codec } from './codec.js';

/** Bytes of the random token. */
export const PATH_TOKEN = 32;
/** Most candidates, … */
export const CANDIDATES_LIMIT = 16;
/** … and most different ports of them. */
export const PORTS_LIMIT = 3;

export interface PathCandidate {
  /** Whether the relay saw this address; else an interface of the sender has it. */
  readonly observed: boolean;
  /** 4 bytes for IPv4, 16 for IPv6. */
  readonly address: Uint8Array;
  readonly port: number;
}

export interface PathsRecord {
  readonly type: 'paths';
  readonly token: Uint8Array;
  readonly candidates: readonly PathCandidate[];
}

/** kind(1) ‖ family(1), before the address; port(2) behind it. */
const CANDIDATE_HEAD = 2;
const PORT = 2;
const FAMILIES: Readonly<Record<number, number>> = { 4: 4, 6: 16 };

export const PATHS_CODEC: Codec<PathsRecord> = {
  length: ({ candidates }) =>
    PATH_TOKEN + candidates.reduce((sum, { address }) => sum + CANDIDATE_HEAD + address.length + PORT, 0),

  write(target, at, { token, candidates }) {
    target.set(token, at);
    let here = at + PATH_TOKEN;
    for (const { observed, address, port } of candidates) {
      target[here] = observed ? 1 : 0;
      target[here + 1] = address.length === 4 ? 4 : 6;
      target.set(address, here + CANDIDATE_HEAD);
      putUint(target, here + CANDIDATE_HEAD + address.length, PORT, port);
      here += CANDIDATE_HEAD + address.length + PORT;
    }
  },

  read(value) {
    if (value.length < PATH_TOKEN) throw new RemoteProtocolError('paths without a token');
    const candidates: PathCandidate[] = [];
    for (let here = PATH_TOKEN; here < value.length; ) {
      const [kind, family] = [value[here], value[here + 1] ?? 0];
      const end = here + CANDIDATE_HEAD + (FAMILIES[family] ?? Number.POSITIVE_INFINITY);
      if ((kind !== 0 && kind !== 1) || end + PORT > value.length) throw new RemoteProtocolError('a malformed path');
      const address = value.subarray(here + CANDIDATE_HEAD, end);
      candidates.push({ observed: kind === 1, address, port: readUint(value, end, PORT) });
      if (candidates.length > CANDIDATES_LIMIT) throw new RemoteProtocolError('too many paths');
      here = end + PORT;
    }
    const ports = new Set(candidates.map(({ port }) => port));
    if (ports.size > PORTS_LIMIT || [...ports].some((port) => port < LOWEST_PORT)) {
      throw new RemoteProtocolError('paths to ports that may not be');
    }
    if (candidates.filter(({ observed }) => observed).length > 1) throw new RemoteProtocolError('two observed paths');
    return { type: 'paths', token: value.subarray(0, PATH_TOKEN), candidates };
  },
};
