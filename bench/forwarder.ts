/**
 * The yardstick: a bare ws forwarder without rooms, limits or checks. The first two sockets to connect are a pair, and so
 * on; what one sends goes to the other. Run as a process of its own; it prints its port.
 */
import type { AddressInfo } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';

const server = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate: false });
let waiting: WebSocket | undefined;

server.on('connection', (socket) => {
  if (waiting === undefined) {
    waiting = socket;
    return;
  }
  const [one, two] = [waiting, socket];
  waiting = undefined;
  one.on('message', (data, isBinary) => two.send(data as Buffer, { binary: isBinary }));
  two.on('message', (data, isBinary) => one.send(data as Buffer, { binary: isBinary }));
});
server.on('listening', () => console.log((server.address() as AddressInfo).port));
