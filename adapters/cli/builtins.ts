/**
 * The adapters that come with the program, registered through the call that strangers use. Each one's code is loaded only
 * when it is chosen: no adapter may be imported at the top of this file.
 */
import { definePlugin, PLUGIN_API } from '../../plugins/kit/define.js';

export const builtins = definePlugin({
  name: 'securechat',
  api: PLUGIN_API,
  transports: {
    ws: {
      description: 'WebSocket to a securechat relay',
      create: async (_options, { relay }) => (await import('../transport/ws.js')).createWsTransport({ relay }),
    },
    socketio: {
      description: 'socket.io to a securechat relay, also where only HTTP gets through',
      create: async (_options, { relay }) =>
        (await import('../transport/socketio.js')).createSocketioTransport({ relay }),
    },
  },
  cryptos: {
    sodium: {
      description: 'libsodium in WebAssembly: secrets in memory that is overwritten',
      create: async () => (await import('../crypto/sodium.js')).createSodiumCrypto(),
    },
    tweetnacl: {
      description: 'tweetnacl and noble: plain JavaScript',
      create: async () => (await import('../crypto/tweetnacl.js')).createTweetnaclCrypto(),
    },
  },
  uis: {
    rich: {
      description: 'the whole screen of a terminal',
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
      description: 'one event a line, for terminals, pipes and screen readers',
      create: async (options, context) => {
        const [{ createLineUi }, { hasUnicode }] = await Promise.all([
          import('../ui/line/line.js'),
          import('../text/locale.js'),
        ]);
        return createLineUi(options, context, hasUnicode(process.env, process.platform));
      },
    },
    json: {
      description: 'one JSON object a line, for scripts and bots',
      create: async (options, context) => (await import('../ui/json/json.js')).createJsonUi(options, context),
    },
  },
});
