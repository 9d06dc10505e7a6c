/**
 * Numbers that somebody meets before there is a session: what flags, prompts and sentences name of the protocol. A start reads
 * this before anything else: nothing may be imported or computed in this file.
 */

/** Longest display name, bytes of UTF-8 (protocol.md section 4). */
export const NAME_LIMIT = 64;
/** Longest message, bytes of UTF-8 (section 6). */
export const MESSAGE_LIMIT = 64 * 1024;
/** Without a connection to the peer for so long the session is given up (section 7), where nobody wants it otherwise, milliseconds. */
export const RESUME_TIMEOUT = 600_000;
/** Lowest port of a direct path (section 8a). */
export const LOWEST_PORT = 1024;
