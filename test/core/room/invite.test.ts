/**
 * Invitation links: format and parse are inverse over any bytes, bounded, and refuse what is half a link.
 */
import { describe, expect, it } from 'vitest';
import { SecurechatError } from '../../../core/errors.js';
import {
  CODE_LIMIT,
  formatInvite,
  INVITE_LIMIT,
  INVITE_RELAY_LIMIT,
  isInvite,
  parseInvite,
} from '../../../core/room/invite.js';
import { fc } from '../../support/chance.js';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const text = (utf8: Uint8Array): string => new TextDecoder().decode(utf8);
const parse = (link: string) => parseInvite(bytes(link));

function rule(act: () => unknown): unknown {
  try {
    act();
  } catch (error) {
    if (error instanceof SecurechatError) return `${error.code} ${String(error.detail['rule'])}`;
    throw error;
  }
  return 'accepted';
}

describe('invitation links', () => {
  it('are what the documentation shows', () => {
    expect(text(formatInvite(bytes('482913-tunnel-anchor-mango')))).toBe('securechat://482913-tunnel-anchor-mango');
    expect(text(formatInvite(bytes('kitchen-blue horse/é'), 'wss://relay.example:8443/a?s=1'))).toBe(
      'securechat://kitchen-blue%20horse%2F%C3%A9?relay=wss://relay.example:8443/a%3Fs%3D1',
    );
  });

  it('parse and format are inverse, for any code and relay', () => {
    const relay = fc.option(fc.stringMatching(/^[!-~]{1,60}$/), { nil: undefined });
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: CODE_LIMIT }), relay, (code, address) => {
        const link = formatInvite(code, address);
        expect(link.every((byte) => byte > 0x20 && byte < 0x7f)).toBe(true);
        const parsed = parseInvite(link);
        expect(parsed.code).toEqual(code);
        expect(parsed.relay).toBe(address);
      }),
    );
  });

  it('the longest one is accepted, a longer one is not', () => {
    const link = formatInvite(new Uint8Array(CODE_LIMIT).fill(0xff), '?'.repeat(INVITE_RELAY_LIMIT));
    expect(link.length).toBe(INVITE_LIMIT);
    expect(parseInvite(link).code.length).toBe(CODE_LIMIT);
    expect(rule(() => parseInvite(new Uint8Array([...link, 0x41])))).toBe('SC-301 too-long');
    expect(rule(() => parse(`securechat://abc?relay=${'a'.repeat(INVITE_RELAY_LIMIT + 1)}`))).toBe('SC-301 link');
  });

  it('are known by their scheme, in either case', () => {
    expect(isInvite(bytes('securechat://x'))).toBe(true);
    expect(isInvite(bytes('SecureChat://x'))).toBe(true);
    for (const other of ['securechat', 'securechat:/x', 'securechat-x', 'https://x', '']) {
      expect(isInvite(bytes(other))).toBe(false);
      expect(rule(() => parse(other))).toBe('SC-301 link');
    }
  });

  it('may end in the slash that programs add, and carry parameters of later versions', () => {
    expect(text(parse('securechat://abc-x/').code)).toBe('abc-x');
    const parsed = parse('securechat://abc-x/?v=2&relay=ws%3a%2f%2f127.0.0.1&relays=3');
    expect(text(parsed.code)).toBe('abc-x');
    expect(parsed.relay).toBe('ws://127.0.0.1');
    expect(parse('securechat://abc?').relay).toBeUndefined();
  });

  it.each([
    'securechat://abc-%',
    'securechat://abc-%4',
    'securechat://abc-%4g',
    'securechat://abc/def',
    'securechat://abc#x',
    'securechat://abc?relay=a&relay=b',
    'securechat://abc?relay=a%20b',
    'securechat://abc?relay=%C3%A9',
    'securechat://abc?relay=%0a',
  ])('refuses %s', (link) => {
    expect(rule(() => parse(link))).toBe('SC-301 link');
  });

  it('any bytes give a link or SC-301', () => {
    const tail = fc.oneof(fc.uint8Array({ maxLength: 60 }), fc.stringMatching(/^[a-c%=&?/#-]{0,40}$/).map(bytes));
    fc.assert(
      fc.property(tail, (raw) => {
        expect(rule(() => parseInvite(new Uint8Array([...bytes('securechat://'), ...raw])))).toMatch(
          /^(accepted|SC-301 )/,
        );
      }),
    );
  });
});
