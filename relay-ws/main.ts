/** The program securechat-relay-ws: core/relay/program.ts in this process. No rule of the program may be in this file. */
import { parseArgs } from 'node:util';
import { runRelay } from '../core/relay/program.js';
import { startRelay } from './server.js';

runRelay('securechat-relay-ws', process.argv.slice(2), startRelay, process, parseArgs);
