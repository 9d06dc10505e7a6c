/** What the address of a page says: the relay, the code, whether the page can have been changed on the way. */
import { wordlist } from '@scure/bip39/wordlists/english.js';
import { describe, expect, it } from 'vitest';
import { pageOf } from '../../../adapters/cli/relay-address.js';
import { normalize } from '../../../adapters/text/normalize.js';
import { utf8 } from '../../../adapters/text/utf8.js';
import {
  fragmentOf,
  isOpenToChange,
  linkTo,
  type PageAddress,
  readTyped,
  relayOf,
} from '../../../adapters/web/place.js';
import { formatCode } from '../../../core/room/code.js';
import { parseInvite, webLink } from '../../../core/room/invite.js';
import { createWordlist } from '../../../core/room/words.js';

const words = createWordlist(wordlist);
const read = (typed: Uint8Array) => readTyped(typed, words, normalize);
const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

function at(address: string): PageAddress {
  const { protocol, host, hostname, pathname, hash } = new URL(address);
  return { protocol, host, hostname, pathname, hash };
}

describe('the relay that serves the page', () => {
  it.each([
    ['https://relay.example/', 'wss://relay.example/'],
    ['https://relay.example:8443/chat/page.html#x', 'wss://relay.example:8443/chat/'],
    ['http://127.0.0.1:8765/?s=1', 'ws://127.0.0.1:8765/'],
    ['file:///tmp/chat.html', ''],
  ])('%s: %s', (address, relay) => expect(relayOf(at(address))).toBe(relay));

  it.each([
    ['wss://relay.example/', 'wss://relay.example/'],
    ['wss://relay.example/chat', 'wss://relay.example/chat/'],
    ['ws://127.0.0.1:8765/a/b/?s=1', 'ws://127.0.0.1:8765/a/b/'],
  ])('of the page of %s is found there again', (relay, found) => expect(relayOf(at(pageOf(relay)))).toBe(found));
});

it.each([
  ['http://relay.example/', true],
  ['http://192.168.1.5:8765/', true],
  ['http://127.0.0.1:8765/', false],
  ['http://localhost/', false],
  [`http://${'a'.repeat(56)}.onion/`, false],
  ['https://relay.example/', false],
  ['file:///tmp/chat.html', false],
])('%s: anybody on the way can have changed it: %s', (address, open) => expect(isOpenToChange(at(address))).toBe(open));

describe('behind the #', () => {
  it('nothing is no code', () => {
    expect(fragmentOf(at('https://relay.example/'))).toBeUndefined();
    expect(fragmentOf(at('https://relay.example/#'))).toBeUndefined();
  });

  it('what webLink has put there comes out again, whatever it is', () => {
    for (const typed of ['482913-tunnel-anchor-mango', 'room-a b%c#d/é?&', 'Public_Room']) {
      const link = webLink('https://relay.example/#gone', utf8(typed));
      expect(text(link)).toMatch(/^https:\/\/relay\.example\/#[A-Za-z0-9_.~%-]+$/);
      const found = fragmentOf(at(text(link)));
      expect(text(formatCode(read(found ?? new Uint8Array(0)).code))).toBe(typed.normalize('NFKC'));
    }
  });

  it('a whole invitation names the relay, too', () => {
    const found = fragmentOf(at('file:///chat.html#securechat://relay.example:8443#482913-tunnel-anchor-mango'));
    const { code, relay } = read(found ?? new Uint8Array(0));
    expect([code.nameplate, relay?.href]).toEqual(['482913', 'wss://relay.example:8443/']);
  });

  it.each([
    ['https://relay.example/chat/', 'wss://relay.example/chat/', 'https://relay.example/chat/#482913-tunnel'],
    ['https://relay.example/#old', 'wss://relay.example/', 'https://relay.example/#482913-tunnel'],
    // Any web server: the page leads back to the relay that both use.
    [
      'https://files.example/chat.html',
      'wss://relay.example/',
      'https://files.example/chat.html#securechat://relay.example#482913-tunnel',
    ],
    [
      'http://files.example/chat.html',
      'ws://127.0.0.1:8765/',
      'http://files.example/chat.html#securechat://127.0.0.1:8765/?plain#482913-tunnel',
    ],
    ['file:///tmp/chat.html', 'wss://relay.example/', 'securechat://relay.example#482913-tunnel'],
  ])('of %s with a chat at %s: a link that leads the peer there', (page, relay, link) => {
    const made = linkTo(at(page), new URL(relay), utf8('482913-tunnel'));
    expect(text(made)).toBe(link);
    expect(parseInvite(made).meeting).toEqual({ relay });
    if (page.startsWith('file:')) return;
    const { code, meeting } = parseInvite(fragmentOf(at(text(made))) ?? new Uint8Array(0));
    expect([text(code), typeof meeting === 'object' ? meeting.relay : relayOf(at(page))]).toEqual([
      '482913-tunnel',
      relay,
    ]);
  });

  it.each([
    [`securechat://relay.example/?pin=${'A'.repeat(43)}#abc-x`, 'SC-365', { why: 'pin' }],
    ['securechat:///?lan#abc-x', 'SC-365', { why: 'lan' }],
    ['securechat://relay.example/?transport=direct-tcp#abc-x', 'SC-365', { why: 'transport' }],
    ['securechat://relay.example/?plain#abc-x', 'SC-110', { host: 'relay.example' }],
    ['482913-tunnel-anchr-mango', 'SC-302', { position: 2, nearest: 'anchor' }],
    ['x', 'SC-301', {}],
    ['', 'SC-301', {}],
  ])('%s is refused: %s', (typed, code, detail) => {
    try {
      read(utf8(typed));
    } catch (error) {
      return expect(error).toMatchObject({ code, detail });
    }
    throw new Error('it was taken');
  });

  it('a relay that takes both wires is one for a page', () => {
    expect(read(utf8('securechat://relay.example/?transport=socketio#abc-x')).relay?.href).toBe('wss://relay.example/');
  });
});
