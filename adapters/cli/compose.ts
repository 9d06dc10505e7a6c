/**
 * The composition root: the only file that knows the container. All parts are made before the chat begins, so that what
 * cannot be had is told before the first byte is sent; one call ends them all. No rule of the program may be in this file.
 */
import 'reflect-metadata';
import { Container, type ServiceIdentifier } from 'inversify';
import { type Chat, type ChatOptions, UI_CLOSE_TIMEOUT } from '../../core/session/driver.js';
import { isSecurechatError, LocalProtocolError, SecurechatError } from '../../core/errors.js';
import type { PathPort } from '../../core/path-port.js';
import type { BulkPort } from '../../core/bulk-port.js';
import type { ClockPort, CryptoPort, TransportPort, UiPort } from '../../core/ports.js';
import type { UiContext } from '../../plugins/kit/define.js';
import { checkMade } from '../../plugins/kit/made.js';
import { inTime, wordsOf } from '../../plugins/kit/make.js';
import type { AdapterKind, Registry } from '../../plugins/kit/registry.js';
import { createClock } from '../system/clock.js';
import type { RelayOptions } from '../relay/flags.js';
import type { Relay } from '../relay/listener.js';
import type { Origin } from '../transport/origin.js';
import type { Way } from '../transport/way.js';
import type { LocalRelay } from './embedded.js';
import { sanitize } from '../text/sanitize.js';
import { CLI_WORDS } from '../words/cli.js';
import { builtins } from './builtins.js';
import type { Equipment } from './equip.js';
import type { Options } from './options.js';
import { LOCAL_RELAY } from './relay-address.js';
import { type Told, toldUi } from './told-ui.js';

export interface ComposeOptions {
  readonly registry: Registry;
  readonly options: Pick<Options, AdapterKind | 'flags' | 'quiet'> &
    Partial<Pick<Options, 'listen' | 'web' | 'direct'>>;
  /** Absent: the one on this machine. Not looked at for a transport that needs none. */
  readonly relay: URL | undefined;
  /** SHA-256 of the certificate (DER) that `relay` must show. */
  readonly pin?: Uint8Array | undefined;
  /** How the relay is reached; absent: directly. */
  readonly way?: Way | undefined;
  readonly streams: Pick<UiContext, 'input' | 'output' | 'errors' | 'color' | 'wipeScrollback'>;
  /** The folder whose files a chat may send. */
  readonly files?: string | undefined;
  /** What the UI shows first, once it is known which relay it is. */
  readonly told: (relay: LocalRelay | undefined) => Told;
  /** What the task puts around the UI, and who has its files or its pipe. */
  readonly equip: (ui: UiPort, clock: ClockPort) => Promise<Equipment>;
  /** The rest of what a chat is made of. */
  readonly chat: (
    relay: LocalRelay | undefined,
  ) => Omit<ChatOptions, 'clock' | 'crypto' | 'ui' | 'bulk' | 'path' | 'transport' | 'words'>;
}

export interface Composition {
  readonly clock: ClockPort;
  readonly crypto: CryptoPort;
  readonly ui: UiPort;
  /** Absent for a transport that needs none. */
  readonly relay: LocalRelay | undefined;
  readonly transport: TransportPort;
  readonly bulk: BulkPort | undefined;
  /** Absent where no direct path is asked for. */
  readonly path: PathPort | undefined;
  /** The exit status of a session that ended with this one. */
  readonly exit: Equipment['exit'];
  /** Makes the chat, which begins at once. */
  start(): Promise<Chat>;
  /** Wipes, closes and stops all that was made, whatever has become of it. Idempotent, never rejects. */
  end(): Promise<void>;
}

type Parts = Omit<Composition, 'start' | 'end'>;

/** Keeps the type: a bare `const T: ServiceIdentifier<X> = Symbol()` is narrowed to `symbol`, and then nothing is checked. */
function token<T>(name: string): ServiceIdentifier<T> {
  return Symbol(name);
}

const CLOCK = token<ClockPort>('clock');
const CRYPTO = token<CryptoPort>('crypto');
const BARE_UI = token<UiPort>('bare ui');
const EQUIPMENT = token<Equipment>('equipment');
const RELAY = token<LocalRelay | undefined>('relay');
const TOLD = token<Told>('told');
const UI = token<UiPort>('ui');
const TRANSPORT = token<TransportPort>('transport');
const ORIGIN = token<Origin | undefined>('origin');
const PATH = token<PathPort | undefined>('path');
const PARTS = token<Parts>('parts');
const CHAT = token<Chat>('chat');

/**
 * All parts of a chat, and the way to begin and to end it. Throws SecurechatError SC-111 (no relay here), SC-201 (a crypto
 * adapter of ours), SC-378 (no page for --web), SC-502 (unknown name),
 * SC-504 (another adapter); what was made until then is ended.
 */
export async function compose(given: ComposeOptions): Promise<Composition> {
  const { registry, options, relay, streams } = given;
  const { flags } = options;
  const spec = registry.find('transport', options.transport);
  // jitless: the other mode makes code from strings.
  const container = new Container({ defaultScope: 'Singleton', jitless: true });
  container.bind(CLOCK).toResolvedValue(createClock);
  container
    .bind(CRYPTO)
    .toResolvedValue(
      (clock) => make('crypto', given, () => registry.find('crypto', options.crypto).create(flags.crypto, { clock })),
      [CLOCK],
    )
    .onDeactivation((crypto) => quietly(() => crypto.wipeAll()));
  container.bind(BARE_UI).toResolvedValue(
    (clock) =>
      make('ui', given, () => {
        // No UI of a plugin is told of it.
        const ours = registry.pluginOf('ui', options.ui) === builtins.name && given.files !== undefined;
        const context = { ...streams, clock, sanitize, ...(ours ? { files: given.files } : {}) };
        return registry.find('ui', options.ui).create(flags.ui, context);
      }),
    [CLOCK],
  );
  container
    .bind(EQUIPMENT)
    .toResolvedValue(given.equip, [BARE_UI, CLOCK])
    .onDeactivation(({ bulk }) => quietly(() => bulk?.close()));
  container
    .bind(RELAY)
    .toResolvedValue(
      async (clock) => {
        if (spec.needsRelay === false) return undefined;
        const found = await findRelay(relay, options, clock);
        if (options.web === true && !found.started) await checkPage(found.url, given.way);
        return found;
      },
      [CLOCK],
    )
    .onDeactivation((local) => quietly(() => local?.close()));
  container.bind(TOLD).toResolvedValue(given.told, [RELAY]);
  container
    .bind(UI)
    .toResolvedValue(({ ui }, told) => toldUi(ui, told, options.quiet), [EQUIPMENT, TOLD])
    .onDeactivation((ui) => quietly(() => ui.close()));
  container.bind(ORIGIN).toResolvedValue(async () => {
    if (options.direct === undefined) return undefined;
    return (await import('../transport/origin.js')).createOrigin();
  });
  container
    .bind(PATH)
    .toResolvedValue(
      async (origin) => {
        if (options.direct === undefined || origin === undefined) return undefined;
        const { checkNamed, createDirect } = await import('../direct/direct.js');
        const { named } = options.direct;
        if (named !== undefined) await checkNamed(named);
        return createDirect({ origin, named });
      },
      [ORIGIN],
    )
    .onDeactivation((path) => quietly(() => path?.close()));
  container.bind(TRANSPORT).toResolvedValue(
    async (clock, crypto, local, origin) => {
      const made = await make('transport', given, async () => {
        if (spec.needsRelay === false) return spec.create(flags.transport, { clock });
        if (local === undefined) throw new LocalProtocolError('a transport without its relay');
        return spec.create(flags.transport, { clock, relay: local.url, ...(await reached(given, local, origin)) });
      });
      const guarded = local?.guard?.(made) ?? made;
      return options.listen?.type === 'lan' && local !== undefined ? inLan(guarded, local, clock, crypto) : guarded;
    },
    [CLOCK, CRYPTO, RELAY, ORIGIN],
  );
  container.bind(PARTS).toResolvedValue(
    (clock, crypto, ui, { bulk, exit }, local, transport, path) => ({
      clock,
      crypto,
      ui,
      bulk,
      exit,
      relay: local,
      transport,
      path,
    }),
    [CLOCK, CRYPTO, UI, EQUIPMENT, RELAY, TRANSPORT, PATH],
  );
  container.bind(CHAT).toResolvedValue(
    async (parts) => {
      const [{ chat }, { wordlist }] = await Promise.all([
        import('../../core/session/driver.js'),
        import('@scure/bip39/wordlists/english.js'),
      ]);
      return chat({ ...parts, ...given.chat(parts.relay), words: wordlist });
    },
    [PARTS],
  );

  let ending: Promise<void> | undefined;
  const end = (): Promise<void> => (ending ??= quietly(() => container.unbindAllAsync()));
  try {
    // The adapters that touch nothing outside come first: a relay is started only when they are there.
    await container.getAsync(CRYPTO);
    await container.getAsync(BARE_UI);
    return { ...(await container.getAsync(PARTS)), start: () => container.getAsync(CHAT), end };
  } catch (error) {
    await end();
    throw error;
  }
}

/** What ends a part may fail or hang: the others are ended all the same. */
async function quietly(work: () => unknown): Promise<void> {
  try {
    await inTime(work, UI_CLOSE_TIMEOUT);
  } catch {
    // There is nobody left to tell.
  }
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

/** How the relay is reached, and by which certificate it is known. */
async function reached({ pin: named, way }: ComposeOptions, { pin = named }: LocalRelay, origin: Origin | undefined) {
  const from = origin === undefined ? {} : { origin };
  if (pin === undefined) return way === undefined ? from : { ...from, way };
  const { pinnedWay } = await import('../transport/pinned.js');
  return { ...from, pin, way: pinnedWay(pin, way) };
}

/** With its own relay for `home`, and whichever it finds in the local network. */
async function inLan(
  home: TransportPort,
  { url }: LocalRelay,
  clock: ClockPort,
  crypto: CryptoPort,
): Promise<TransportPort> {
  const [{ createLan }, { createWsTransport }, { interfaces, openMulticast }] = await Promise.all([
    import('../lan/lan.js'),
    import('../transport/ws.js'),
    import('../lan/multicast.js'),
  ]);
  const reach = (relay: URL): TransportPort => createWsTransport({ relay });
  return createLan({ clock, crypto, home, port: Number(url.port), reach, interfaces, openMulticast });
}

async function findRelay(
  relay: URL | undefined,
  { transport, listen, web }: ComposeOptions['options'],
  clock: ClockPort,
): Promise<LocalRelay> {
  if (relay !== undefined) return { url: relay, started: false, close: () => Promise.resolve() };
  if (listen !== undefined) {
    const [{ startHosting }, startRelay] = await Promise.all([import('./hosting.js'), relayStarter(web === true)]);
    return startHosting({ listen, startRelay, wallTime: clock.wallTime() });
  }
  const [{ findOrStartRelay }, startRelay] = await Promise.all([import('./embedded.js'), relayStarter(web === true)]);
  return findOrStartRelay({ ...LOCAL_RELAY, kind: transport === 'socketio' ? 'socketio' : 'ws', startRelay });
}

/** Before a link is offered that no browser can open. Throws SecurechatError SC-378. */
async function checkPage(relay: URL, way: Way | undefined): Promise<void> {
  const { servesPage } = await import('./relay-check.js');
  if (!(await servesPage(relay, way?.routeTo(relay)?.agent)))
    throw new SecurechatError('SC-378', { relay: relay.href });
}

/** What starts a relay here: one that serves the page where the invitation is a link for browsers. Throws SC-369. */
async function relayStarter(web: boolean): Promise<(options: RelayOptions) => Promise<Relay>> {
  const { startRelay } = await import('./relays.js');
  if (!web) return startRelay;
  const { createPage, pageFile } = await import('../relay/page.js');
  const html = pageFile();
  if (html === undefined) throw new SecurechatError('SC-369');
  const page = createPage(html);
  return (options) => startRelay({ ...options, page });
}
