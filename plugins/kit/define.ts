/**
 * What a plugin is: data plus factories, made with `definePlugin`. The built-in adapters are registered through the same
 * call. A plugin never sees the container, the session or another plugin, and nothing of them may be in this file.
 */
import type { ClockPort, CryptoPort, TransportPort, UiPort } from '../../core/ports.js';

/** What an adapter throws: see the doc comments of its port for when. */
export { LocalProtocolError, RemoteProtocolError, SecurechatError } from '../../core/errors.js';
export type { Code, Detail, ExitStatus } from '../../core/errors.js';
export type {
  ClockPort,
  CloseReason,
  Connection,
  CryptoPort,
  MessageStatus,
  Part,
  Secret,
  State,
  TransportEvent,
  TransportPort,
  UiEvent,
  UiPort,
  UiView,
} from '../../core/ports.js';
/** What a transport needs beyond its port: the join and how it is said, what a relay answers to it, the limits. */
export {
  CONTROL_LIMIT,
  CONTROL_VERSION,
  FRAME_LIMIT,
  type Join,
  type JoinMessage,
  joinMessage,
  parseControl,
  type RelayErrorCode,
  type RelayMessage,
  WAITING_LIMIT,
  WAITING_MARK,
} from '../../core/wire/control.js';

/** What a crypto adapter needs for its secrets. */
export { createHandles, type Handles } from './handles.js';
/** What a UI needs for its streams: both in bounded memory that is wiped. */
export { createLineReader, type LineReader, type LineTaker } from './lines.js';
export { createOutlet, ERASE_TERMINAL, type Outlet, type Unread } from './outlet.js';

/** The version of the plugin interface of this host: same major needed, minor at most the host's. */
export const PLUGIN_API = { major: 1, minor: 0 } as const;

/** Marks what `definePlugin` returned, across copies of this module. */
export const PLUGIN_MARK = Symbol.for('securechat.plugin');

/** A command-line flag of an adapter: `--<name> <value>`, or `--<name>` alone when `value` is absent. */
export interface FlagSpec {
  /** One line for `--help`. */
  readonly description: string;
  /** Placeholder of the value in `--help`, for example `host:port`; absent: the flag is a switch. */
  readonly value?: string;
  /** Returns why the value is not acceptable (a short phrase), or undefined. */
  readonly check?: (value: string) => string | undefined;
}

/** The values of an adapter's own flags that were given on the command line. */
export type FlagValues = Readonly<Record<string, string | true>>;

/**
 * Text from outside, made harmless: UTF-8 in, UTF-8 out. `lines`: line feeds stay. Of more than 10,000 characters the rest
 * is folded into a note; not with `whole`, which a UI uses where it writes all of a text or can unfold it.
 */
export type Sanitize = (
  text: Uint8Array,
  options?: { readonly lines?: boolean; readonly whole?: boolean },
) => Uint8Array;

/** What a transport without a relay is given. */
export interface DirectContext {
  readonly clock: ClockPort;
}

export interface TransportContext extends DirectContext {
  /** The relay to use, already checked: a ws:// or wss:// URL. */
  readonly relay: URL;
  /**
   * SHA-256 of the certificate (DER) that the relay must show, 32 bytes; absent: the authorities of Node decide. An adapter
   * that cannot check it must refuse to be made.
   */
  readonly pin?: Uint8Array;
}

export interface CryptoContext {
  readonly clock: ClockPort;
}

export interface UiContext {
  readonly clock: ClockPort;
  readonly input: NodeJS.ReadableStream & { readonly isTTY?: boolean };
  readonly output: NodeJS.WritableStream & { readonly isTTY?: boolean };
  readonly errors: NodeJS.WritableStream & { readonly isTTY?: boolean };
  /** Makes text from outside harmless for a screen. Every peer text and name must pass through it. */
  readonly sanitize: Sanitize;
  readonly color: boolean;
  /** A terminal is erased at the end, with all that can be scrolled back to (ERASE_TERMINAL). */
  readonly wipeScrollback: boolean;
}

export interface AdapterSpec<Context, Port> {
  /** One line for `--help`. */
  readonly description: string;
  readonly flags?: Readonly<Record<string, FlagSpec>>;
  /** Returns why these flags do not go together (a short phrase), or undefined. Called when the adapter is chosen. */
  readonly check?: (options: FlagValues) => string | undefined;
  /** Makes the adapter. No I/O but loading code: that starts in `open()`. */
  create(options: FlagValues, context: Context): Port | Promise<Port>;
}

export interface RelayTransportSpec extends AdapterSpec<TransportContext, TransportPort> {
  readonly needsRelay?: true;
}

/** No relay is looked for or started, and --relay is refused. The adapter plays the relay's part (protocol.md section 3). */
export interface DirectTransportSpec extends AdapterSpec<DirectContext, TransportPort> {
  readonly needsRelay: false;
}

export type TransportSpec = RelayTransportSpec | DirectTransportSpec;
export type CryptoSpec = AdapterSpec<CryptoContext, CryptoPort>;
export type UiSpec = AdapterSpec<UiContext, UiPort>;

/** Adapter and plugin names: `[a-z0-9-]+`. */
export interface PluginDefinition {
  readonly name: string;
  readonly api: { readonly major: number; readonly minor: number };
  readonly transports?: Readonly<Record<string, TransportSpec>>;
  readonly cryptos?: Readonly<Record<string, CryptoSpec>>;
  readonly uis?: Readonly<Record<string, UiSpec>>;
}

export interface Plugin extends PluginDefinition {
  readonly [PLUGIN_MARK]: true;
}

/** Marks a definition as a plugin. It is checked when it is registered, not here. */
export function definePlugin(definition: PluginDefinition): Plugin {
  return Object.freeze({ ...definition, [PLUGIN_MARK]: true as const });
}
