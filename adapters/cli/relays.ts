/**
 * `securechat relay [ws|socketio] [flags]`: the relay programs under the name of the client. It loads a relay only when
 * it runs one; no rule of a relay may be in this file.
 */
import { runRelay } from '../relay/program.js';

const RELAYS = {
  ws: async () => (await import('../../relay-ws/server.js')).startRelay,
  socketio: async () => (await import('../../relay-socketio/server.js')).startRelay,
} as const;

/** `argv` behind the word `relay`. Without a kind it is the ws relay. The process ends with the relay. */
export async function relayCommand(argv: readonly string[]): Promise<void> {
  const [first] = argv;
  const named = first === 'ws' || first === 'socketio';
  const kind = named ? first : 'ws';
  // The client loads no native code, and this is the client.
  const program = { name: `securechat relay ${kind}`, start: await RELAYS[kind](), nativeMasking: () => undefined };
  runRelay(program, named ? argv.slice(1) : argv);
}
