/**
 * The module `securechat/testing`: what the tests of a plugin need, for any test runner. A list of names and nothing else.
 */
export { createFakeClock, type FakeClock } from './testing-clock.js';
export { type CryptoContract, cryptoContract } from './testing-crypto.js';
export {
  createMemoryRelay,
  type Delivery,
  type Leg,
  type MemoryRelay,
  type MemoryRelayOptions,
} from './testing-memory.js';
export { createNetwork, type NetworkOptions } from './testing-network.js';
export { fakeSanitize } from './testing-sanitize.js';
export { createFakeInput, createFakeOutput, type FakeInput, type FakeOutput } from './testing-streams.js';
export { type TransportContract, transportContract, type TransportFixture } from './testing-transport.js';
export { type UiContract, uiContract } from './testing-ui.js';
