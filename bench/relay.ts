/** relay-ws with its limits out of the way, as a process of its own; it prints its port. */
import { startRelay } from '../relay-ws/server.js';

const many = 1_000_000_000;
const relay = await startRelay({
  port: 0,
  limits: {
    connectionsPerSecond: many,
    connectionsPerAddress: many,
    arrivalsPerAddress: many,
    failedJoins: many,
    joinsPerMinute: many,
    framesPerSecond: many,
    frameBurst: many,
  },
});
console.log(relay.port);
