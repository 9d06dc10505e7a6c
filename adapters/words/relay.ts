/**
 * Every sentence that a relay says to its operator, and what a person reads who looks at it with a browser. Nothing that
 * identifies a client may be in this file or be passed to it.
 */
export const RELAY_WORDS = {
  plainHttp: (kinds: readonly string[]) =>
    `This is a securechat relay: connect with securechat${kinds.includes('ws') ? '' : ' --transport socketio'}.\n`,
};
