/** A plugin whose transport is called like one of the program. Tests only. */
import { definePlugin } from 'securechat/plugin';

export default definePlugin({
  name: 'taken',
  api: { major: 1, minor: 0 },
  transports: { ws: { description: 'another one', create: () => undefined } },
});
