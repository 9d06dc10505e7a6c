/**
 * Sentences of the program and its command line: SC-5xx. No text of a person, no part of a room code and no key may be
 * passed to them.
 */
import { COMMAND } from './command.js';
import { FLAG_WORDS } from './flags.js';
import { always, given, type Message } from './message.js';

/** What can be done about a file or a folder that the command line names. */
const PLACES: Readonly<Record<string, string>> = {
  file: 'Check its name, and that you may read it.',
  folder: 'Make the folder first, or name one that you may write to.',
};

export const program = () =>
  ({
    'SC-501': {
      sentence: ({ why, where }) => `Internal error${given(': ', why)}${given(' at ', where)}. Everything is wiped.`,
      cause: 'A defect in this program.',
      remedy: 'Please report this line.',
    },
    'SC-502': {
      sentence: ({ kind, name, known }) => `Unknown ${String(kind)} "${String(name)}". Available: ${String(known)}.`,
      cause: 'The name given with --transport, --crypto or --ui is not known.',
      remedy: 'Choose one of those.',
    },
    'SC-503': {
      sentence: ({ flag, why }) =>
        `${FLAG_WORDS.cannotUse(flag === undefined ? undefined : String(flag), String(why))}.`,
      cause: 'A flag, a value or an argument is wrong.',
      remedy: `See ${COMMAND} --help.`,
      hint: ({ about }) => PLACES[String(about)],
    },
    'SC-504': {
      sentence: ({ plugin, why }) => `Cannot use the plugin "${String(plugin)}": ${String(why)}.`,
      cause: 'A plugin is missing, malformed, made for another version, or clashes with another one.',
      remedy: 'Leave it out, or ask its author for another version.',
    },
    'SC-505': {
      sentence: ({ why }) => `Input or output failed${given(' (', why, ')')}.`,
      cause: 'The terminal was closed, a pipe broke, a disk is full, or a descriptor could not be read.',
      remedy: 'Check where the input comes from and where the output goes.',
    },
    'SC-506': {
      sentence: ({ kind, name, why }) =>
        `The ${kind === undefined ? 'adapter' : String(kind)}${given(' "', name, '"')} failed${given(': ', why)}. Everything is wiped.`,
      cause: 'A transport, crypto or UI broke its contract, or stopped with an error of its own.',
      remedy: 'Choose another one, and tell its author.',
    },
    'SC-507': {
      sentence: ({ plugin, version, path }) =>
        `Loaded the plugin${given(' ', plugin)}${given(' ', version)}${given(' from ', path)}; it can do anything this program can.`,
      cause: 'A plugin was named with --plugin.',
      remedy: '',
    },
    'SC-508': {
      sentence: always('Started without the launcher: nothing prevents this program from writing files.'),
      cause: 'Its file in dist/ was given to Node directly, or Node runs without its permission model.',
      remedy: `Start it as ${COMMAND}; ${COMMAND} doctor shows what is enforced.`,
    },
    'SC-509': {
      sentence: always('NODE_EXTRA_CA_CERTS is set: extra certificate authorities are trusted for the relay.'),
      cause:
        'The environment says so. Whoever holds such a certificate can pose as the relay; the chat stays closed to them.',
      remedy: 'Unset it if you do not know why it is there.',
    },
    'SC-510': {
      sentence: always('This chat stays in the terminal after it ends.'),
      cause: 'The line UI appends to the terminal, which keeps its lines.',
      remedy: 'Start with --wipe-scrollback, or with --ui rich.',
    },
    'SC-511': {
      sentence: ({ name }) =>
        `${name === undefined ? 'That' : `"${String(name)}"`} is the name of a command, not of a room.`,
      cause: 'A room name without a secret is the name of a command, of this or another version.',
      remedy: 'Put a command first on the command line; choose another name for a room.',
    },
    'SC-512': {
      sentence: ({ setting, why }) =>
        `Cannot use ${given('', setting) || 'a setting'} of the environment${given(': ', why)}.`,
      cause: 'A variable of the environment holds a value that its flag would not take.',
      remedy: 'Unset it or correct it; a flag on the command line wins.',
    },
    'SC-513': {
      sentence: always('Nobody reads the output, and 64 MiB of it are waiting.'),
      cause: 'What reads the output of this program has stopped, or is slower than the peer writes.',
      remedy: 'Read the output faster, or send it to a file.',
    },
    'SC-514': {
      sentence: ({ name }) => `There is no command${given(' "', name, '"')}.`,
      cause: 'A room name without a secret is close to the name of a command, and nobody said that it is a room.',
      remedy: `See ${COMMAND} --help; for a room of that name use --room.`,
      hint: ({ name, near }) =>
        near === undefined
          ? undefined
          : `Type ${COMMAND} ${String(near)}; for a room of that name --room ${String(name)}.`,
    },
    'SC-520': {
      sentence: always('The executable takes no plugins.'),
      cause:
        'A plugin was named with --plugin. The executable runs no code but its own, so that its checksum covers it all.',
      remedy: 'Install the npm package, which takes plugins.',
    },
  }) as const satisfies Partial<Record<string, Message>>;
