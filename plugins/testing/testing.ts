/**
 * The module `securechat/testing`: what the tests of a plugin need, for any test runner. A list of names and nothing else.
 */
export { createFakeClock, type FakeClock } from './clock.js';
export { type CryptoContract, cryptoContract } from './crypto.js';
export {
  createMemoryRelay,
  type Delivery,
  type Leg,
  type MemoryRelay,
  type MemoryRelayOptions,
} from './memory.js';
export { createNetwork, type NetworkOptions } from './network.js';
export { fakeSanitize } from './sanitize.js';
export { createFakeInput, createFakeOutput, type FakeInput, type FakeOutput } from './streams.js';
export { type TransportContract, transportContract, type TransportFixture } from './transport.js';
export { type UiContract, uiContract } from './ui.js';
