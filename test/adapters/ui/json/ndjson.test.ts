/** JSON on bytes: the reader against JSON.stringify, the writer against JSON.parse, and what both refuse. */
import { MESSAGE_LIMIT } from '../../../../core/limits.js';
import { describe, expect, test } from 'vitest';
import { UI_WORDS } from '../../../../adapters/words/line.js';
import { COMMAND_LIMIT, DEPTH_LIMIT, readCommand } from '../../../../adapters/ui/json/ndjson.js';
import { writeEvent } from '../../../../adapters/ui/json/ndjson-event.js';
import { fc, runs } from '../../../support/chance.js';
import { bytes } from '../../../support/streams.js';

const WHY = UI_WORDS.malformed;

/** The command as plain data: text as a string. */
function read(line: string | Uint8Array): unknown {
  const command = readCommand(typeof line === 'string' ? bytes(line) : line);
  return command.do === 'send' ? { do: 'send', text: Buffer.from(command.text).toString('utf8') } : command;
}

const written = (event: string, fields: Parameters<typeof writeEvent>[1]): string =>
  Buffer.from(writeEvent(event, fields)).toString('utf8');

describe('commands', () => {
  test.each([
    ['{"do":"quit"}', { do: 'quit' }],
    ['{"do":"compare-again"}', { do: 'compare-again' }],
    [' \t{ "do" : "quit" } \r', { do: 'quit' }],
    ['{"do":"send","text":"hello"}', { do: 'send', text: 'hello' }],
    ['{"text":"","do":"send"}', { do: 'send', text: '' }],
    ['{"do":"confirm","match":true}', { do: 'confirm', match: true }],
    ['{"match":false,"do":"confirm"}', { do: 'confirm', match: false }],
    ['{"\\u0064o":"\\u0071uit"}', { do: 'quit' }],
    ['{"do":"quit","x":{"do":"send","y":[1,-2.5e+3,null,{"text":"no"}]},"z":"\\u0000"}', { do: 'quit' }],
    ['{"do":"quit","text":5}', { do: 'quit' }],
    ['{"do":"compare-again"}', { do: 'compare-again' }],
    ['{"do":"code","code":"482913-a"}', { do: 'code', code: bytes('482913-a') }],
    ['{"paths":["a","b c"],"do":"offer"}', { do: 'offer', paths: [bytes('a'), bytes('b c')] }],
    ['{"do":"accept","id":3}', { do: 'accept', id: 3 }],
    ['{"do":"reject","id":0}', { do: 'reject', id: 0 }],
    ['{"do":"cancel","id":1e3}', { do: 'cancel', id: 1000 }],
    [
      '{"do":"send","text":"\\ud83d\\ude00 \\" \\\\ \\/ \\b\\f\\n\\r\\t \\u00e9"}',
      { do: 'send', text: '😀 " \\ / \b\f\n\r\t é' },
    ],
  ])('%s', (line, command) => {
    expect(read(line)).toEqual(command);
  });

  test.each([
    ['', WHY.notJson],
    ['hello', WHY.notJson],
    ['"quit"', WHY.notJson],
    ['[{"do":"quit"}]', WHY.notJson],
    ['{"do":"quit"', WHY.notJson],
    ['{"do":"quit"} x', WHY.notJson],
    ['{"do":"quit",}', WHY.notJson],
    ['{"do" "quit"}', WHY.notJson],
    ["{'do':'quit'}", WHY.notJson],
    ['{"do":"send","text":"a\tb"}', WHY.notJson],
    ['{"do":"send","text":"\\x"}', WHY.notJson],
    ['{"do":"send","text":"\\u12"}', WHY.notJson],
    ['{"do":"send","text":"\\u12g4"}', WHY.notJson],
    ['{"do":"send","text":"\\"}', WHY.notJson],
    ['{"do":"quit","x":01}', WHY.notJson],
    ['{"do":"quit","x":1.}', WHY.notJson],
    ['{"do":"quit","x":-}', WHY.notJson],
    ['{"do":"quit","x":tru}', WHY.notJson],
    ['{"do":"quit","x":[1,]}', WHY.notJson],
    ['{}', WHY.unknownDo],
    ['{"do":"code"}', WHY.noCode],
    ['{"do":"code","code":["a"]}', WHY.noCode],
    ['{"do":"offer"}', WHY.noPaths],
    ['{"do":"offer","paths":[]}', WHY.noPaths],
    ['{"do":"offer","paths":["a",1]}', WHY.noPaths],
    ['{"do":"offer","paths":["a",["b"]]}', WHY.noPaths],
    ['{"do":"accept"}', WHY.noId],
    ['{"do":"accept","id":-1}', WHY.noId],
    ['{"do":"accept","id":1.5}', WHY.noId],
    ['{"do":"cancel","id":"1"}', WHY.noId],
    [`{"do":"cancel","id":${'9'.repeat(400)}}`, WHY.noId],
    ['{"do":"quit","id":1,"id":1}', WHY.twice],
    ['{"do":"dance"}', WHY.unknownDo],
    ['{"do":1}', WHY.unknownDo],
    ['{"do":"send"}', WHY.noText],
    ['{"do":"send","text":5}', WHY.noText],
    ['{"do":"confirm"}', WHY.noMatch],
    ['{"do":"confirm","match":"true"}', WHY.noMatch],
    ['{"do":"quit","do":"send"}', WHY.twice],
    ['{"do":"send","text":"a","te\\u0078t":"b"}', WHY.twice],
    ['{"do":"send","text":"\\ud83d"}', WHY.surrogate],
    ['{"do":"send","text":"\\ude00\\ud83d"}', WHY.surrogate],
    ['{"do":"send","text":"\\ud83d\\u0041"}', WHY.surrogate],
    [Uint8Array.from([...bytes('{"do":"send","text":"'), 0xff, ...bytes('"}')]), WHY.notUtf8],
  ])('%s is malformed', (line, why) => {
    expect(read(line)).toEqual({ do: 'malformed', why });
  });

  test('nesting is bounded', () => {
    const nested = (depth: number): string => `{"do":"quit","x":${'['.repeat(depth)}${']'.repeat(depth)}}`;
    expect(read(nested(DEPTH_LIMIT - 1))).toEqual({ do: 'quit' });
    expect(read(nested(DEPTH_LIMIT))).toEqual({ do: 'malformed', why: WHY.tooDeep });
    expect(read(`{"x":${'{"x":'.repeat(100_000)}`)).toEqual({ do: 'malformed', why: WHY.tooDeep });
  });

  test('the longest text fits the line however it is escaped', () => {
    const line = `{"do":"send","text":"${'\\u0007'.repeat(MESSAGE_LIMIT)}"}`;
    expect(line.length).toBeLessThan(COMMAND_LIMIT);
    expect(read(line)).toEqual({ do: 'send', text: '\x07'.repeat(MESSAGE_LIMIT) });
  });

  test('reads what JSON.stringify writes', () => {
    const wellFormed = fc.string({ unit: 'binary', maxLength: 50 });
    fc.assert(
      fc.property(wellFormed, fc.jsonValue(), fc.boolean(), (text, other, escaped) => {
        const json = JSON.stringify({ other, do: 'send', text, z: [other] });
        const ascii = json.replaceAll(
          /[\u007f-\uffff]/g,
          (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
        );
        // fast-check's deepest values are far below the limit.
        expect(read(escaped ? ascii : json)).toEqual({ do: 'send', text });
      }),
      { numRuns: runs(200, 1_000) },
    );
  });

  test('takes exactly what JSON.parse takes, and throws for nothing', () => {
    const piece = fc.constantFrom(
      ...Array.from('{}[]",:\\ue0d1-+.tfn \t'),
      '"do"',
      ':"quit"',
      '"x":',
      'true',
      'null',
      '\\u0041',
      '1e5',
      '{"do":"quit"',
    );
    const line = fc.oneof(
      fc.array(piece, { maxLength: 20 }).map((pieces) => bytes(pieces.join(''))),
      fc.uint8Array(),
    );
    fc.assert(
      fc.property(line, (input) => {
        const command = readCommand(input);
        if (command.do === 'malformed' && command.why !== WHY.notJson) return;
        expect(command.do === 'malformed').toBe(!isJsonObject(input));
      }),
      { numRuns: runs(500, 5_000) },
    );
  });
});

function isJsonObject(input: Uint8Array): boolean {
  try {
    const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(input));
    return typeof value === 'object' && value !== null && !Array.isArray(value);
  } catch {
    return false;
  }
}

describe('events', () => {
  test('every kind of value', () => {
    const line = written('x', { a: bytes('é"\\'), b: 'text', c: 5, d: true, e: ['one', 'two'], f: [] });
    expect(line).toBe('{"v":1,"event":"x","a":"é\\"\\\\","b":"text","c":5,"d":true,"e":["one","two"],"f":[]}\n');
  });

  test('what a terminal could obey or hide is escaped', () => {
    expect(written('x', { a: bytes('\x1b\x7f\u0085\u202e\u2028\u200d\ue000\u{e0069}\n') })).toBe(
      '{"v":1,"event":"x","a":"\\u001b\\u007f\\u0085\\u202e\\u2028\\u200d\\ue000\\udb40\\udc69\\u000a"}\n',
    );
  });

  test('ill-formed UTF-8 becomes U+FFFD', () => {
    expect(written('x', { a: Uint8Array.from([0x61, 0xff, 0xc2]) })).toBe('{"v":1,"event":"x","a":"a\ufffd\ufffd"}\n');
  });

  test('JSON.parse gives back the very text, and the line holds no control character', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 100 }), fc.string(), (text, word) => {
        const line = written('message', { text: bytes(text), word, id: 3 });
        expect(JSON.parse(line)).toEqual({ v: 1, event: 'message', text, word, id: 3 });
        expect(line.slice(0, -1)).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}]/u);
        expect(line.endsWith('}\n')).toBe(true);
      }),
      { numRuns: runs(200, 1_000) },
    );
  });

  test('what was written can be read back', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (raw) => {
        const line = written('x', { do: 'send', text: raw });
        expect(read(line)).toEqual({ do: 'send', text: new TextDecoder('utf-8', { ignoreBOM: true }).decode(raw) });
      }),
    );
  });
});
