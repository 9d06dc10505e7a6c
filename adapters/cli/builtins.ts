/**
 * The adapters that come with the program, registered through the call that strangers use. Each one's code is loaded only
 * when it is chosen: no adapter may be imported at the top of this file.
 */
import { definePlugin, PLUGIN_API, type TransportContext, type UiContext } from '../../plugins/kit/define.js';
import type { Origin } from '../transport/origin.js';
import type { Way } from '../transport/way.js';
import type { CodeHelp } from '../ui/code-help.js';
import { CLI_WORDS } from '../words/cli.js';

/** What compose.ts knows of the way, too: no transport of a plugin is given it. */
type Reached = TransportContext & { readonly way?: Way; readonly origin?: Origin };

/** And the folder whose files a chat may send. */
type Furnished = UiContext & { readonly files?: string };

/** Words and sentences for a code that is typed again. */
async function codeHelp(): Promise<CodeHelp> {
  const [{ createCodeHelp }, { createWordlist }, { wordlist }] = await Promise.all([
    import('./code-help.js'),
    import('../../core/room/words.js'),
    import('@scure/bip39/wordlists/english.js'),
  ]);
  return createCodeHelp(createWordlist(wordlist));
}

export const builtins = definePlugin({
  name: 'securechat',
  api: PLUGIN_API,
  transports: {
    ws: {
      description: CLI_WORDS.adapters.ws,
      create: async (_options, context: Reached) => (await import('../transport/ws.js')).createWsTransport(context),
    },
    socketio: {
      description: CLI_WORDS.adapters.socketio,
      create: async (_options, context: Reached) =>
        (await import('../transport/socketio.js')).createSocketioTransport(context),
    },
  },
  cryptos: {
    sodium: {
      description: CLI_WORDS.adapters.sodium,
      create: async () => {
        const [{ createSodiumCrypto }, { createNodeAead }] = await Promise.all([
          import('../crypto/sodium.js'),
          import('../crypto/node-aead.js'),
        ]);
        return createSodiumCrypto({ aead: createNodeAead() });
      },
    },
    tweetnacl: {
      description: CLI_WORDS.adapters.tweetnacl,
      create: async () => (await import('../crypto/tweetnacl.js')).createTweetnaclCrypto(),
    },
  },
  uis: {
    rich: {
      description: CLI_WORDS.adapters.rich,
      create: async (options, context: Furnished) => {
        const [{ createRichUi }, { hasUnicode }, { processHost }] = await Promise.all([
          import('../ui/rich/rich.js'),
          import('../text/locale.js'),
          import('../ui/rich/host.js'),
        ]);
        const { files } = context;
        const complete = files === undefined ? undefined : (await import('../files/complete.js')).createPathCompletion;
        return createRichUi(options, context, {
          host: processHost,
          unicode: hasUnicode(process.env, process.platform),
          completePath: files === undefined ? undefined : complete?.(files),
          codeHelp: await codeHelp(),
        });
      },
    },
    line: {
      description: CLI_WORDS.adapters.line,
      create: async (options, context) => {
        const [{ createLineUi }, { hasUnicode }] = await Promise.all([
          import('../ui/line/line.js'),
          import('../text/locale.js'),
        ]);
        return createLineUi(options, context, hasUnicode(process.env, process.platform), await codeHelp());
      },
    },
    json: {
      description: CLI_WORDS.adapters.json,
      create: async (options, context) => (await import('../ui/json/json.js')).createJsonUi(options, context),
    },
  },
});
