/** The program securechat-relay-socketio: adapters/relay/program.ts with this relay. No rule of the program may be in this file. */
import '../adapters/relay/no-inspector.js';
import { nativeMasking } from '../adapters/relay/addon.js';
import { runRelay } from '../adapters/relay/program.js';
import { startRelay } from './server.js';

runRelay({ name: 'securechat-relay-socketio', start: startRelay, nativeMasking, noPage: true }, process.argv.slice(2));
