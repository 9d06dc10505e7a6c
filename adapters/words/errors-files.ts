/**
 * Sentences about files and pipes: SC-340 to SC-359. Names may be passed to them, no text of a person, no room code and no
 * key.
 */
import { COMMAND } from './command.js';
import { always, given, type Message } from './message.js';

const one = (count: string | number | undefined): boolean => count === 1 || count === undefined;

export const files = () =>
  ({
    'SC-335': {
      sentence: ({ count, name }) =>
        one(count)
          ? `Left out${given(' ', name)}: that name is taken here.`
          : `Left out ${String(count)} files and folders whose names are taken here${given(': ', name, ' and others')}.`,
      cause: 'Something had that name in the folder, and you chose to skip such files and folders.',
      remedy: '',
    },
    'SC-336': {
      sentence: ({ count, name }) =>
        one(count)
          ? `Saved under another name${given(': ', name)}.`
          : `Saved ${String(count)} files and folders under other names${given(': ', name, ' and others')}.`,
      cause: 'The name was taken, or held characters that deceive on a screen.',
      remedy: '',
    },
    'SC-337': {
      sentence: always('Your peer took back an offer; nothing was accepted.'),
      cause: 'You accepted without a number after an offer was taken back: another one may have stood in its place.',
      remedy: 'Accept it by its number: /accept N.',
    },
    'SC-340': {
      sentence: always('This chat cannot read or write files.'),
      cause: 'A file was to be sent or received, and the program was not given a folder for that.',
      remedy: `Start it with --files, or use ${COMMAND} send and ${COMMAND} receive.`,
    },
    'SC-341': {
      sentence: always('Your peer offered files; this program takes none, and refused.'),
      cause: 'The peer offered files to a program that was not given a folder for them.',
      remedy: `To take files, start with --files, or use ${COMMAND} receive.`,
    },
    'SC-342': {
      sentence: always('Your peer refused the transfer.'),
      cause: 'The peer answered no to an offer, or its program takes no files.',
      remedy: 'Ask your peer, and offer it again.',
    },
    'SC-343': {
      sentence: always('You canceled the transfer.'),
      cause: 'A transfer was canceled on this side, or this side left.',
      remedy: 'Offer or start it again if you want it after all.',
    },
    'SC-344': {
      sentence: always('Your peer canceled the transfer.'),
      cause: 'The peer canceled a transfer, or what reads its output is gone.',
      remedy: 'Ask your peer, and start it again.',
    },
    'SC-345': {
      sentence: always('Your peer could not write what it received.'),
      cause: 'The disk of the peer is full, or its destination cannot be written.',
      remedy: 'Ask your peer to make room or to choose another folder.',
    },
    'SC-346': {
      sentence: ({ name }) => `A file changed while it was sent${given(': ', name)}.`,
      cause: 'A file grew, shrank or vanished between the offer and its last byte.',
      remedy: 'Send it again when nothing writes to it.',
    },
    'SC-347': {
      sentence: ({ name }) => `The checksum of a file does not match${given(': ', name)}.`,
      cause: 'The SHA-256 that the sender computed is not that of what was written.',
      remedy: 'Send it again; if it happens again, check the disks of both machines.',
    },
    'SC-348': {
      sentence: ({ why }) => `The transfer is not what was offered${given(' (', why, ')')}.`,
      cause: 'The peer declared other names, entries or bytes than it sent.',
      remedy: 'Keep nothing of it, and ask your peer which program it uses.',
    },
    'SC-349': {
      sentence: ({ why }) => `The stream was truncated${given(': ', why)}.`,
      cause: 'A stream ended before its last byte: the peer stopped, left or was lost.',
      remedy: 'What came is incomplete: start it again.',
    },
    'SC-350': {
      sentence: ({ name, why }) =>
        `Cannot read ${name === undefined ? 'a file' : `"${String(name)}"`}${given(' (', why, ')')}.`,
      cause: 'A file to be sent is not there, cannot be read, or this program has no right to it.',
      remedy: 'Check the path; a chat reads only what is in the folder of --files.',
    },
    'SC-351': {
      sentence: ({ name, why }) =>
        `Cannot write ${name === undefined ? 'the files' : `"${String(name)}"`}${given(' (', why, ')')}.`,
      cause: 'The destination is full, cannot be written, or has that name already.',
      remedy: 'Make room or choose another folder, and transfer it again.',
    },
    'SC-352': {
      sentence: ({ count, name }) =>
        `Left out ${one(count) ? 'a link or special file' : `${String(count)} links and special files`}` +
        `${given(': ', name, one(count) ? '' : ' and others')}.`,
      cause: 'Only files and folders are sent; links, devices, sockets and named pipes are not.',
      remedy: '',
    },
    'SC-353': {
      sentence: always('You refused the transfer.'),
      cause: 'An offer of the peer was refused on this side.',
      remedy: '',
    },
    'SC-354': {
      sentence: ({ limit }) => `Too many transfers at once${given(' (', limit, ' at most)')}.`,
      cause: 'More transfers wait to be offered than may be open at once.',
      remedy: 'Wait for one to end, or cancel one.',
    },
    'SC-355': {
      sentence: always('Refused an offer with an unsafe name.'),
      cause: 'The peer offered a file under a name that no receiver takes: a path, a device, control characters.',
      remedy: 'Ask your peer to rename the file.',
    },
    'SC-356': {
      sentence: always('There is no such transfer, or it does not wait for that.'),
      cause: 'A number was given that no offer or transfer has, or there is no offer to answer.',
      remedy: 'The number of a transfer stands in the line that announced it.',
    },
    'SC-357': {
      sentence: always('The session ended before the transfer did.'),
      cause: 'The peer left or was lost while a transfer was on its way.',
      remedy: 'Transfer it again in a new session.',
    },
    'SC-358': {
      sentence: always('Your peer does not take a pipe.'),
      cause: 'The peer runs a chat, or sends or receives files, while this side runs securechat pipe.',
      remedy: 'Run securechat pipe on both sides.',
    },
    'SC-359': {
      sentence: ({ count, name }) =>
        `Changed ${one(count) ? 'a name' : `${String(count)} names`} that your peer could not store` +
        `${given(': ', name, one(count) ? '' : ' and others')}.`,
      cause: 'A file to be sent has a name that a receiver refuses: control characters, a colon, a device of Windows.',
      remedy: '',
    },
  }) as const satisfies Readonly<Record<string, Message>>;
