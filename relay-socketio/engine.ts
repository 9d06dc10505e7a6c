/** What the relay knows of the inside of engine.io, the library under socket.io. No rule of the relay may be in this file. */
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { WebSocket } from 'ws';

/** The connection of the library with what the relay keeps beside it. */
export interface RawSocket {
  readonly id: string;
  request: IncomingMessage;
  readonly writeBuffer: readonly { readonly data?: string | Uint8Array }[];
  readonly transport: {
    readonly name: string;
    readonly socket?: WebSocket;
    maxHttpBufferSize?: number;
  };
  on(event: 'drain' | 'close', listener: () => void): void;
  close(discard?: boolean): void;
}

/** What the handshake leaves behind in listeners that are never called again: its response, and with that the request. */
export function forgetHandshake(socket: Duplex, web: WebSocket | undefined): void {
  for (const listener of web?.listeners('error') ?? []) {
    if (listener.name === 'onUpgradeError') web?.off('error', listener as unknown as (error: Error) => void);
  }
  for (const listener of socket.rawListeners('close')) {
    // The only one there that is called once.
    if ('listener' in listener) socket.off('close', listener as unknown as () => void);
  }
}

/** engine.io's session id in the address of a request; empty when there is none. */
export function sessionOf(request: IncomingMessage): string {
  return /[?&]sid=([^&]{1,64})/.exec(request.url ?? '')?.[1] ?? '';
}
