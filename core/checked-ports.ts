/**
 * The ports as the session may rely on them. An adapter that throws, or hands over what its port does not allow, becomes
 * one SC-506, and nothing of what it handed over gets further. No rule of the session may be in this file.
 */
import { isSecurechatError, SecurechatError, TRANSPORT_CODES } from './errors.js';
import type { PathEvent, PathPort } from './path-port.js';
import type { CloseReason, Connection, CryptoPort, TransportEvent, TransportPort, UiEvent, UiPort } from './ports.js';
import { PATH_LENGTHS } from './protocol/path-proof.js';
import { ADDRESS_LIMIT, FRAME_LIMIT } from './wire/control.js';
import { quick } from './quick.js';

/** What an adapter's error is called in SC-506. */
type Kind = 'transport' | 'crypto' | 'ui' | 'path';

const CLOSE_REASONS: Readonly<Record<CloseReason, true>> = {
  unreachable: true,
  rejected: true,
  lost: true,
  closed: true,
};

const OPERATIONS: Readonly<Record<Exclude<keyof CryptoPort, 'live'>, true>> = {
  random: true,
  randomSecret: true,
  take: true,
  slice: true,
  reveal: true,
  equal: true,
  hash: true,
  digest: true,
  hmac: true,
  extract: true,
  expand: true,
  x25519Public: true,
  x25519: true,
  cpaceShare: true,
  kemPublic: true,
  kemEncapsulate: true,
  kemDecapsulate: true,
  seal: true,
  open: true,
  wipeAll: true,
};

/** The names of the operations of a CryptoPort. */
export const CRYPTO_OPERATIONS: readonly string[] = Object.keys(OPERATIONS);

/**
 * What a transport, or a call of it, throws becomes SC-506. `failed` is called, once for each connection, when one tells
 * what it may not: from then on that connection is silent.
 */
export function guardTransport(transport: TransportPort, failed: (error: SecurechatError) => void): TransportPort {
  return { open: (join, sink) => guardConnection((guarded) => transport.open(join, guarded), sink, failed, false) };
}

/** `opened`: it is open from the start, and does not say so. */
function guardConnection(
  open: (sink: (event: TransportEvent) => void) => Connection,
  sink: (event: TransportEvent) => void,
  failed: (error: SecurechatError) => void,
  already: boolean,
): Connection {
  let returned = false;
  let opened = already;
  let broken = false;
  let over = false;

  function breach(error: SecurechatError): void {
    if (!broken) failed(error);
    broken = true;
  }

  function receive(event: TransportEvent): void {
    // Nothing is believed after the end, and after a breach only the end.
    if (over) return;
    const wrong = returned ? transportBreach(event, opened) : 'it reported before open had returned';
    if (wrong !== undefined) {
      breach(new SecurechatError('SC-506', { kind: 'transport', why: wrong }));
      return;
    }
    over = event.type === 'closed';
    if (broken && !over) return;
    if (event.type === 'open') opened = true;
    sink(event);
  }

  const connection = guard('transport', () => open(receive));
  if (!isConnection(connection))
    throw new SecurechatError('SC-506', { kind: 'transport', why: 'it gave back no connection' });
  returned = true;
  return quick({
    /** Asked before every event, that of its failure too: it never throws. */
    get waiting() {
      if (broken || over) return 0;
      try {
        return checkWaiting(connection.waiting);
      } catch (error) {
        breach(blamed('transport', error));
        return 0;
      }
    },
    send(frame) {
      try {
        return connection.send(frame);
      } catch (error) {
        throw blamed('transport', error);
      }
    },
    join: (again) => guard('transport', () => connection.join?.(again)),
    close() {
      try {
        connection.close();
      } catch {
        // We are done with it. Nobody waits for ever for a `closed` that does not come.
      }
    },
  });
}

/** The same for the sockets of a direct path. An event that is none is not passed on. */
export function guardPath(path: PathPort, failed: (error: SecurechatError) => void): PathPort {
  return {
    open: (sink) =>
      guard('path', () =>
        path.open((event) => {
          if (isPathEvent(event)) sink(event);
          else failed(new SecurechatError('SC-506', { kind: 'path', why: 'it reported an event that is none' }));
        }),
      ),
    tell: (command) => guard('path', () => path.tell(command)),
    take: (id, sink) => guardConnection((guarded) => path.take(id, guarded), sink, failed, true),
    close: async () => path.close(),
  };
}

/**
 * What the adapter throws becomes SC-506, but for errors of ours, which the port asks for. No operation takes more than five
 * inputs: without a list of them a call costs half as much, and there are ten in each frame.
 */
export function guardCrypto(crypto: CryptoPort): CryptoPort {
  const guarded: Record<string, unknown> = {};
  for (const name of CRYPTO_OPERATIONS) {
    const operation = crypto[name as keyof typeof OPERATIONS] as (...inputs: unknown[]) => unknown;
    guarded[name] = (a: unknown, b: unknown, c: unknown, d: unknown, e: unknown) => {
      try {
        return operation.call(crypto, a, b, c, d, e);
      } catch (error) {
        throw blamed('crypto', error);
      }
    };
  }
  return quick(Object.defineProperty(guarded, 'live', { get: () => crypto.live }) as unknown as CryptoPort);
}

/** What the UI throws becomes SC-506. `failed` is called for an event that is none; the UI is still listened to. */
export function guardUi(ui: UiPort, failed: (error: SecurechatError) => void): UiPort {
  return {
    open: (sink) =>
      guard('ui', () =>
        ui.open((event) => {
          if (isUiEvent(event)) sink(event);
          else failed(new SecurechatError('SC-506', { kind: 'ui', why: 'it reported an event that is none' }));
        }),
      ),
    show(view) {
      try {
        ui.show(view);
      } catch (error) {
        throw blamed('ui', error);
      }
    },
    close: async () => ui.close(),
  };
}

function guard<Result>(kind: Kind, call: () => Result): Result {
  try {
    return call();
  } catch (error) {
    throw blamed(kind, error);
  }
}

/** What an adapter threw, as an error of ours. What is asked often calls this by itself, without a function for each call. */
function blamed(kind: Kind, error: unknown): SecurechatError {
  return isSecurechatError(error) ? error : new SecurechatError('SC-506', { kind, why: whyOf(kind, error) });
}

/** What kind and where. The words only of a transport: the others have seen text and keys, and may put them anywhere. */
function whyOf(kind: Kind, error: unknown): string {
  if (!(error instanceof Error)) return 'it threw something that is no error';
  const place = /^ +at .*?([^/\\(]+:\d+:\d+)\)?$/m.exec(error.stack ?? '')?.[1];
  const what = kind === 'transport' ? `${error.name}, ${error.message}` : error.name;
  return place === undefined ? what : `${what}, at ${place}`;
}

/** Why the port does not allow this, or undefined. */
function transportBreach(event: unknown, opened: boolean): string | undefined {
  const { type, frame, reason, detail, code } = isObject(event) ? event : {};
  switch (type) {
    case 'closed':
      if (typeof reason !== 'string' || !Object.hasOwn(CLOSE_REASONS, reason) || typeof detail !== 'string')
        return 'it reported an end without a reason';
      if (code === undefined || TRANSPORT_CODES.some((known) => known === code)) return undefined;
      return "it reported an end with a code that is not a transport's";
    case 'open':
      return opened ? 'it reported twice that it is open' : undefined;
    case 'control':
    case 'frame':
    case 'drain':
      if (!opened) return `it reported "${type}" before it was open`;
      if (type !== 'frame') return undefined;
      if (!(frame instanceof Uint8Array)) return 'it handed over a frame that is not made of bytes';
      if (frame.length > 0 && frame.length <= FRAME_LIMIT) return undefined;
      return `it handed over a frame of ${String(frame.length)} bytes`;
    default:
      return 'it reported an event that is none';
  }
}

function checkWaiting(waiting: unknown): number {
  if (typeof waiting === 'number' && waiting >= 0) return waiting;
  throw new SecurechatError('SC-506', { kind: 'transport', why: 'it does not tell how many bytes wait' });
}

function isConnection(value: unknown): value is Connection {
  return isObject(value) && typeof value['send'] === 'function' && typeof value['close'] === 'function';
}

function isUiEvent(event: unknown): event is UiEvent {
  const { type, text, code, match, why, paths, id, collision } = isObject(event) ? event : {};
  switch (type) {
    case 'send':
      return text instanceof Uint8Array;
    case 'offer':
      return Array.isArray(paths) && paths.every((path) => path instanceof Uint8Array);
    case 'accept':
    case 'reject':
      return (id === undefined || Number.isSafeInteger(id)) && isCollision(collision);
    case 'cancel':
    case 'shown':
      return Number.isSafeInteger(id);
    case 'confirm':
      return typeof match === 'boolean';
    case 'code':
      return code instanceof Uint8Array;
    case 'malformed':
      return typeof why === 'string';
    case 'compare-again':
    case 'quit':
    case 'end-of-input':
    case 'activity':
    case 'interrupt':
    case 'wipe':
      return true;
    case 'gone':
      return why === undefined || why === 'unread';
    default:
      return false;
  }
}

function isPathEvent(event: unknown): event is PathEvent {
  const { type, id, bytes, address, attempt, own, port, named, relay } = isObject(event) ? event : {};
  switch (type) {
    case 'gathered':
      return (
        Number.isSafeInteger(attempt) &&
        isPort(port) &&
        (relay === undefined || isEndpoint(relay)) &&
        Array.isArray(own) &&
        own.every(isOwnAddress) &&
        Array.isArray(named) &&
        named.every(isEndpoint)
      );
    case 'up':
      return isLink(id) && typeof address === 'string' && address.length > 0 && address.length <= ADDRESS_LIMIT;
    case 'message':
      return isLink(id) && bytes instanceof Uint8Array && bytes.length === PATH_LENGTHS[bytes[0] ?? 0];
    case 'down':
      return isLink(id);
    default:
      return false;
  }
}

function isLink(id: unknown): boolean {
  return Number.isSafeInteger(id) && id !== 0;
}

function isPort(port: unknown): boolean {
  return typeof port === 'number' && Number.isSafeInteger(port) && port >= 0 && port <= 65_535;
}

function isAddress(address: unknown): boolean {
  return address instanceof Uint8Array && (address.length === 4 || address.length === 16);
}

function isEndpoint(value: unknown): boolean {
  return isObject(value) && isAddress(value['address']) && isPort(value['port']);
}

function isOwnAddress(value: unknown): boolean {
  if (!isObject(value)) return false;
  const { address, prefix } = value;
  return isAddress(address) && typeof prefix === 'number' && prefix >= 0 && prefix <= 128;
}

function isCollision(value: unknown): boolean {
  return value === undefined || value === 'rename' || value === 'skip';
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
