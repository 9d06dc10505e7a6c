/**
 * Sentences about the page for browsers: SC-365 to SC-369. No text of a person, no room code and no key may be passed to
 * them.
 */
import { sizeOf } from './files.js';
import { always, given, type Message } from './message.js';
import { PAGE_WORDS } from './page.js';

const CANNOT: Readonly<Record<string, string>> = PAGE_WORDS.cannot;

export const page = () =>
  ({
    'SC-365': {
      sentence: ({ why }) => `A page cannot follow this link${given(': ', CANNOT[String(why)])}.`,
      cause:
        'The invitation names a certificate of its own, or a transport that a browser does not have, or is for --lan.',
      remedy: 'Open the link with the program: securechat asks for it.',
    },
    'SC-366': {
      sentence: always('This page came over an unencrypted connection: anyone on the way can have changed it.'),
      cause: 'The page was served with http:// by another machine.',
      remedy: 'Use an https:// address, or open a saved page from disk.',
    },
    'SC-367': {
      sentence: ({ limit }) =>
        `The transfer is larger than this browser can keep${typeof limit === 'number' ? ` (${sizeOf(limit)})` : ''}.`,
      cause: 'A browser that cannot write to a place of your choice keeps what it receives in memory, up to a limit.',
      remedy: 'Use the program, or a browser that asks where to save.',
    },
    'SC-368': {
      sentence: always('This browser does not run WebAssembly here: the slower cryptography is used.'),
      cause:
        'A policy or a setting of the browser forbids WebAssembly. The other adapter understands the same protocol.',
      remedy: '',
    },
    'SC-369': {
      sentence: always('The file page.html is not beside this program.'),
      cause: 'The file dist/page.html, which the build makes, is needed for securechat page and for --page.',
      remedy: 'Install the whole package, or build it again.',
    },
  }) as const satisfies Readonly<Record<string, Message>>;
