/**
 * Room codes (protocol.md section 2, "Code forms" of section 4): forms, folding, refusals, bounds, wiping, making.
 */
import { wordlist } from '@scure/bip39/wordlists/english.js';
import { describe, expect, it } from 'vitest';
import { createTweetnaclCrypto } from '../../../adapters/crypto/tweetnacl.js';
import { LocalProtocolError, SecurechatError } from '../../../core/errors.js';
import {
  formatCode,
  generateCode,
  generateStrongCode,
  type Normalize,
  parseCode,
  parseTyped,
  type RoomCode,
  SECRET_LIMIT,
  STRONG_NAMEPLATE,
  STRONG_SECRET,
  withNewNameplate,
  withSecret,
} from '../../../core/room/code.js';
import { CODE_LIMIT, formatInvite } from '../../../core/room/invite.js';
import { roomId } from '../../../core/room/room-id.js';
import { createWordlist } from '../../../core/room/words.js';
import { fc, runs, seededBytes } from '../../support/chance.js';

const words = createWordlist(wordlist);
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const text = (utf8: Uint8Array): string => new TextDecoder().decode(utf8);
const normalize: Normalize = (utf8) =>
  bytes(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(utf8).normalize('NFKC'));
const parse = (typed: string | Uint8Array): RoomCode =>
  parseCode(typeof typed === 'string' ? bytes(typed) : typed, words, normalize);
const plain = (code: RoomCode) => ({ nameplate: code.nameplate, secret: text(code.secret), form: code.form });
const random = seededBytes('code');

function refusal(act: () => unknown): { code: string; detail: unknown } {
  try {
    act();
  } catch (error) {
    if (error instanceof SecurechatError) return { code: error.code, detail: error.detail };
    throw error;
  }
  throw new Error('it was accepted');
}
const rule = (typed: string | Uint8Array): unknown => (refusal(() => parse(typed)).detail as { rule: unknown }).rule;

const nameplate = fc.stringMatching(/^[A-Za-z0-9_]{3,64}$/);
const digits = fc.stringMatching(/^[0-9]{6}$/);
const word = fc.constantFrom(...wordlist);
const generated = fc.tuple(digits, word, word, word).map((parts) => parts.join('-'));
const anyCase = (typed: string) =>
  fc
    .array(fc.boolean(), { minLength: typed.length, maxLength: typed.length })
    .map((upper) => [...typed].map((c, i) => (upper[i] === true ? c.toUpperCase() : c)).join(''));
const space = fc.stringMatching(/^[ \t\r\n\u00a0\u3000\u2028\ufeff]{0,3}$/);

describe('forms', () => {
  it.each([
    ['482913-tunnel-anchor-mango', '482913', 'tunnel-anchor-mango', 'generated'],
    ['482913 tunnel anchor mango', '482913', 'tunnel-anchor-mango', 'generated'],
    ['482913  Tunnel-anchor - mango', '482913', 'tunnel-anchor-mango', 'generated'],
    ['SECRET123', 'SECRET123', '', 'none'],
    ['482913', '482913', '', 'none'],
    ['kitchen-blue horse', 'kitchen', 'blue horse', 'chosen'],
    ['kitchen-Blue Horse', 'kitchen', 'Blue Horse', 'chosen'],
    // Not the generated form: another nameplate, another number of parts, something else than letters.
    ['48291-tunnel-anchor-mango', '48291', 'tunnel-anchor-mango', 'chosen'],
    ['kitchn-Tunel-ancor-mngo', 'kitchn', 'Tunel-ancor-mngo', 'chosen'],
    ['482913-Tunel-Ancor', '482913', 'Tunel-Ancor', 'chosen'],
    ['482913-a-b-c-d', '482913', 'a-b-c-d', 'chosen'],
    ['482913-tunnel-anchor-m4ngo', '482913', 'tunnel-anchor-m4ngo', 'chosen'],
    ['482913-tunnel--mango', '482913', 'tunnel--mango', 'chosen'],
    ['482913-tünnel-anchor-mango', '482913', 'tünnel-anchor-mango', 'chosen'],
    ['kitchen--', 'kitchen', '-', 'chosen'],
  ])('%s', (typed, plate, secret, form) => {
    expect(plain(parse(typed))).toEqual({ nameplate: plate, secret, form });
  });

  it('a generated code is the same in any case and with white space around it', () => {
    fc.assert(
      fc.property(
        generated.chain((code) => fc.tuple(fc.constant(code), anyCase(code), space, space)),
        (drawn) => {
          const [code, typed, before, behind] = drawn;
          expect(plain(parse(before + typed + behind))).toEqual(plain(parse(code)));
          expect(parse(typed).form).toBe('generated');
        },
      ),
    );
  });

  it('a chosen secret is NFKC, trimmed, with its case kept', () => {
    expect(plain(parse('kitchen- e\u0301\uff21\u00a0b '))).toEqual({
      nameplate: 'kitchen',
      secret: 'éA b',
      form: 'chosen',
    });
    // The whole code is normalised: what an input method writes wide is the same code.
    expect(plain(parse('４８２９１３－ｔｕｎｎｅｌ－ａｎｃｈｏｒ－ｍａｎｇｏ'))).toEqual(
      plain(parse('482913-tunnel-anchor-mango')),
    );
  });

  it('does not normalise ASCII: no secret becomes a string', () => {
    const refuse = (): never => {
      throw new Error('called');
    };
    expect(parseCode(bytes('kitchen-blue horse'), words, refuse).form).toBe('chosen');
    expect(generateCode(random, words).form).toBe('generated');
  });
});

describe('refusals', () => {
  it.each([
    ['', 'empty'],
    ['  \u3000\n', 'empty'],
    ['ab', 'nameplate-length'],
    ['ab-blue', 'nameplate-length'],
    ['-blue', 'nameplate-length'],
    [`${'a'.repeat(65)}-x`, 'nameplate-length'],
    ['kitchen sink', 'nameplate-characters'],
    ['482913 tunnel', 'nameplate-characters'],
    ['482913 my own secret7', 'nameplate-characters'],
    ['482913 a-b c d', 'nameplate-characters'],
    ['48291 tunnel anchor mango', 'nameplate-characters'],
    ['küche-blue', 'nameplate-characters'],
    ['kitchen -blue', 'nameplate-characters'],
    ['kitchen-', 'secret-empty'],
    ['kitchen- \u00a0', 'secret-empty'],
    ['kitchen-bl\u001bue', 'control-character'],
    ['kitchen-bl\nue', 'control-character'],
    ['kitchen-bl\u007fue', 'control-character'],
    [`kitchen-${'x'.repeat(CODE_LIMIT)}`, 'too-long'],
    // NFKC makes 18 characters of this one: the bound holds behind it too.
    [`kitchen-${'\ufdfa'.repeat(300)}`, 'too-long'],
    ['securechat://', 'link-no-code'],
    ['securechat://#%20', 'empty'],
    ['securechat://#kitchen-%zz', 'link-percent'],
  ])('%j: %s', (typed, expected) => {
    expect(refusal(() => parse(typed)).code).toBe('SC-301');
    expect(rule(typed)).toBe(expected);
  });

  it('bytes that are not UTF-8', () => {
    expect(rule(Uint8Array.of(0x61, 0x62, 0x63, 0x2d, 0xff))).toBe('not-utf8');
  });

  it('a mistyped word names its position and the nearest word, and nothing else of the code', () => {
    const cases = [
      ['482913-tunel-anchor-mango', 1, 'tunnel'],
      ['482913-tunnel-ANCOR-mango', 2, 'anchor'],
      ['482913-tunnel-anchor-mnago', 3, 'mango'],
    ] as const;
    for (const [typed, position, nearest] of cases) {
      expect(refusal(() => parse(typed))).toEqual({ code: 'SC-302', detail: { position, nearest } });
    }
  });

  it('any bytes give a code or a SecurechatError that is no defect', () => {
    const typed = fc.oneof(
      fc.uint8Array({ maxLength: 80 }),
      fc.string({ unit: 'binary', maxLength: 40 }).map(bytes),
      fc
        .tuple(nameplate, fc.uint8Array({ maxLength: 60 }))
        .map(([plate, tail]) => new Uint8Array([...bytes(`${plate}-`), ...tail])),
      fc.uint8Array({ maxLength: 60 }).map((tail) => new Uint8Array([...bytes('securechat://'), ...tail])),
    );
    fc.assert(
      fc.property(typed, (raw) => {
        const before = raw.slice();
        try {
          const code = parse(raw);
          expect(code.secret.length).toBeLessThanOrEqual(SECRET_LIMIT);
          expect(code.secret.length === 0).toBe(code.form === 'none');
          expect(plain(parse(formatCode(code)))).toEqual(plain(code));
        } catch (error) {
          if (!(error instanceof SecurechatError) || error instanceof LocalProtocolError) throw error;
          expect(['SC-301', 'SC-302']).toContain(error.code);
        }
        expect(raw).toEqual(before);
      }),
      { numRuns: runs(100, 500) },
    );
  });
});

describe('parse and format', () => {
  it('are inverse', () => {
    const chosen = fc
      .tuple(nameplate, fc.string({ unit: 'grapheme', minLength: 1, maxLength: 60 }))
      .map((p) => p.join('-'));
    fc.assert(
      fc.property(fc.oneof(generated, chosen, nameplate), (typed) => {
        let code: RoomCode;
        try {
          code = parse(typed);
        } catch {
          return fc.pre(false);
        }
        const formatted = formatCode(code);
        expect(plain(parse(formatted))).toEqual(plain(code));
        expect(plain(parse(formatInvite(formatted, { relay: 'wss://relay.example/a%20' })))).toEqual(plain(code));
      }),
    );
  });

  it('hold for the longest code there is', () => {
    const typed = `${'n'.repeat(64)}-${'s'.repeat(SECRET_LIMIT)}`;
    expect(typed.length).toBe(CODE_LIMIT);
    expect(text(formatCode(parse(typed)))).toBe(typed);
    expect(rule(`abc-${'s'.repeat(SECRET_LIMIT + 1)}`)).toBe('too-long');
  });

  it('an invitation link may carry a relay', () => {
    const typed = ' securechat://relay.example#482913-tunnel-anchor-mango\n';
    const { code, meeting } = parseTyped(bytes(typed), words, normalize);
    expect(plain(code).secret).toBe('tunnel-anchor-mango');
    expect(meeting).toEqual({ relay: 'wss://relay.example/' });
    expect(parseTyped(bytes('kitchen'), words, normalize).meeting).toBeUndefined();
  });
});

describe('a code for a link only', () => {
  it('has a room that nobody finds and a secret that nobody guesses, and is no generated form', () => {
    const drawn: number[] = [];
    const code = generateStrongCode((n) => {
      drawn.push(n);
      return Uint8Array.from({ length: n }, (_, i) => 255 - i);
    });
    expect(drawn).toEqual([STRONG_SECRET, STRONG_NAMEPLATE]);
    expect(code.form).toBe('chosen');
    expect(plain(parse(formatCode(code)))).toEqual(plain(code));
    expect(text(formatCode(code))).toMatch(/^[a-z2-7]{16}-[a-z2-7]{26}$/);
    const again = withNewNameplate(code, (n) => new Uint8Array(n));
    expect(again.nameplate).toBe('a'.repeat(STRONG_NAMEPLATE));
    expect(again.secret).toEqual(code.secret);
  });
});

describe('a secret typed apart', () => {
  it('gives the same code as one behind a dash', () => {
    const secret = fc.oneof(
      fc.string({ unit: 'grapheme', maxLength: 30 }),
      fc.tuple(word, word, word).map((parts) => parts.join('-').toUpperCase()),
    );
    const outcome = (act: () => RoomCode): unknown => {
      try {
        return plain(act());
      } catch (error) {
        return (error as SecurechatError).message;
      }
    };
    fc.assert(
      fc.property(fc.oneof(nameplate, digits), secret, (plate, typed) => {
        const alone = parse(plate);
        if (normalize(bytes(typed)).every((byte) => byte <= 0x20)) return;
        expect(outcome(() => withSecret(alone, bytes(typed), words, normalize))).toEqual(
          outcome(() => parse(`${plate}-${typed}`)),
        );
      }),
    );
  });

  it('that is empty or white space changes nothing; a second one is a defect', () => {
    const alone = parse('kitchen');
    for (const typed of ['', '  ', '\u00a0\t']) expect(withSecret(alone, bytes(typed), words, normalize)).toBe(alone);
    expect(() => withSecret(parse('kitchen-x'), bytes('y'), words, normalize)).toThrow(LocalProtocolError);
    expect(refusal(() => withSecret(alone, new Uint8Array(CODE_LIMIT + 1), words, normalize)).code).toBe('SC-301');
  });
});

describe('making', () => {
  it('gives 6 digits and 3 listed words that parse to the same', () => {
    for (let i = 0; i < 200; i++) {
      const code = generateCode(random, words);
      expect(text(formatCode(code))).toMatch(/^\d{6}(-[a-z]{3,8}){3}$/);
      expect(plain(parse(formatCode(code)))).toEqual(plain(code));
    }
  });

  it('takes words and digits from the random bytes without bias', () => {
    const fixed = (...chunks: number[][]) => {
      const asked: number[] = [];
      return {
        asked,
        random: (n: number): Uint8Array => {
          asked.push(n);
          return Uint8Array.from(chunks.shift() ?? []);
        },
      };
    };
    // The top bits above 2048 do not matter; 15,999,999 is the last number taken, 16,000,000 the first refused.
    const source = fixed([0xf8, 0, 0x07, 0xff, 0, 1], [0xf4, 0x24, 0x00], [0xf4, 0x23, 0xff]);
    expect(plain(generateCode(source.random, words))).toEqual({
      nameplate: '999999',
      secret: 'abandon-zoo-ability',
      form: 'generated',
    });
    expect(source.asked).toEqual([6, 3, 3]);
    expect(plain(generateCode(fixed([0, 0, 0, 0, 0, 0], [0, 0, 7]).random, words)).nameplate).toBe('000007');
  });

  it('overwrites the random bytes of the words', () => {
    const drawn: Uint8Array[] = [];
    generateCode((n) => {
      const chunk = new Uint8Array(n).fill(7);
      drawn.push(chunk);
      return chunk;
    }, words);
    expect(drawn[0]).toEqual(new Uint8Array(6));
  });

  it('gives up on a random source that is stuck', () => {
    expect(() => generateCode((n) => new Uint8Array(n).fill(255), words)).toThrow(LocalProtocolError);
  });

  it('a new nameplate keeps the secret and its form', () => {
    const code = generateCode(random, words);
    const other = withNewNameplate(code, (n) => new Uint8Array(n).fill(1));
    expect(other).toEqual({ ...code, nameplate: '065793' });
    expect(other.secret).toBe(code.secret);
  });
});

describe('wiping', () => {
  it('what NFKC made is overwritten, also when the code is refused', () => {
    for (const typed of ['kitchen-é', 'kitchen-é\u0007', 'é-secret']) {
      const made: Uint8Array[] = [];
      const spy: Normalize = (utf8) => {
        const out = normalize(utf8);
        made.push(out);
        return out;
      };
      try {
        parseCode(bytes(typed), words, spy);
      } catch (error) {
        expect(error).toBeInstanceOf(SecurechatError);
      }
      expect(made).toHaveLength(1);
      expect(made[0]?.every((byte) => byte === 0)).toBe(true);
    }
  });
});

describe('room id', () => {
  it('is H(lv("securechat/1 room", nameplate))[0..32], and tells nothing of the secret', () => {
    const port = createTweetnaclCrypto();
    const input = `\x11securechat/1 room\x06482913`;
    const expected = port.digest([bytes(input)]).slice(0, 32);
    expect(roomId(port, parse('482913-tunnel-anchor-mango').nameplate)).toEqual(expected);
    expect(roomId(port, parse('482913').nameplate)).toEqual(expected);
    expect(roomId(port, parse('482914').nameplate)).not.toEqual(expected);
  });
});
