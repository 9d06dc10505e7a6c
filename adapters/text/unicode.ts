/**
 * Classes of code points that the sanitiser asks about: compact tables and the look-up, nothing else. No text and no rule
 * about text may be in this file. The tables are Unicode 17.0, made by test/support/unicode-ranges.ts and checked by
 * test/adapters/text/unicode.test.ts against the running Node; a code point that a later Unicode assigns stays hidden until then.
 */

/** The version of the tables. */
export const UNICODE_VERSION = '17.0';

/** Control, format, surrogate, private use, unassigned, separators, and everything that is invisible by default. */
const HIDDEN = [
  '0,v 2o,w e iq 15,1 7,3 8 2 l b2 13,1 1f,1 4 1k,7 s,3 7,g n 5d 1d,1 1o,1 2u,d 1o,1 1e,1 g t,1 2 c,4 x,6 24 4i 9,1',
  '3,1 n 8 2,2 5,1 a,1 3,1 5,7 2,3 3 6,1 q,1 4 7,3 3,1 n 8 3 3 3,1 2 6,3 3,1 4,2 2,6 5 2,6 i,9 4 a 4 n 8 3 6,1 b 4',
  '4,1 2,e 5,1 d,6 8 4 9,1 3,1 n 8 3 6,1 a,1 3,1 4,6 4,3 3 6,1 j,9 3 7,2 4 5,2 3 2 3,2 3,2 4,2 d,3 6,2 4 5,1 2,5',
  '2,d m,4 e 4 o h,1 a 4 5,6 3 4 3,1 5,1 b,6 n 4 o b 6,1 a 4 5,6 3,4 4 5,1 b 4,b e 4 1g 4 7,3 h,1 r 4 j,2 p a 2,1',
  '8,2 2,3 7 2 9,5 b,1 4,b 1n,3 u,10 3 2 6 p 2 o,1 6 2 8 b,1 5,v 21 11,3 14 11 g e,10 5j 2,4 2,1 40,1 6h 5,1 8 2',
  '5,1 16 5,1 y 5,1 8 2 5,1 g 1m 5,1 1w,1 x,2 r,5 2f,1 7,1 im,2 2i,6 n,8 p,8 l,b e 4 3,b 1h,1 15,1 b,5 b,5 c,4 b,5',
  '2i,6 18,4 1z,9 w d,3 d,3 2,2 17,1 6,a 19,3 r,5 c,2 1r,1 1u u,1 c,5 b,5 f,1 1b,1 d,j 26 4n,7 1p,2 g,2 1r,4 18,1',
  'c,7 18,4 ev,1 7,1 13,1 7,1 9 2 2 2 w,1 1i g f,1 7 k,1 4 a c,4 p,6 1e,f 3,1 s e,2 z,d y,e 3x,3 ij,l c,k 1ed,1',
  'an,4 1a 2,4 2,1 1l,6 3,d p,8 8 8 8 8 8 8 8 8 3j,x r 2i,b 5z,p 29 2f,1 2w,4 18 1g 17 2f,8 1d mlq,2 1k,8 9p,j 55,7',
  '66,j 1p,2 b,5 1l,7 1z,7 d,5 39,a v,2 27 c,3 y 1k,8 f,1 b,1 2w,n t,9 7,1 7,1 7,8 8 8 1p,3 3j,1 b,5 8md,b o,3',
  '1e,6ir a7,1 2z,11 8,b 6,4 r 6 2 3 3 i3,v h,f b,5 1g k 5,3 6 3s,3 4g v,2 7,1 7,1 7,1 4,2 8 8,c 3,1 d r k 3 g,1',
  'f,x 3g,4 4,3 1a,2 2h e,2 2,1a 1b,3l u,2 1e,e t,3 11,8 v,4 18,4 v 12,3 f,15 4f,1 b,5 11,3 11,3 15,7 1h,a d g 8 3',
  'c g 8 3,2 1h,b 8o,8 n,9 9,n 7 17 a,1w 7,1 2 19 3,2 2,1 o 21,7 a,1b k 3,4 y,2 s,4 s,11 1l,3 l,1 1f 3,4 9 4 u,1',
  '4,3 b,6 a,6 1t,v 14,3 d,8 1j,2 u,1 s,4 r,6 5,b 8,27 22,1i 1g,c 1g,6 1b,7 b,5 13,2 u,7 3,5r w 17 4,1 3,f 7,7 a,w',
  '1b,7 17,l r,11 t,j o,8 27,3 11,8 1r 6,c q,6 b,5 1i j,7 14,8 2p l,a j 1c,1p 8 2 5 g c,5 1o,4 b,5 5 9,1 3,1 n 8 3',
  '6 b,1 3,1 4,1 2,5 2,4 8,1 8,2 6,a b 2,1 2 13 b 2,1 2 5 b 3,7 3,s 2l 6,t 21,7 b,4l 1j,1 13,x 1y,a b,5 e,i 1n,5',
  'b,5 l,r s,1 g,3 o,54 1p,2r 2c,b 9,1 2,1 9 3 v 3,1 d,8 b,1x 9,1 1b,1 c,q 21,7 2c,c 22,6 b,2d 9,2f z,d b,5 a 1a',
  'f,9 u,2 x,1 n f,20 8 3 19,2 2 3 a,7 b,5 7 3 12 3 7,6 b,5 19,3 b,6t q,6 i 16,2 u,2c 2,e 1f,c po,2t 34 6,a 5h,217',
  '2s,c tt,f n,9 330,4 g8,5a0 1n,1c5 fu,6 w b,3 2a b,5 v,1 7,9 1z,9 b 8 m,4 k,bz 1n,5h 2k,4 q,1 q,17 24,3 1m,6 i,1r',
  '6,a 8,8 5p3,14 x,2o 38,6po 5 8 3 84,e 2,s 4,1 2,d 5,7 b1,1s3 30,4 e,2 a,6 b,1 5,31b 72,2 c5,5 o,e i,e 1b,1 o,8',
  '39,1n 6v,9 14,1 23,7 35,k 1z,3d l,b l,b 2g,8 q,3q 2e 20 3,1 2,1 3,1 5 d 2 8 1u 5,1 9 8 t 5 6 2,2 8 9h,1 85,1',
  'jj,e 6 g,un w,5 7,5w 8 i,1 8 3 6,4 1r,w 2,33 1a,2 f,1 b,3 3,8v w,g 1n,4 2,cv 17,5x 18,3 2,5b w n,7 3,67 8 5 3 g',
  '5i,1 h,14 25,3 b,3 3,ls 1x,23 1q,5d 5 s 3 2,1 2 b 5 2 2,5 2,3 2 2 2 4 3 2,1 2 2 2 2 2 3 2,1 5 8 5 5 2 b i,4 4 6',
  'i,1f 3,7h 19,3 2t,b g,1 g g 12,9 4v,1j u,c 19,3 a,6 3,d 7,49 re,2 i,2 e,2 63,5 d,3 2,e d,3 1l,7 b,5 15,7 v,1 d,3',
  '3,d a,12 9l,7 f,1 e,2 c,2 1m 2,3 h,1 d,3 b,6 44 2w,sk wyp,v 3dr,1 4gf,1 5rm,e hb,1wh f3,15t 3t8,4 6jv,jdl1',
];

/** Combining marks, emoji modifiers, half-width voicing marks: what attaches itself to the character before it. */
const EXTENDING = [
  'lc,26 2,v 7o,6 7c,18 2 2,1 2,1 2 21,a 1d,k h 2u,6 3,5 3,1 2,3 10 v,q 2k,a 1n,8 a p,3 2,8 2,2 2,4 18,2 1o,8 17,n',
  '2,w 1j,2 2,h 2,6 b,1 u,2 1l 2,6 3,1 3,2 a b,1 r 3,2 1l 2,4 5,1 3,2 4 v,1 4 c,2 1l 2,7 2,2 2,2 l,1 n,5 2,2 1l 2,6',
  '3,1 3,2 8,2 b,1 v 1o,4 4,2 2,3 a 15,4 1k 2,6 2,2 2,3 8,1 c,1 u,2 1l 2,6 2,2 2,3 8,1 c,1 g d,3 1k,1 2,6 2,2 2,3 a',
  'b,1 u,2 1z 5,5 2 2,7 j,1 1q 3,6 d,7 2r 3,8 c,6 22,1 s 2 2 5,1 1e,j 2,1 6,a 2,z a 2t,j o,3 5,2 2,2 3,6 4,3 e,b 2',
  'b,3 jk,2 qb,3 t,2 u,1 v,1 1v,t a 4o,1 z 3b,b 5,b 64,4 1m,9 2,s 3 1d,19 3,b l,4 1c,g 13,8 d,2 v,c 1l,d 1d,j 49,2',
  '2,k 5 7 3,2 5j,1r k1,w 2db,2 3y 2p,v ff,5 2y,1 n9x,3 2,9 x,1 29,1 7l 4 5 o,4 5 2c,1 1f,h r,h e 13,7 q,c 19,3',
  '1c,d 11 1w,d d 9,1 1a,2 1f 2,2 3,1 6,1 2 16,4 6,1 6l,7 2,1 fn5 le,f a7,1 gu 6b 46,4 1af,2 2,1 6,3 15,2 5 4m,1',
  'fy,3 1u,4 8u,1 26,5 1z,a 1e,3 3f,2 1i,e 16 3,1 b,3 1a,a 8 1q,2 11,d h,1 19 d,2 1d,d 9,3 2,1 2l,b 7 3 4e,b m,3',
  '1k,1 2,6 3,1 3,2 a b,1 3,6 4,4 1w,8 2 3 2,3 2,4 2 f,1 2b,h o 2a,j 6k,6 3,8 s,1 2b,g 2z,c 2u,e 75,e 6u,5 2,1 3,3',
  '2 2,1 3y,6 3,6 4 t,9 15,6 2,3 9 a,a 1b,f 5j,7 5k,7 2,7 2b,l 2,d 3f,5 4 2,1 2,6 2 1v,4 2,1 2,4 9o,3 a,1 2 1d,6',
  '4,4 o 44m 7,e 8uh,h 1xd,4 1o,6 t5 2,1i 8,3 2a c,1 f58,1 3mq,19 3,m f3,4 4,5 9,7 3,6 v,3 45,2 1j0,1i 5,1d 9 f n,4',
  '2,e 11t,6 2,g 3,6 2,1 2,4 2t 4h,6 ag 1q,3 e5,3 73,1 6s 3 8,1 6 d7,6 32,6 241,4',
];

/** What emoji sequences are made of. */
const PICTOGRAPH = [
  '4p 5 68e d 61 n 2j,5 g,1 a8,1 d 4n q,a 5,2 5k 6g,1 b a 1n,3 2,4 a 3 3,1 3 5 3 2,1 3 4 4,1 9,2 6 2 6,b c,1 3 2,1',
  '2 j 3,1 j,5 2 2,1 4,1 6 3,1 5,1 c,1 6,1 3 6,1 2 2,1 l,1 6,5 2,3 3 5 3 3,5 2 3 2 2 7 4 7 b,1 g 3 5 2 5,2 2 c,1',
  '1d,2 a f f ad,1 cw,2 k,1 1g 5 yj d gq 2 2fzf 5n 4h,1 d,1 f 3,9 2v,1 o l 3,8 m,1 4v,x 3,33 3,1 2,2 3,2a 3,2 2,3',
  '6,71 2,1q c,5 2,n 8,1 3,7 d 3,3 3 5,1 e,1 3 9,1 a 6,2 d,2 9,2 3 2 5 7 4 7,2d 1d,1x 6,7 3,3 4,9 4 2,1 4 3,9 6c,b',
  '5 7w,1a 2,9 2,54 35,c 4,a 4,1k 2 5,f 3,b 5,9',
];

/** Letters of the Arabic block (U+0600 to U+06FF) that join to both sides, and those that join to the one before only. */
const DUAL_JOINING = '17k 6 2 2,4 5,c 2,6 2,1 10,1 9,f j,11 2,1 a 2 2,1 15,2 3';
const RIGHT_JOINING = '17m,3 2 2 6,3 m 15,2 2,2 h,h 13 3,8 2 2 3,1 2 p,1';

/** Viramas of the scripts in which a joiner after one chooses the shape (Devanagari to Sinhala). */
const VIRAMA = '1u5 3k 3k 3k 3k 3k 3k 3k 3k 3h';

type Lookup = (point: number) => boolean;

/** A table as sorted starts and ends, unpacked at the first question. */
function lookup(packed: string | readonly string[]): Lookup {
  let starts: Uint32Array | undefined;
  let ends = new Uint32Array(0);

  function unpack(): Uint32Array {
    const ranges = (typeof packed === 'string' ? packed : packed.join(' ')).split(' ');
    const first = new Uint32Array(ranges.length);
    ends = new Uint32Array(ranges.length);
    let last = 0;
    for (const [i, range] of ranges.entries()) {
      const [step = '', more = '0'] = range.split(',');
      first[i] = last + Number.parseInt(step, 36);
      last = (first[i] ?? 0) + Number.parseInt(more, 36);
      ends[i] = last;
    }
    return first;
  }

  return (point) => {
    starts ??= unpack();
    let low = 0;
    let high = starts.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((starts[middle] ?? 0) <= point) low = middle + 1;
      else high = middle;
    }
    return low > 0 && point <= (ends[low - 1] ?? -1);
  };
}

/** Invisible, or an order to the terminal, or meaningless: never drawn as it is. */
export const isHidden: Lookup = lookup(HIDDEN);
/** Attaches itself to the character before it. Disjoint from `isHidden`. */
export const isExtending: Lookup = lookup(EXTENDING);
export const isPictograph: Lookup = lookup(PICTOGRAPH);
export const isDualJoining: Lookup = lookup(DUAL_JOINING);
export const isRightJoining: Lookup = lookup(RIGHT_JOINING);
export const isVirama: Lookup = lookup(VIRAMA);

export function isEmojiModifier(point: number): boolean {
  return point >= 0x1f3fb && point <= 0x1f3ff;
}

/** Conjoining Hangul: what a code point is within a syllable; `whole` is a precomposed syllable. */
export function hangulPart(point: number): 'lead' | 'vowel' | 'tail' | 'whole' | undefined {
  const within = (from: number, to: number): boolean => point >= from && point <= to;
  if (point < 0x1100 || point > 0xd7fb) return undefined;
  if (within(0xac00, 0xd7a3)) return 'whole';
  if (within(0x1100, 0x115f) || within(0xa960, 0xa97c)) return 'lead';
  if (within(0x1160, 0x11a7) || within(0xd7b0, 0xd7c6)) return 'vowel';
  if (within(0x11a8, 0x11ff) || within(0xd7cb, 0xd7fb)) return 'tail';
  return undefined;
}
