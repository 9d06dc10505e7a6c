/**
 * The adapters that come with the program, registered through the call that strangers use. Each one's code is loaded only
 * when it is chosen: no adapter may be imported at the top of this file.
 */
import { definePlugin, PLUGIN_API } from '../../plugins/kit/define.js';
import type { Way } from '../transport/proxy.js';
import { CLI_WORDS } from '../words/cli.js';

/** How the relay is reached where it is known by its certificate. */
async function wayOf(pin: Uint8Array | undefined): Promise<Way | undefined> {
  return pin === undefined ? undefined : (await import('../transport/pinned.js')).pinnedWay(pin);
}

export const builtins = definePlugin({
  name: 'securechat',
  api: PLUGIN_API,
  transports: {
    ws: {
      description: CLI_WORDS.adapters.ws,
      create: async (_options, { relay, pin }) =>
        (await import('../transport/ws.js')).createWsTransport({ relay, way: await wayOf(pin) }),
    },
    socketio: {
      description: CLI_WORDS.adapters.socketio,
      create: async (_options, { relay, pin }) =>
        (await import('../transport/socketio.js')).createSocketioTransport({ relay, way: await wayOf(pin) }),
    },
  },
  cryptos: {
    sodium: {
      description: CLI_WORDS.adapters.sodium,
      create: async () => (await import('../crypto/sodium.js')).createSodiumCrypto(),
    },
    tweetnacl: {
      description: CLI_WORDS.adapters.tweetnacl,
      create: async () => (await import('../crypto/tweetnacl.js')).createTweetnaclCrypto(),
    },
  },
  uis: {
    rich: {
      description: CLI_WORDS.adapters.rich,
      create: async (options, context) => {
        const [{ createRichUi }, { hasUnicode }, { processHost }] = await Promise.all([
          import('../ui/rich/rich.js'),
          import('../text/locale.js'),
          import('../ui/rich/host.js'),
        ]);
        const unicode = hasUnicode(process.env, process.platform);
        return createRichUi(options, context, { host: processHost, unicode });
      },
    },
    line: {
      description: CLI_WORDS.adapters.line,
      create: async (options, context) => {
        const [{ createLineUi }, { hasUnicode }] = await Promise.all([
          import('../ui/line/line.js'),
          import('../text/locale.js'),
        ]);
        return createLineUi(options, context, hasUnicode(process.env, process.platform));
      },
    },
    json: {
      description: CLI_WORDS.adapters.json,
      create: async (options, context) => (await import('../ui/json/json.js')).createJsonUi(options, context),
    },
  },
});
