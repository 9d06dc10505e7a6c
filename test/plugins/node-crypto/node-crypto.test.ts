/** The plugin node-crypto as the host meets it: a plugin with one crypto adapter that works. */
import { expect, test } from 'vitest';
import { PLUGIN_MARK } from '../../../plugins/kit/define.js';
import plugin from '../../../plugins/node-crypto/index.js';

test('the default export is a plugin with one crypto adapter', async () => {
  expect(plugin).toMatchObject({ name: 'node-crypto', api: { major: 1, minor: 0 }, [PLUGIN_MARK]: true });
  expect(Object.keys(plugin.cryptos ?? {})).toEqual(['node-crypto']);
  const clock = { now: () => 0, wallTime: () => 0, wakeAt: () => () => undefined };
  const crypto = await plugin.cryptos?.['node-crypto']?.create({}, { clock });
  expect(crypto?.random(32)).toHaveLength(32);
  expect(crypto?.live).toBe(0);
});
