/**
 * A relay that is known by its certificate alone: nothing is sent before it has shown the one that the invitation names, and
 * no authority is asked. No sentence may be in this file.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import { once } from 'node:events';
import type { ClientRequest } from 'node:http';
import { connect, type TLSSocket } from 'node:tls';
import { Agent, type AgentConnectOpts } from 'agent-base';
import type { Way } from './proxy.js';

/** The `code` of the error that a connection fails with. */
const PIN_MISMATCH = 'SECURECHAT_PIN';

/** The library asks for a class. */
class PinnedAgent extends Agent {
  readonly #pin: Uint8Array;
  readonly #inner: Agent | undefined;

  constructor(pin: Uint8Array, inner: Agent | undefined) {
    super();
    this.#pin = pin;
    this.#inner = inner;
  }

  override async connect(request: ClientRequest, options: AgentConnectOpts): Promise<TLSSocket> {
    if (!options.secureEndpoint) throw mismatch();
    const unjudged = { ...options, rejectUnauthorized: false };
    const socket = (await this.#inner?.connect(request, unjudged)) ?? connect(unjudged);
    if (!isTls(socket)) throw mismatch();
    try {
      if (socket.getPeerX509Certificate() === undefined) await once(socket, 'secureConnect');
      const shown = socket.getPeerX509Certificate();
      const found = createHash('sha256').update(shown?.raw ?? new Uint8Array(0));
      if (!timingSafeEqual(found.digest(), this.#pin)) throw mismatch();
      return socket;
    } catch (error) {
      socket.on('error', () => undefined);
      socket.destroy();
      throw error;
    }
  }
}

/** The way to the relay whose certificate (DER) has the SHA-256 `pin`, 32 bytes; through `inner`, where there is one. */
export function pinnedWay(pin: Uint8Array, inner?: Way): Way {
  return {
    routeTo(address) {
      const route = inner?.routeTo(address);
      return {
        agent: new PinnedAgent(pin, route?.agent instanceof Agent ? route.agent : undefined),
        blame(answer, why) {
          if (answer?.type === 'error' && answer.error.code === PIN_MISMATCH) {
            return { reason: 'rejected', detail: '', code: 'SC-125' };
          }
          return route?.blame(answer, why);
        },
      };
    },
  };
}

function mismatch(): Error {
  return Object.assign(new Error('another certificate'), { code: PIN_MISMATCH });
}

function isTls(socket: object): socket is TLSSocket {
  return 'getPeerX509Certificate' in socket;
}
