/** placeholder */
import type { Agent } from 'node:http';
import type { Answer } from './failure.js';
import type { End } from './pipe.js';

/** How one attempt gets to the relay. */
export interface Route {
  readonly agent: Agent;
  /** The end, when the proxy is why the connection did not come up. */
  blame(answer: Answer | undefined, why: string): End | undefined;
}

/** How a relay is reached. */
export interface Way {
  /** For one attempt; undefined: directly. */
  routeTo(address: URL): Route | undefined;
}
