/**
 * SIGUSR1 makes Node open a debugger, through which everything in memory can be read: with a listener of ours it does not.
 * Imported first by each program of a relay, before a library takes its time; no other signal may be in this file.
 */
process.on('SIGUSR1', () => undefined);
