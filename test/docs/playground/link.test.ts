/** Links of the playground come from strangers: what is malformed is no world. */
import { expect, test } from 'vitest';
import { ACTIONS_LIMIT, parseLink, TEXT_LIMIT, WAIT_LIMIT } from '../../../docs/playground/link.js';
import { fc } from '../../support/chance.js';

const base64url = (text: string): string => Buffer.from(text).toString('base64url');

test.each([
  '',
  '#',
  '#seed=&room=open',
  '#seed=A&room=open',
  `#seed=${'a'.repeat(33)}&room=open`,
  '#seed=a&room=other',
  '#room=open',
  '#seed=a&room=open&do=z1',
  '#seed=a&room=open&do=p..p',
  '#seed=a&room=open&do=d0',
  '#seed=a&room=open&do=d1234567',
  `#seed=a&room=open&do=w${String(WAIT_LIMIT + 1)}`,
  '#seed=a&room=open&do=ce',
  '#seed=a&room=open&do=sa-',
  '#seed=a&room=open&do=sa-_w',
  `#seed=a&room=open&do=sa-${base64url('x'.repeat(TEXT_LIMIT + 1))}`,
  `#seed=a&room=open&do=${Array(ACTIONS_LIMIT + 1)
    .fill('p')
    .join('.')}`,
])('%.40s is none', (link) => {
  expect(parseLink(link)).toBeUndefined();
});

test('the longest that is allowed is one', () => {
  const text = 'x'.repeat(TEXT_LIMIT);
  expect(parseLink(`#seed=a&room=open&middle&do=sb-${base64url(text)}.w${String(WAIT_LIMIT)}`)).toEqual({
    settings: { seed: 'a', room: 'open', middle: true },
    actions: [
      { do: 'say', side: 'bob', text },
      { do: 'wait', seconds: WAIT_LIMIT },
    ],
  });
});

test('nothing throws', () => {
  fc.assert(fc.property(fc.string(), (text) => void parseLink(`#seed=a&room=open&do=${text}`)));
});
