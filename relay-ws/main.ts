/** The program securechat-relay-ws: adapters/relay/program.ts with this relay. No rule of the program may be in this file. */
import '../adapters/relay/no-inspector.js';
import { nativeMasking } from '../adapters/relay/addon.js';
import { runRelay } from '../adapters/relay/program.js';
import { startRelay } from './server.js';

runRelay({ name: 'securechat-relay-ws', start: startRelay, nativeMasking }, process.argv.slice(2));
