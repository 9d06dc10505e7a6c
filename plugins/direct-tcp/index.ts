/**
 * A transport without a relay: one side listens, the other one connects. This file is the plugin and its flags; how the
 * two sides speak is in the files beside it.
 */
import type { TransportPort } from 'securechat/plugin';
import { definePlugin, type DirectContext, type FlagValues } from 'securechat/plugin';
import { type Address, parseAddress } from './address.js';
import { connect, type Search } from './connect.js';
import { listen } from './listen.js';
import { SEARCH_INTERVAL_MS, SEARCH_MS } from './wire.js';

const LISTEN = 'direct-listen';
const CONNECT = 'direct-connect';
const NAME = 'direct-tcp';

export interface DirectTcpOptions extends DirectContext {
  readonly role: 'listen' | 'connect';
  readonly address: Address;
  /** Default: SEARCH_MS, SEARCH_INTERVAL_MS. */
  readonly search?: Search;
}

export function createDirectTcp({ clock, role, address, search = DEFAULT_SEARCH }: DirectTcpOptions): TransportPort {
  return {
    open: (join, sink) =>
      role === 'listen' ? listen(address, clock, join, sink) : connect(address, clock, join, sink, search),
  };
}

const DEFAULT_SEARCH: Search = { ms: SEARCH_MS, intervalMs: SEARCH_INTERVAL_MS };

function checkAddress(value: string): string | undefined {
  const address = parseAddress(value);
  return typeof address === 'string' ? address : undefined;
}

/** Which side this is. The host calls `check` first, so that the error is for callers who did not. */
function roleOf(options: FlagValues): 'listen' | 'connect' | undefined {
  const [toListen, toConnect] = [LISTEN in options, CONNECT in options];
  if (toListen === toConnect) return undefined;
  return toListen ? 'listen' : 'connect';
}

export default definePlugin({
  name: NAME,
  api: { major: 1, minor: 0 },
  transports: {
    [NAME]: {
      description: 'no relay: one side listens, the other connects (LAN, VPN, onion service)',
      needsRelay: false,
      flags: {
        [LISTEN]: {
          description: 'wait for the other side at this address of this machine',
          value: 'host:port',
          check: checkAddress,
        },
        [CONNECT]: { description: 'connect to the side that listens', value: 'host:port', check: checkAddress },
      },
      check: (options) =>
        roleOf(options) === undefined ? `needs either --${LISTEN} or --${CONNECT}, and not both` : undefined,
      create(options, { clock }) {
        const role = roleOf(options);
        const address = parseAddress(String(options[role === 'listen' ? LISTEN : CONNECT]));
        if (role === undefined || typeof address === 'string') throw new RangeError('the flags were not checked');
        return createDirectTcp({ clock, role, address });
      },
    },
  },
});
