/**
 * The words of the page, and the hints of errors where those of the program name its flags. No text of a person, no room
 * code and no key may be in this file or be passed to it.
 */
import type { Code } from '../../core/errors.js';
import { sizeOf } from './files.js';
import { clockOf, counted } from './line.js';

export const PAGE_WORDS = {
  title: 'securechat',
  noScript: 'This page is a program: it needs JavaScript.',
  status: {
    start: 'Not connected',
    idle: 'Starting',
    searching: 'Connecting to the relay',
    again: (attempt: number) => `Connecting to the relay (try ${String(attempt)})`,
    waiting: 'Waiting for your peer to join',
    handshaking: 'Your peer is here. Agreeing on keys',
    confirming: 'Not verified: compare the safety words',
    active: 'End-to-end encrypted',
    verified: 'End-to-end encrypted, safety words match',
    comparing: 'End-to-end encrypted, new safety words are on their way',
    reconnecting: (held: number) =>
      `Connection lost, reconnecting${held > 0 ? `; ${counted(held, 'message')} held` : ''}`,
    since: (seconds: number) => clockOf(seconds),
    closing: 'Saying goodbye',
    ended: 'Over',
  },
  roundTrip: (ms: number) => `${String(ms)} ms`,
  start: {
    lead: 'A private chat for two, encrypted end to end. Nothing to install, no account.',
    heading: 'Join a chat',
    invited: 'You are invited to a chat',
    code: 'Room code or link',
    example: '482913-tunnel-anchor-mango',
    fromLink: (room: string) => `Your link brought the code for room ${room}. Press Join to begin.`,
    noCode: 'No code yet? Make one and give it to the person you want to talk to.',
    otherCode: 'Use another code',
    relay: 'Relay',
    relayHint: 'wss://relay.example',
    name: 'Your name (optional)',
    options: 'Options',
    verify: 'Compare safety words before the first message',
    join: 'Join',
    make: 'Make a new code',
    noRelay: 'no relay is given',
    nameLong: (limit: number) => `Your name is longer than ${String(limit)} bytes.`,
  },
  trust: {
    heading: 'What this page can promise',
    points: [
      'Your messages are encrypted end to end. The relay cannot read them.',
      'Whoever serves this page is trusted: a changed page could read what you write.',
      'To be sure, get the file from "securechat page", compare its hash and open it from disk.',
      'A browser makes no promise about memory or disk. The page itself stores nothing.',
      'For anything that matters, use the program instead of the page.',
    ],
  },
  waiting: {
    heading: 'Waiting for your peer',
    invite: 'Invite your peer',
    tell: 'Tell your peer this code:',
    link: 'Or send this link over another channel:',
    onlyLink: 'Send your peer this link over another channel:',
    qr: 'The link as a QR code',
    relay: 'Relay: ',
    copy: 'Copy link',
    copied: 'Link copied.',
    notCopied: 'The browser did not copy it. Select the link and copy it yourself.',
    oneUse: 'For one person, once.',
    alone: (room: string) => `Nobody else is in room ${room} yet. Check that you both use the same code and relay.`,
    cancel: 'Cancel',
  },
  again: {
    heading: 'Type the code again',
    same: 'Leave it empty for the same code.',
    go: 'Try again',
  },
  words: {
    open: 'Safety words',
    heading: 'Safety words',
    read: 'Read these words aloud to each other. All four must be the same on both sides.',
    coming: 'New safety words are on their way. Earlier ones say nothing about now.',
    late: 'No new safety words came. Earlier ones say nothing about now.',
    none: 'No safety words yet: your peer has not joined.',
    match: 'They match',
    differ: 'They do not match',
    again: 'New words',
    close: 'Close',
    answered: 'You said that they match. Waiting for your peer.',
    verified: 'You compared them: they match.',
  },
  chat: {
    log: 'Conversation',
    message: 'Message',
    send: 'Send',
    files: 'Send files',
    leave: 'Leave',
    wipe: 'Wipe now',
    leaveKey: 'Alt+Shift+Q',
    wipeKey: 'Alt+Shift+W',
    me: 'me',
    newer: (count: number) => counted(count, 'new message'),
    whole: (count: number) => `Show ${counted(count, 'more character')}`,
    statuses: { held: 'held', sent: 'sent', delivered: 'delivered', failed: 'failed' },
    tooLong: (bytes: number) => `Message is ${counted(bytes, 'byte')} too long. Nothing was sent.`,
    held: 'Send queue full. Your text stays here: send it once you are reconnected.',
    notNow: 'You are leaving. This was not sent.',
    notYet: 'Compare the safety words first. Nothing was sent.',
    unknown: 'Unknown command. Nothing was sent. // sends a /.',
    pasted: 'Pasted text is never part of a command. Nothing was sent.',
    misused: 'Use /verify, /verify yes, no or again. Nothing was sent.',
    commands: 'Commands: /quit, /wipe, /verify, /clear. Enter sends, Shift+Enter starts a new line.',
    useButton: 'Use the button "Send files", or drop files here. Nothing was sent.',
    drop: 'Drop files to offer them',
    cleared: 'Messages wiped from this page.',
  },
  files: {
    list: 'Files',
    incoming: (count: number, bytes: number | undefined) =>
      `Your peer offers ${counted(count, 'file')}${bytes === undefined ? '' : `, ${sizeOf(bytes)}`}:`,
    outgoing: (count: number, bytes: number | undefined) =>
      `Offering ${counted(count, 'file')}${bytes === undefined ? '' : `, ${sizeOf(bytes)}`}:`,
    bound: (bytes: number) =>
      `This browser keeps a file in memory until you save it: at most ${sizeOf(bytes)} at a time.`,
    save: 'Save',
    decline: 'Decline',
    cancel: 'Cancel',
    progress: (bytes: number, total: number | undefined) =>
      total === undefined || total === 0
        ? sizeOf(bytes)
        : `${String(Math.min(100, Math.floor((bytes / total) * 100)))}% of ${sizeOf(total)}`,
    done: (bytes: number, sum: string) => `Complete: ${sizeOf(bytes)}, SHA-256 ${sum}`,
    kept: 'Save to disk',
    notChosen: 'No place chosen. The offer still waits.',
  },
  ended: {
    heading: 'The chat is over',
    again: 'Start again',
  },
  /** Why a link cannot be used here: clauses of SC-365. */
  cannot: {
    pin: 'it names a certificate, and a browser does not let a page check that',
    transport: 'it names a transport that a page does not have',
  },
} as const;

/** Where the hint of the program names a flag, a command or a path. Empty: there is nothing to be done. */
export const PAGE_HINTS: Readonly<Partial<Record<Code, string>>> = {
  'SC-101': 'Check that the relay is running and that its address is right.',
  'SC-104': 'Try again later, or use another relay.',
  'SC-105': 'Try again when it is back, or use another relay.',
  'SC-109': 'Use an address such as wss://relay.example.',
  'SC-110': 'Use wss://.',
  'SC-113': 'Ask whoever runs the relay for a certificate that browsers know.',
  'SC-114': 'Use a relay that takes WebSockets.',
  'SC-201': 'Reload the page, or use another browser.',
  'SC-308': 'Try again, or use another relay.',
  'SC-325': 'Wait, or check your network; the button "Leave" ends it.',
  'SC-333': 'To send files, ask your peer to start again without cover.',
  'SC-340': '',
  'SC-341': '',
  'SC-350': 'Choose the file again.',
  'SC-351': 'Make room, or choose another place, and transfer it again.',
  'SC-356': '',
  'SC-501': 'Please report this line.',
  'SC-503': '',
};
