/**
 * How the peer is called in a row of the chat. A name comes from outside and must not be able to pass for this side, for
 * the program, or for the gap before the text; that is decided here and nowhere else.
 */
import { ascii, concat, plainBuffer, plainCopy } from '../../core/protocol/bytes.js';
import type { Sanitize } from '../../plugins/kit/define.js';
import { UI_WORDS } from '../words/line.js';
import { pointAt, putPoint } from './utf8.js';

/** Characters of a name that are shown. */
export const NAME_SHOWN = 32;

/**
 * Words that stand for somebody else than the peer: a name that has one, or looks as if it had, is put in brackets behind
 * `peer`; so is a name without any letter or digit.
 */
const RESERVED = ['me', 'you', 'notice', 'relay', 'server', 'system', UI_WORDS.program, UI_WORDS.peer];
const PEER = ascii(UI_WORDS.peer);

/** One line of at most NAME_SHOWN characters without double, leading or trailing spaces; `peer` when nothing is left. */
export function shownName(name: Uint8Array, sanitize: Sanitize): Uint8Array {
  const safe = sanitize(name);
  const spaced = singleSpaced(safe);
  // Without its space a mark may stand first now.
  const again = sanitize(spaced);
  const cut = plainCopy(again.subarray(0, cutAt(again)));
  for (const used of [safe, spaced, again]) used.fill(0);
  if (cut.length === 0) return plainCopy(PEER);
  if (!claimsAnother(cut)) return cut;
  const bracketed = concat(PEER, ascii(' ('), cut, ascii(')'));
  cut.fill(0);
  return bracketed;
}

/** Every run of blanks as one space, none at either end. */
function singleSpaced(text: Uint8Array): Uint8Array {
  const out = plainBuffer(text.length);
  let at = 0;
  let gap = false;
  for (let i = 0; i < text.length; ) {
    const packed = pointAt(text, i);
    i += packed & 7;
    if (isBlank(packed >> 3)) {
      gap = at > 0;
      continue;
    }
    if (gap) out[at++] = 0x20;
    gap = false;
    at = putPoint(out, at, packed >> 3);
  }
  const result = plainCopy(out.subarray(0, at));
  out.fill(0);
  return result;
}

/** Unicode's space separators and the blank Braille pattern. */
function isBlank(point: number): boolean {
  if (point === 0x20 || point === 0xa0 || point === 0x1680 || point === 0x2800 || point === 0x3000) return true;
  return (point >= 0x2000 && point <= 0x200a) || point === 0x202f || point === 0x205f;
}

/** The index after the last character that is shown. A joiner or a space is not left hanging there. */
function cutAt(text: Uint8Array): number {
  let at = 0;
  let end = 0;
  for (let count = 0; at < text.length && count < NAME_SHOWN; count++) {
    const packed = pointAt(text, at);
    const point = packed >> 3;
    at += packed & 7;
    if (point !== 0x200c && point !== 0x200d && point !== 0x20) end = at;
  }
  return end;
}

/** Signs that pass for letters in these words. */
const LOOKALIKES: Readonly<Record<string, string>> = { 0: 'o', 1: 'i', 3: 'e', 5: 's', 7: 't', l: 'i', '|': 'i' };
/** Letters of two scripts that pass for one of ours; the other letters of these scripts pass for none. */
const ALIKE = new Map(
  [
    ...'аa вb гr еe зe иu іi јj кk мm нh оo пn рp сc тt уy хx чy шw ѕs єe'.split(' '),
    ...'αa βb γy εe ηn ιi κk μu νv οo ρp σo ςs ϲc τt υu χx ωw'.split(' '),
    ...'Αa Βb Εe Ζz Ηh Ιi Κk Μm Νn Οo Ρp Ϲc Σe Τt Υy Χx'.split(' '),
  ].map(([other = '', ours = '']) => [other, ours] as const),
);
/** Scripts of which no letter passes for a Latin one. */
const SCRIPTS = ['Han', 'Hira', 'Kana', 'Hang', 'Arab', 'Hebr', 'Thai', 'Deva', 'Beng', 'Taml'];
const APART = new RegExp(`[${SCRIPTS.map((name) => `\\p{scx=${name}}`).join('')}]`, 'u');
/** A letter that may look like any of ours, … */
const ANY = '?';
/** … and one that looks like none. */
const OTHER = '=';

const SKELETONS = RESERVED.map((word) => Array.from(word, plain));

function claimsAnother(name: Uint8Array): boolean {
  /** Single letters: the name as a whole becomes no JavaScript string. */
  const word: string[] = [];
  let claims = false;
  let anonymous = true;
  const ends = (): void => {
    claims ||= SKELETONS.some((reserved) => passesFor(word, reserved));
    word.length = 0;
  };
  for (let at = 0; at < name.length; ) {
    const packed = pointAt(name, at);
    at += packed & 7;
    const read = lettersOf(String.fromCodePoint(packed >> 3));
    if (read === undefined) continue;
    if (read.length === 0) ends();
    else anonymous = false;
    word.push(...read);
  }
  ends();
  return claims || anonymous;
}

/** What a character may be read as; nothing for what stands between words, undefined for a mark on a letter. */
function lettersOf(character: string): readonly string[] | undefined {
  const decomposed = character.normalize('NFKD');
  const [base = '', ...more] = decomposed.toLowerCase();
  if (/\p{M}/u.test(base)) return undefined;
  if (base < '\x7f') return [base, ...more].map(plain).filter((letter) => /[a-z\d]/.test(letter));
  // A capital may look like another letter than the small one.
  const alike = ALIKE.get(character) ?? ALIKE.get(decomposed[0] ?? '') ?? ALIKE.get(base);
  if (alike !== undefined) return [plain(alike)];
  if (APART.test(base) || /[\u0370-\u045f]/.test(base)) return [OTHER];
  // A sign may be read as a letter, a picture not.
  return /[\p{L}\p{N}\p{S}]/u.test(base) && !/\p{Extended_Pictographic}/u.test(base) ? [ANY] : [];
}

function plain(letter: string): string {
  return LOOKALIKES[letter] ?? letter;
}

/** With `rn` read as m, too. */
function passesFor(word: readonly string[], reserved: readonly string[]): boolean {
  const read = word.flatMap((letter, i) => {
    if (letter === 'r' && word[i + 1] === 'n') return ['m'];
    return letter === 'n' && word[i - 1] === 'r' ? [] : [letter];
  });
  return [word, read].some(
    (letters) =>
      letters.length === reserved.length && letters.every((letter, i) => letter === ANY || letter === reserved[i]),
  );
}
