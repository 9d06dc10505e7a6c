/**
 * Invitation links: format and parse are inverse, bounded, and every malformed link is refused with its own reason, which
 * never holds any of the code.
 */
import { describe, expect, it } from 'vitest';
import { SecurechatError } from '../../../core/errors.js';
import {
  CODE_LIMIT,
  formatInvite,
  INVITE_LIMIT,
  INVITE_PLACE_LIMIT,
  isInvite,
  LAN,
  type Meeting,
  parseInvite,
  PIN_LENGTH,
  webLink,
} from '../../../core/room/invite.js';
import { fc } from '../../support/chance.js';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const text = (utf8: Uint8Array): string => new TextDecoder().decode(utf8);
const parse = (link: string) => parseInvite(bytes(link));
const PIN = Uint8Array.from({ length: PIN_LENGTH }, (_, i) => 255 - i);

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
    const code = bytes('482913-tunnel-anchor-mango');
    expect(text(formatInvite(code))).toBe('securechat://#482913-tunnel-anchor-mango');
    expect(text(formatInvite(code, { relay: 'wss://relay.example/' }))).toBe(
      'securechat://relay.example#482913-tunnel-anchor-mango',
    );
    expect(text(formatInvite(code, { relay: 'ws://192.0.2.7:8765/', transport: 'socketio' }))).toBe(
      'securechat://192.0.2.7:8765/?transport=socketio&plain#482913-tunnel-anchor-mango',
    );
    expect(text(formatInvite(code, { relay: 'wss://[2001:db8::1]:8765/', pin: PIN }))).toBe(
      'securechat://[2001:db8::1]:8765/?pin=__79_Pv6-fj39vX08_Lx8O_u7ezr6uno5-bl5OPi4eA#482913-tunnel-anchor-mango',
    );
    expect(text(formatInvite(bytes('kitchen-blue horse/é'), { relay: 'wss://relay.example:8443/a/b' }))).toBe(
      'securechat://relay.example:8443/a/b#kitchen-blue%20horse%2F%C3%A9',
    );
  });

  it('parse and format are inverse, for any code and meeting', () => {
    const host = fc.oneof(
      fc.stringMatching(/^[a-z0-9]([a-z0-9.-]{0,40}[a-z0-9])?$/),
      fc.constantFrom('[::1]', '192.0.2.1', 'relay.example'),
    );
    const meeting = fc.option(
      fc
        .record({
          tls: fc.boolean(),
          host,
          port: fc.option(fc.integer({ min: 1, max: 65_535 })),
          path: fc.stringMatching(/^(\/[a-z0-9._~-]{0,8}){1,3}$/),
          transport: fc.option(fc.stringMatching(/^[a-z0-9-]{1,20}$/)),
          pin: fc.option(fc.uint8Array({ minLength: PIN_LENGTH, maxLength: PIN_LENGTH })),
        })
        .map(
          (drawn): Meeting => ({
            relay: `ws${drawn.tls ? 's' : ''}://${drawn.host}${drawn.port === null ? '' : `:${String(drawn.port)}`}${drawn.path}`,
            ...(drawn.transport === null ? {} : { transport: drawn.transport }),
            ...(drawn.pin === null || !drawn.tls ? {} : { pin: drawn.pin }),
          }),
        ),
      { nil: undefined },
    );
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: CODE_LIMIT }), meeting, (code, place) => {
        const link = formatInvite(code, place);
        expect(link.every((byte) => byte > 0x20 && byte < 0x7f)).toBe(true);
        const parsed = parseInvite(link);
        expect(parsed.code).toEqual(code);
        const slashed = place === undefined ? undefined : { ...place, relay: place.relay.replace(/\/$/, '') };
        const got = parsed.meeting;
        if (got === LAN) throw new Error('a link to a relay was read as one to the local network');
        expect(got === undefined ? undefined : { ...got, relay: got.relay.replace(/\/$/, '') }).toEqual(slashed);
      }),
    );
  });

  it('one for the local network names no place, in one form only', () => {
    const link = formatInvite(bytes('kitchen-x'), LAN);
    expect(text(link)).toBe('securechat:///?lan#kitchen-x');
    expect(parseInvite(link).meeting).toBe(LAN);
    for (const wrong of ['?lan', '/?lan=1', '/?lan&plain', '//?lan', 'relay.example/?lan', '/?plain&lan'])
      expect(() => parse(`securechat://${wrong}#kitchen-x`)).toThrow('SC-301');
  });

  it('the longest one is accepted, a longer one is not', () => {
    const place = `relay.example/${'a'.repeat(INVITE_PLACE_LIMIT - 'relay.example/'.length)}`;
    const link = formatInvite(new Uint8Array(CODE_LIMIT).fill(0xff), { relay: `wss://${place}` });
    expect(link.length).toBe(INVITE_LIMIT);
    expect(parseInvite(link).code.length).toBe(CODE_LIMIT);
    expect(rule(() => parseInvite(new Uint8Array([...link, 0x41])))).toBe('SC-301 too-long');
    expect(rule(() => parse(`securechat://${place}a#x`))).toBe('SC-301 too-long');
  });

  it('are known by their scheme, in either case', () => {
    expect(isInvite(bytes('securechat://#x'))).toBe(true);
    expect(isInvite(bytes('SecureChat://#x'))).toBe(true);
    for (const link of ['https://relay.example/#x', 'http://10.0.0.1/#x', 'HTTPS://x'])
      expect(isInvite(bytes(link))).toBe(true);
    for (const other of [
      'securechat',
      'securechat:/x',
      'securechat-x',
      'https:/x',
      'https-x',
      'ftp://x',
      'ws://x#y',
      '',
    ])
      expect(isInvite(bytes(other))).toBe(false);
  });

  it('a slash that programs add does no harm', () => {
    expect(parse('securechat:///#abc-x').meeting).toBeUndefined();
    expect(parse('securechat://relay.example/#abc-x').meeting).toEqual({ relay: 'wss://relay.example/' });
    expect(parse('securechat://relay.example/?#abc-x').meeting).toEqual({ relay: 'wss://relay.example/' });
  });

  it.each([
    ['https://relay.example/#kitchen-blue%20horse', 'wss://relay.example/'],
    ['https://relay.example#kitchen-blue%20horse', 'wss://relay.example/'],
    ['HTTPS://relay.example:8443/a/#kitchen-blue%20horse', 'wss://relay.example:8443/a/'],
    // What the page is called is no part of where its relay is.
    ['https://relay.example/a/chat.html#kitchen-blue%20horse', 'wss://relay.example/a/'],
    ['http://[fd00::7]:8765/#kitchen-blue%20horse', 'ws://[fd00::7]:8765/'],
    // A page that no relay serves.
    ['https://files.example/chat.html#securechat://relay.example#kitchen-blue%20horse', 'wss://relay.example/'],
    ['https://files.example/chat.html#securechat://relay.example/?plain#kitchen-blue%20horse', 'ws://relay.example/'],
  ])('of a page leads to the relay of the page: %s', (link, relay) => {
    const { code, meeting } = parse(link);
    expect([text(code), meeting]).toEqual(['kitchen-blue horse', { relay }]);
  });

  it('what a page is given comes back as its relay and its code', () => {
    const relay = fc.stringMatching(
      /^wss?:\/\/[a-z0-9]([a-z0-9.-]{0,20}[a-z0-9])?(:[1-9][0-9]{0,3})?\/([a-z0-9.]{1,8}\/){0,2}$/,
    );
    fc.assert(
      fc.property(relay, fc.uint8Array({ minLength: 1, maxLength: CODE_LIMIT }), (address, typed) => {
        fc.pre(!isInvite(typed));
        expect(parseInvite(webLink(address.replace(/^ws/, 'http'), typed))).toEqual({
          code: typed,
          meeting: { relay: address },
        });
      }),
    );
  });

  const pin = 'A'.repeat(43);
  it.each([
    ['securechat://abc', 'link-no-code'],
    ['securechat://relay.example#', 'link-no-code'],
    ['securechat://relay example#x', 'link-characters'],
    ['securechat://relay.example/\n#x', 'link-characters'],
    ['securechat://r\u00e9lay#x', 'link-characters'],
    ['securechat://:80#x', 'link-host'],
    ['securechat://-a#x', 'link-host'],
    ['securechat://user@host#x', 'link-host'],
    ['securechat://[::1#x', 'link-host'],
    ['securechat://?plain#x', 'link-host'],
    ['securechat://host:#x', 'link-port'],
    ['securechat://host:0#x', 'link-port'],
    ['securechat://host:080#x', 'link-port'],
    ['securechat://host:65536#x', 'link-port'],
    ['securechat://host:8a#x', 'link-port'],
    ['securechat://host/?relay=a#x', 'link-parameter'],
    ['securechat://host/?plain&plain#x', 'link-parameter'],
    ['securechat://host/?plain=1#x', 'link-parameter'],
    ['securechat://host/?transport=#x', 'link-parameter'],
    ['securechat://host/?transport=A#x', 'link-parameter'],
    ['securechat://host/?&#x', 'link-parameter'],
    [`securechat://host/?pin=${pin}A#x`, 'link-pin'],
    [`securechat://host/?pin=${pin.slice(1)}B#x`, 'link-pin'],
    ['securechat://host/?pin#x', 'link-pin'],
    [`securechat://host/?plain&pin=${pin}#x`, 'link-pin'],
    ['securechat://host/%g0#x', 'link-percent'],
    ['https://relay.example/', 'link-no-code'],
    ['https://relay.example/#', 'link-no-code'],
    ['https://#abc-x', 'link-host'],
    ['https:///#abc-x', 'link-host'],
    ['https://user@relay.example/#abc-x', 'link-host'],
    ['https://relay.example:0/#abc-x', 'link-port'],
    ['https://relay.example/?plain#abc-x', 'link-parameter'],
    ['https://relay.example/?#abc-x', 'link-parameter'],
    ['https://rel ay.example/#abc-x', 'link-characters'],
    ['https://r\u00e9lay.example/#abc-x', 'link-characters'],
    ['https://relay.example/%g0#abc-x', 'link-percent'],
    ['https://relay.example/#abc-%4', 'link-percent'],
    ['https://relay.example/#securechat://host:0#abc-x', 'link-port'],
    ['https://relay.example/#securechat://host', 'link-no-code'],
    [`https://${'a'.repeat(INVITE_PLACE_LIMIT + 1)}#abc-x`, 'too-long'],
    ['securechat://#abc-%', 'link-percent'],
    ['securechat://#abc-%4', 'link-percent'],
    ['securechat://#abc-%4g', 'link-percent'],
  ])('refuses %s: %s', (link, why) => {
    expect(rule(() => parse(link))).toBe(`SC-301 ${why}`);
  });

  it('any bytes give a link or SC-301', () => {
    const tail = fc.oneof(fc.uint8Array({ maxLength: 60 }), fc.stringMatching(/^[a-c%=&?/#:[\]-]{0,40}$/).map(bytes));
    fc.assert(
      fc.property(tail, fc.constantFrom('securechat://', 'https://', 'http://h#securechat://'), (raw, scheme) => {
        expect(rule(() => parseInvite(new Uint8Array([...bytes(scheme), ...raw])))).toMatch(/^(accepted|SC-301 )/);
      }),
    );
  });
});
