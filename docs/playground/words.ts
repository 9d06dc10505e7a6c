/** Every sentence of the playground but those of the program itself. No markup may be in this file. */
import type { Name, Packet } from './world.js';

/** Links to begin with: what to look at, and what the relay has done. */
export const STORIES = [
  {
    title: 'An honest relay',
    text: 'It sees who writes when, and how much, in steps of 1,280 bytes. Nothing else.',
    link: '#seed=lagoon&room=secret&do=p.sa-aGVsbG8.sb-aGk',
  },
  {
    title: 'A relay in the middle, and a code',
    text: 'It plays Bob to Alice and Alice to Bob, and has to guess. Both are told of each guess; the third uses the code up.',
    link: '#seed=lagoon&room=secret&middle&do=p.w60',
  },
  {
    title: 'A relay in the middle, and no code',
    text: 'Without a secret nothing but the words tells: compare those of Alice with those of Bob.',
    link: '#seed=lagoon&room=open&middle&do=p',
  },
  {
    title: 'What happens to those who do not compare',
    text: 'Both said that the words match. The relay reads everything.',
    link: '#seed=lagoon&room=open&middle&do=p.ya.yb.sa-dGhlIGtleSBpcyB1bmRlciB0aGUgbWF0.sb-dGhhbmtz',
  },
  {
    title: 'A frame that comes twice',
    text: 'The relay has sent the message once more. Bob trusts this connection no longer, makes a new one, and reads it once.',
    link: '#seed=lagoon&room=secret&do=p.sa-aGVsbG8.r7.w10',
  },
  {
    title: 'A frame that is changed',
    text: 'One bit is another one. Nothing of it is shown; the message comes over a new connection.',
    link: '#seed=lagoon&room=secret&do=p.h.sa-aGVsbG8.f7.p.w10',
  },
  {
    title: 'A connection that breaks',
    text: 'What Alice writes meanwhile waits, and arrives once.',
    link: '#seed=lagoon&room=secret&do=p.ca.sa-c3RpbGwgdGhlcmU_.w10',
  },
] as const;

export const STATES: Readonly<Record<string, string>> = {
  idle: 'not started',
  searching: 'looks for the peer',
  handshaking: 'agrees on keys',
  confirming: 'not verified: are the words the same?',
  active: 'end-to-end encrypted',
  reconnecting: 'connection lost, reconnecting',
  closing: 'says goodbye',
  destroyed: 'over, everything wiped',
};

export const NAMES: Readonly<Record<Name, string>> = {
  alice: 'Alice',
  bob: 'Bob',
  'fake-bob': '“Bob”',
  'fake-alice': '“Alice”',
};

export const FATES: Readonly<Record<Exclude<Packet['fate'], 'held'>, string>> = {
  delivered: 'passed on',
  dropped: 'lost',
  changed: 'changed and passed on',
};

/** What a frame is, by its first byte: all that a relay can tell. */
export const KINDS: Readonly<Record<number, string>> = {
  1: 'handshake, first message',
  2: 'handshake, second message',
  3: 'handshake, third message',
  4: 'handshake, last message',
  5: 'resume, first message',
  6: 'resume, second message',
  16: 'frame',
};

export const WORDS = {
  title: 'You are the relay',
  lead: 'Two people talk through you. They run the real protocol; you hold every frame in your hands. Read it, lose it, change it, send it again, in any order. What you have done is in the address of this page: the same link shows the same world.',
  stories: 'Begin with one of these',
  seed: 'Seed',
  room: 'Room',
  secret: 'with a code that both have typed',
  open: 'without a secret',
  middle: 'Sit in the middle: play Bob to Alice and Alice to Bob',
  again: 'Start again',
  undo: 'Undo',
  copy: 'Copy link',
  copied: 'Link copied.',
  relay: 'The relay: you',
  pass: 'Pass on what comes',
  hold: 'Hold what comes',
  clock: (seconds: number) => `${seconds.toLocaleString('en')} s since the beginning`,
  wait: { 1: 'Wait 1 s', 10: 'Wait 10 s', 60: 'Wait 1 min' },
  held: 'In your hands',
  none: 'Nothing.',
  before: 'What you have seen',
  reads: 'What you have read',
  deliver: 'Pass on',
  drop: 'Lose',
  flip: 'Change one bit',
  replay: 'Send again',
  words: 'Safety words: ',
  match: 'They match',
  differ: 'They do not match',
  message: (name: string) => `${name} writes`,
  send: 'Send',
  quit: 'Leave',
  cut: 'Break the connection',
  notConnected: 'no connection to the relay',
  badLink: 'This link is no link of the playground. Here is a new world.',
  impossible: 'That cannot be done now.',
  noScript: 'The playground is a program: it needs JavaScript.',
} as const;
