/**
 * The relays under the name of the client: `securechat relay [ws|socketio] [flags]`, and what the program starts inside
 * itself. The only file of the client that may import a relay; it loads one only when it runs it. No rule of a relay may be
 * in this file.
 */
import { COMMAND } from '../words/command.js';
import type { RelayOptions } from '../relay/flags.js';
import type { Relay } from '../relay/listener.js';

const ALONE = {
  ws: async () => (await import('../../relay-ws/server.js')).startRelay,
  socketio: async () => (await import('../../relay-socketio/server.js')).startRelay,
} as const;

/** Both wires on one port, over one set of rooms: two people meet whatever each chose. socket.io is loaded when it is asked for. */
export async function startRelay(options: RelayOptions): Promise<Relay> {
  const [{ openRelay }, { ENTRANCE }] = await Promise.all([
    import('../relay/doors.js'),
    import('../../relay-ws/server.js'),
  ]);
  const socketio = {
    kind: 'socketio',
    open: async (host: Parameters<typeof ENTRANCE.open>[0]) =>
      (await import('../../relay-socketio/server.js')).ENTRANCE.open(host),
  } as const;
  return openRelay(options, [ENTRANCE, socketio]);
}

/** `argv` behind the word `relay`. Without a kind it takes both wires. The process ends with the relay. */
export async function relayCommand(argv: readonly string[]): Promise<void> {
  await import('../relay/no-inspector.js');
  const { runRelay } = await import('../relay/program.js');
  const [first] = argv;
  // The client loads no native code, and this is the client.
  const nativeMasking = (): undefined => undefined;
  if (first === 'ws' || first === 'socketio') {
    const start = await ALONE[first]();
    const noPage = first === 'socketio' ? ({ noPage: true } as const) : {};
    return runRelay({ name: `${COMMAND} relay ${first}`, start, nativeMasking, ...noPage }, argv.slice(1));
  }
  runRelay({ name: `${COMMAND} relay`, start: startRelay, nativeMasking, kinds: Object.keys(ALONE) }, argv);
}
