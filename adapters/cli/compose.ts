/**
 * The composition root: the only file that knows the container. Everything is resolved at start-up, in one call, so that
 * what cannot be had is told before the first byte is sent. No rule of the program may be in this file.
 */
import 'reflect-metadata';
import { Container, type ServiceIdentifier } from 'inversify';
import { isSecurechatError, LocalProtocolError, SecurechatError } from '../../core/errors.js';
import type { ClockPort, CryptoPort, TransportPort, UiPort } from '../../core/ports.js';
import type { UiContext } from '../../plugins/kit/define.js';
import { checkMade, inTime, wordsOf } from '../../plugins/kit/make.js';
import type { AdapterKind, Registry } from '../../plugins/kit/registry.js';
import { createClock } from '../system/clock.js';
import type { LocalRelay } from './embedded.js';
import type { Hosting } from './hosting.js';
import { sanitize } from '../text/sanitize.js';
import { CLI_WORDS } from '../words/cli.js';
import { builtins } from './builtins.js';
import type { Options } from './options.js';
import { LOCAL_RELAY } from './relay-address.js';

export interface ComposeOptions {
  readonly registry: Registry;
  readonly options: Pick<Options, AdapterKind | 'flags'> & Partial<Pick<Options, 'listen'>>;
  /** Absent: the one on this machine. Not looked at for a transport that needs none. */
  readonly relay: URL | undefined;
  /** SHA-256 of the certificate that `relay` must show. */
  readonly pin?: Uint8Array | undefined;
  readonly streams: Pick<UiContext, 'input' | 'output' | 'errors' | 'color' | 'wipeScrollback'>;
}

export interface Parts {
  readonly clock: ClockPort;
  readonly crypto: CryptoPort;
  readonly ui: UiPort;
  /** Absent for a transport that needs none. */
  readonly relay: LocalRelay | Hosting | undefined;
  readonly transport: TransportPort;
}

/** Keeps the type: a bare `const T: ServiceIdentifier<X> = Symbol()` is narrowed to `symbol`, and then nothing is checked. */
function token<T>(name: string): ServiceIdentifier<T> {
  return Symbol(name);
}

const CLOCK = token<ClockPort>('clock');
const CRYPTO = token<CryptoPort>('crypto');
const UI = token<UiPort>('ui');
const RELAY = token<LocalRelay | Hosting | undefined>('relay');
const TRANSPORT = token<TransportPort>('transport');
const PARTS = token<Parts>('parts');

/**
 * All parts of a chat. Throws SecurechatError SC-111 (no relay here), SC-201 (a crypto adapter of ours), SC-502 (unknown
 * name), SC-504 (another adapter). A relay that was started is stopped again when something fails.
 */
export async function compose(given: ComposeOptions): Promise<Parts> {
  const { registry, options, relay, streams } = given;
  // jitless: the other mode makes code from strings.
  const container = new Container({ defaultScope: 'Singleton', jitless: true });
  const { flags } = options;
  container.bind(CLOCK).toResolvedValue(createClock);
  container
    .bind(CRYPTO)
    .toResolvedValue(
      (clock) => make('crypto', given, () => registry.find('crypto', options.crypto).create(flags.crypto, { clock })),
      [CLOCK],
    );
  container
    .bind(UI)
    .toResolvedValue(
      (clock) =>
        make('ui', given, () => registry.find('ui', options.ui).create(flags.ui, { ...streams, clock, sanitize })),
      [CLOCK],
    );
  const spec = registry.find('transport', options.transport);
  container
    .bind(RELAY)
    .toResolvedValue((clock) => (spec.needsRelay === false ? undefined : findRelay(relay, options, clock)), [CLOCK]);
  container.bind(TRANSPORT).toResolvedValue(
    (clock, local) =>
      make('transport', given, () => {
        if (spec.needsRelay === false) return spec.create(flags.transport, { clock });
        if (local === undefined) throw new LocalProtocolError('a transport without its relay');
        const pin = 'pin' in local ? local.pin : given.pin;
        return spec.create(flags.transport, { clock, relay: local.url, ...(pin === undefined ? {} : { pin }) });
      })
        .then((made) => (local !== undefined && 'guard' in local ? local.guard(made) : made))
        .catch(async (error: unknown) => {
          await local?.close();
          throw error;
        }),
    [CLOCK, RELAY],
  );
  container
    .bind(PARTS)
    .toResolvedValue(
      (clock, crypto, ui, local, transport) => ({ clock, crypto, ui, relay: local, transport }),
      [CLOCK, CRYPTO, UI, RELAY, TRANSPORT],
    );
  // The adapters that touch nothing outside come first: a relay is started only when they are there.
  await container.getAsync(CRYPTO);
  await container.getAsync(UI);
  return container.getAsync(PARTS);
}

/** Makes an adapter. What a stranger's throws, whatever it is, and what it makes wrong, is one clear sentence. */
async function make<Port>(
  kind: AdapterKind,
  { registry, options }: Pick<ComposeOptions, 'registry' | 'options'>,
  create: () => Port | Promise<Port>,
): Promise<Port> {
  const name = options[kind];
  const plugin = registry.pluginOf(kind, name);
  try {
    const made = await inTime(create);
    checkMade(kind, made);
    return made;
  } catch (error) {
    if (plugin === builtins.name) {
      if (isSecurechatError(error)) throw error;
      if (kind === 'crypto') throw new SecurechatError('SC-201', { name, why: wordsOf(error) });
    }
    const why = CLI_WORDS.notMade(kind, name, wordsOf(error));
    throw new SecurechatError('SC-504', { plugin: plugin ?? name, why });
  }
}

async function findRelay(
  relay: URL | undefined,
  { transport, listen }: ComposeOptions['options'],
  clock: ClockPort,
): Promise<LocalRelay | Hosting> {
  if (relay !== undefined) return { url: relay, started: false, close: () => Promise.resolve() };
  if (listen !== undefined) {
    const [{ startHosting }, { startRelay }] = await Promise.all([import('./hosting.js'), import('./relays.js')]);
    return startHosting({ listen, startRelay, wallTime: clock.wallTime() });
  }
  const [{ findOrStartRelay }, { startRelay }] = await Promise.all([import('./embedded.js'), import('./relays.js')]);
  return findOrStartRelay({ ...LOCAL_RELAY, kind: transport === 'socketio' ? 'socketio' : 'ws', startRelay });
}
