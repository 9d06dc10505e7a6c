/** A plugin with a flag that the program has. Tests only. */
import { definePlugin } from 'securechat/plugin';

export default definePlugin({
  name: 'clash',
  api: { major: 1, minor: 0 },
  uis: { clash: { description: 'x', flags: { relay: { description: 'y' } }, create: () => undefined } },
});
