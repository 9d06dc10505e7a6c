/** Bytes of a keyboard into keys: each sequence, wherever it is split, and Esc alone by the clock. */
import { describe, expect, test } from 'vitest';
import type { Key } from '../../../adapters/terminal/keymap.js';
import {
  ALT_ENTER_MS,
  createKeys,
  ESCAPE_WAIT_MS,
  PASTE_LIMIT_MS,
  PASTE_PAUSE_MS,
  PIECE,
  SEQUENCE_LIMIT,
} from '../../../adapters/terminal/keys.js';
import type { ClockPort } from '../../../core/ports.js';
import { createFakeClock } from '../../../plugins/testing/clock.js';
import { fc } from '../../support/chance.js';
import { bytes } from '../../support/streams.js';

/** Keys as `<name>`, text as it is, a paste in brackets; pieces of one text are one. */
function open<Clock extends ClockPort>(clock: Clock) {
  let said = '';
  let pasting = false;
  const chunks: Uint8Array[] = [];
  const keys = createKeys(clock, (event) => {
    if (event.type === 'text' || event.type === 'paste') {
      if (event.type === 'paste' && !pasting) said += '[';
      pasting = event.type === 'paste';
      said += Buffer.from(event.text).toString('utf8');
      chunks.push(event.text);
    } else if (event.type === 'paste-end') {
      said += pasting ? ']' : '[]';
      pasting = false;
    } else {
      said += `<${event.key}>`;
    }
  });
  const feed = (part: Uint8Array | string): void => keys.feed(Uint8Array.from(Buffer.from(part)));
  return { clock, keys, feed, said: () => said, chunks };
}

/** What is read at once, one part after the other and without a pause but the last. */
function read(...parts: (Uint8Array | string)[]): string {
  const { feed, said, clock } = open(createFakeClock());
  for (const part of parts) feed(part);
  clock.advance(PASTE_LIMIT_MS);
  return said();
}

const SEQUENCES: readonly (readonly [string, Key])[] = [
  ['\r', 'enter'],
  ['\n', 'newline'],
  ['\x1b\r', 'newline'],
  ['\x1b[13;2u', 'newline'],
  ['\x1b[27;5;13~', 'newline'],
  ['\x1b[A', 'up'],
  ['\x1bOA', 'up'],
  ['\x1b[B', 'down'],
  ['\x1b[C', 'right'],
  ['\x1b[D', 'left'],
  ['\x1b[1;5D', 'word-left'],
  ['\x1b[1;3C', 'word-right'],
  ['\x1bb', 'word-left'],
  ['\x1bf', 'word-right'],
  ['\x1b[H', 'home'],
  ['\x1b[1~', 'home'],
  ['\x1b[F', 'end'],
  ['\x1b[4~', 'end'],
  ['\x1b[5~', 'page-up'],
  ['\x1b[6~', 'page-down'],
  ['\x1b[3~', 'delete'],
  ['\x7f', 'backspace'],
  ['\b', 'backspace'],
  ['\x1b\x7f', 'delete-word'],
  ['\x01', 'line-start'],
  ['\x05', 'line-end'],
  ['\x17', 'delete-word'],
  ['\x15', 'delete-to-start'],
  ['\x0b', 'delete-to-end'],
  ['\x0c', 'repaint'],
  ['\x1bOP', 'help'],
  ['\x1b[11~', 'help'],
  ['\x1b[[A', 'help'],
  ['\x1bOQ', 'words'],
  ['\x1b[12~', 'words'],
  ['\x1b[[B', 'words'],
  ['\x03', 'interrupt'],
  ['\x04', 'end-of-input'],
  ['\x1a', 'suspend'],
  // Undefined: nothing is told but that there was a key.
  ['\x02', 'unknown'],
  ['\t', 'tab'],
  ['\x1bz', 'unknown'],
  ['\x1b[15~', 'unknown'],
  ['\x1b[<0;1;1M', 'unknown'],
  ['\x1bOR', 'more'],
  ['\x1b[13~', 'more'],
  ['\x1bOS', 'unknown'],
  ['\x1b[[C', 'more'],
  ['\x1b[[D', 'unknown'],
  [`\x1b[${'1'.repeat(SEQUENCE_LIMIT * 3)}~`, 'unknown'],
];

describe('keys', () => {
  test.each(SEQUENCES)('%j is %s', (sequence, key) => {
    expect(read(`a${sequence}`, 'b')).toBe(`a<${key}>b`);
  });

  test.each(SEQUENCES)('%j byte by byte', (sequence, key) => {
    expect(read(...Array.from(Buffer.from(sequence), (byte) => Uint8Array.of(byte)))).toBe(`<${key}>`);
  });

  test('Esc is a key when nothing comes behind it in time', () => {
    const { feed, said, clock } = open(createFakeClock());
    feed('\x1b');
    clock.advance(ESCAPE_WAIT_MS - 1);
    expect(said()).toBe('');
    clock.advance(1);
    expect(said()).toBe('<escape>');
    feed('[A');
    expect(said()).toBe('<escape>[A');
  });

  test('Enter soon behind such an Esc is what was left of Alt-Enter, and only there', () => {
    const { feed, said, clock } = open(createFakeClock());
    const escape = (rest: number): void => {
      feed('\x1b');
      clock.advance(ALT_ENTER_MS - rest);
    };
    escape(1);
    feed('\r');
    feed('\r');
    escape(1);
    feed('x');
    feed('\r');
    escape(0);
    feed('\r');
    expect(said()).toBe('<escape><newline><enter><escape>x<enter><escape><enter>');
  });

  test.each(['\x1b[', '\x1bO', '\x1b[[', '\x1b[1;', '\x1b\xc3'])(
    'what begins as %j and does not go on in time swallows no letter',
    (begun) => {
      const { feed, said, clock } = open(createFakeClock());
      feed(Buffer.from(begun, 'latin1'));
      clock.advance(ESCAPE_WAIT_MS - 1);
      expect(said()).toBe('');
      clock.advance(1);
      feed('hi');
      expect(said()).toBe('<unknown>hi');
    },
  );

  test('Alt and a letter of any script is one key that is not defined', () => {
    expect(read('a\x1bäb', 'c\x1b😀', '\x1b今\r')).toBe('a<unknown>bc<unknown><unknown><enter>');
    expect(read(...Array.from(Buffer.from('\x1b😀b'), (byte) => Uint8Array.of(byte)))).toBe('<unknown>b');
    expect(read(Uint8Array.of(0x1b, 0xff), Uint8Array.of(0x1b, 0xe4, 0xbb, 0x0d))).toBe('<unknown><unknown><enter>');
    expect(read(Uint8Array.of(0x1b, 0xe4, 0xc3, 0xa4))).toBe('<unknown>ä');
  });

  test('a sequence that is half there when others had the terminal is forgotten', () => {
    const { keys, feed, said, clock } = open(createFakeClock());
    for (const begun of ['\x1b', '\x1b[1', '\x1bO', '\xc3']) {
      feed(Buffer.from(begun, 'latin1'));
      keys.reset();
      expect(clock.waiting).toBe(0);
      feed('A');
    }
    expect(said()).toBe('AAAA');
  });

  test('Esc twice is Esc and what follows', () => {
    expect(read('\x1b\x1b')).toBe('<escape><escape>');
    expect(read('\x1b\x1b[A')).toBe('<escape><up>');
  });

  test('a sequence that is broken off by a key does not swallow it', () => {
    expect(read('\x1b[1;\x15x')).toBe('<delete-to-start>x');
  });
});

describe('text', () => {
  test('is handed on in whole code points', () => {
    const text = 'aä今😀';
    expect(read(...Array.from(bytes(text), (byte) => Uint8Array.of(byte)))).toBe(text);
  });

  test.each([
    [[0xff], '\ufffd'],
    [[0xc3, 0x41], '\ufffdA'],
    [[0xe4, 0xbb, 0x41], '\ufffdA'],
    [[0xe4, 0xc3, 0xa4], '\ufffdä'],
    [[0xed, 0xa0, 0x80], '\ufffd\ufffd\ufffd'],
    [[0xf0, 0x9f, 0x98, 0x0d], '\ufffd<enter>'],
  ])('%j becomes %j', (given, expected) => {
    expect(read(Uint8Array.from(given))).toBe(expected);
  });

  test('what was read and what was handed on is overwritten', () => {
    const { keys, chunks } = open(createFakeClock());
    const chunk = bytes('secret');
    keys.feed(chunk);
    expect([...chunk, ...chunks.flatMap((each) => [...each])].every((byte) => byte === 0)).toBe(true);
  });

  test('nothing is told after close', () => {
    const { keys, feed, said, clock } = open(createFakeClock());
    feed('\x1b');
    keys.close();
    expect(clock.waiting).toBe(0);
    feed('abc\x1b');
    expect(clock.waiting).toBe(0);
    clock.advance(1000);
    expect(said()).toBe('');
  });
});

describe('a paste', () => {
  const paste = (text: string): string => `\x1b[200~${text}\x1b[201~`;

  test('is told as such, with lines that end with LF', () => {
    expect(read('a', paste('one\rtwo\r\nthree\nfour'))).toBe('a[one\ntwo\nthree\nfour]');
    expect(read(paste(''))).toBe('[]');
    expect(read(paste('x\r'), paste('y\r'))).toBe('[x\ny\n]');
  });

  test('keeps control characters and sequences as text', () => {
    expect(read(paste('\x1b[A\x03\t\x1b[201\x1b'))).toBe('[\x1b[A\x03\t\x1b[201\x1b]');
  });

  test('lasts until a pause: whoever forges its end gets no key, and Enter is a new line', () => {
    const { feed, said, clock } = open(createFakeClock());
    feed(`${paste('x')}\x03\x03`);
    clock.advance(PASTE_PAUSE_MS - 1);
    feed('\x15\x1b[Hy\tz\r');
    clock.advance(PASTE_PAUSE_MS - 1);
    feed('\r\n\x04\x1b');
    expect(said()).toBe('[x<unknown><unknown><unknown><unknown>y\tz\n\n<unknown>');
    clock.advance(PASTE_PAUSE_MS);
    expect(said()).toMatch(/<unknown>]$/);
    feed('\x03\r');
    expect(said()).toMatch(/]<interrupt><enter>$/);
    feed('\n');
    expect(said()).toMatch(/<enter><newline>$/);
    feed(paste('a\r'));
    clock.advance(PASTE_PAUSE_MS);
    feed(paste('\nb'));
    expect(said()).toMatch(/\[a\n]\[\nb$/);
  });

  test('a letter that its end cuts in two is not put together again', () => {
    expect(read(Buffer.from('\x1b[200~\xc3\x1b[201~\xa4', 'latin1'))).toBe('[\ufffd\ufffd]');
    expect(read(Buffer.from('\x1b[200~x\x1b[201~\xc3', 'latin1'))).toBe('[x\ufffd]');
  });

  test('a pause that was only noticed late is none: what was waiting to be read belongs to the paste', () => {
    const asleep: (() => void)[] = [];
    let now = 0;
    const clock: ClockPort = {
      now: () => now,
      wallTime: () => now,
      wakeAt(_at, wake) {
        asleep.push(wake);
        return () => void asleep.splice(asleep.indexOf(wake), 1);
      },
    };
    const { feed, said } = open(clock);
    feed(paste('x'));
    now = PASTE_PAUSE_MS * 10;
    asleep.shift()?.();
    feed('y\r');
    expect(said()).toBe('[xy\n');
    expect(asleep).toHaveLength(1);
  });

  test('without an end is over when nothing comes for long', () => {
    const { feed, said, clock } = open(createFakeClock());
    feed('\x1b[200~evil');
    clock.advance(PASTE_LIMIT_MS - 1);
    feed('\x03\x1b[20');
    clock.advance(PASTE_LIMIT_MS - 1);
    expect(said()).toBe('[evil\x03');
    clock.advance(1);
    feed('\x03');
    expect(said()).toBe('[evil\x03]<interrupt>');
  });

  test('and when others had the terminal meanwhile', () => {
    const { keys, feed, said, clock } = open(createFakeClock());
    feed('\x1b[200~evil');
    keys.reset();
    feed('\x03');
    feed(paste('x'));
    keys.reset();
    feed('\r');
    clock.advance(PASTE_LIMIT_MS);
    expect(said()).toBe('[evil]<interrupt>[x]<enter>');
  });

  test('without brackets is a read with an Enter before its end, and what comes before a pause', () => {
    const { feed, said, clock } = open(createFakeClock());
    feed('\x15foo\r\n\t/quit\r');
    feed('/wipe\r');
    clock.advance(PASTE_PAUSE_MS);
    feed('typed\r');
    feed('\x1b\rx');
    feed('\x1b');
    feed('\ry');
    feed('y\x1b\rz\r');
    expect(said()).toBe('<unknown>[foo\n\t/quit\n/wipe\n]typed<enter><newline>x<newline>yy<newline>z<enter>');
    expect(read('\r\r')).toBe('[\n\n]');
    expect(read('a\x1b\rb\rc')).toMatch(/^\[a.*b\nc]$/);
  });

  test('of any length comes in pieces', () => {
    const text = '今😀ä x'.repeat(8000);
    expect(read(paste(text))).toBe(`[${text}]`);
    const { feed, chunks } = open(createFakeClock());
    feed(paste(text));
    expect(Math.max(...chunks.map(({ length }) => length))).toBeLessThanOrEqual(PIECE);
  });
});

test('however the bytes are split, the keys are the same', () => {
  const piece = fc.oneof(
    fc.constantFrom(...SEQUENCES.map(([sequence]) => sequence)),
    fc.string({ unit: 'binary' }).map((text) => text.replaceAll(/[\x00-\x1f\x7f]/g, '')),
    fc.string({ unit: 'binary' }).map((text) => `\x1b[200~${text.replaceAll('\x1b', '')}\x1b[201~`),
  );
  fc.assert(
    fc.property(
      fc.array(piece, { maxLength: 12 }),
      fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1 }),
      (pieces, steps) => {
        // Where an Enter is in what was read says what it is, on purpose.
        const all = Buffer.from(pieces.join('').replaceAll('\r', '\n'));
        const parts: Uint8Array[] = [];
        for (let at = 0, i = 0; at < all.length; i++) {
          const step = steps[i % steps.length] ?? 1;
          parts.push(all.subarray(at, at + step));
          at += step;
        }
        expect(read(...parts)).toBe(read(all));
      },
    ),
  );
});
