/**
 * The errors of the program: stable codes and exit statuses. No sentence a person reads may be in this file
 * (they are all in adapters/words).
 */

/** Documented exit statuses of `securechat`. */
export const EXIT = {
  ok: 0,
  internal: 1,
  usage: 2,
  relay: 3,
  wrongCode: 4,
  lost: 5,
  violation: 6,
  truncated: 7,
  interrupted: 130,
} as const;

export type ExitStatus = (typeof EXIT)[keyof typeof EXIT];

/**
 * Every code with the exit status it has when it ends the program.
 * SC-1xx network, SC-2xx cryptography, SC-3xx session, SC-4xx security, SC-5xx internal.
 */
export const CODES = {
  'SC-101': EXIT.relay, // relay unreachable
  'SC-102': EXIT.relay, // relay answered bad-request
  'SC-103': EXIT.relay, // rate limited
  'SC-104': EXIT.relay, // relay busy
  'SC-105': EXIT.relay, // relay shutting down
  'SC-106': EXIT.relay, // relay speaks another control version
  'SC-107': EXIT.relay, // relay said something that is not in the protocol
  'SC-108': EXIT.relay, // relay closed the connection before a peer was there
  'SC-109': EXIT.usage, // relay address malformed
  'SC-110': EXIT.usage, // plain ws:// to a host that is not this machine
  'SC-111': EXIT.relay, // embedded relay could not be started
  'SC-112': EXIT.relay, // relay said too-large
  'SC-113': EXIT.relay, // TLS with the relay failed: its certificate, or no TLS at all
  'SC-114': EXIT.relay, // a relay of the other kind
  'SC-115': EXIT.relay, // the proxy cannot be reached
  'SC-116': EXIT.relay, // the proxy wants a user name and a password, or others
  'SC-117': EXIT.relay, // the proxy refuses to connect there
  'SC-118': EXIT.relay, // the proxy cannot reach the relay
  'SC-119': EXIT.relay, // what answers is no proxy of this kind
  'SC-120': EXIT.relay, // no Tor on this machine
  'SC-121': EXIT.relay, // Tor runs without a control port
  'SC-122': EXIT.relay, // no right to Tor's control port
  'SC-123': EXIT.relay, // Tor refused to make an onion service
  'SC-124': EXIT.ok, // the onion service has ended (notice)
  'SC-125': EXIT.violation, // the relay's certificate is not the one that the invitation names
  'SC-126': EXIT.ok, // where others reach the relay inside this program (notice)
  'SC-201': EXIT.internal, // crypto adapter did not start
  'SC-301': EXIT.usage, // room code malformed
  'SC-302': EXIT.usage, // a word of the code is not in the list
  'SC-303': EXIT.relay, // room full
  'SC-304': EXIT.lost, // peer lost, no goodbye
  'SC-305': EXIT.violation, // peer speaks another protocol version
  'SC-306': EXIT.lost, // ended with text that was not acknowledged
  'SC-307': EXIT.relay, // no peer came before the relay gave the room up
  'SC-308': EXIT.relay, // could not find a free nameplate
  'SC-309': EXIT.usage, // a message is too long
  'SC-310': EXIT.usage, // input ended before an answer that was needed
  'SC-311': EXIT.interrupted, // interrupted
  'SC-312': EXIT.usage, // not possible in this state
  'SC-313': EXIT.usage, // malformed command or line on the input
  'SC-314': EXIT.lost, // handshake did not finish in time (notice)
  'SC-315': EXIT.ok, // sending is held back to the allowed rate (notice)
  'SC-316': EXIT.ok, // the peer left, goodbye exchanged
  'SC-317': EXIT.ok, // this side left, goodbye exchanged
  'SC-318': EXIT.ok, // the room name is public, no secret (notice)
  'SC-319': EXIT.ok, // the code on the command line can be seen by others (notice)
  'SC-320': EXIT.ok, // a relay was started inside this process (notice)
  'SC-321': EXIT.ok, // the peer wants the safety words compared first (notice)
  'SC-322': EXIT.lost, // the peer's program stopped with an error
  'SC-323': EXIT.relay, // the handshake fails again and again before keys are compared (notice)
  'SC-324': EXIT.relay, // the peer's proof fails again and again after a reconnect (notice)
  'SC-325': EXIT.relay, // the line does not come back at once (notice)
  'SC-326': EXIT.ok, // nobody was at the terminal for the idle time, goodbye exchanged
  'SC-327': EXIT.ok, // enough is held while the line is down: no more input is taken (notice)
  'SC-328': EXIT.lost, // leaving waits for text that is not delivered (notice)
  'SC-329': EXIT.ok, // safety words of the present could not be compared in time: nothing is verified (notice)
  'SC-330': EXIT.wrongCode, // without a secret on one side the keys did not match (notice)
  'SC-331': EXIT.wrongCode, // no attempt is left in a visit: only the peer of before is waited for (notice)
  'SC-332': EXIT.ok, // cover is on, and what it costs (notice)
  'SC-333': EXIT.usage, // no files and no pipe go beside cover
  'SC-334': EXIT.wrongCode, // attempts used up without a proof of the code, code burnt
  'SC-335': EXIT.ok, // what has a name that is taken was left out, as the person wanted (notice)
  'SC-336': EXIT.ok, // what came has another name here (notice)
  'SC-337': EXIT.usage, // a yes without a number, after an offer was taken back (notice)
  'SC-338': EXIT.usage, // what the two were started for does not go together
  'SC-339': EXIT.wrongCode, // the peer left when it had seen the proof of the code (notice)
  'SC-340': EXIT.usage, // this program was not given a folder for files (notice)
  'SC-341': EXIT.ok, // the peer offered files, and this program takes none (notice)
  'SC-342': EXIT.truncated, // the peer refused what was offered
  'SC-343': EXIT.truncated, // a transfer was cancelled here
  'SC-344': EXIT.truncated, // a transfer was cancelled by the peer
  'SC-345': EXIT.truncated, // the peer could not write what it was sent
  'SC-346': EXIT.truncated, // a file changed while it was sent
  'SC-347': EXIT.truncated, // a checksum does not fit
  'SC-348': EXIT.violation, // what was sent is not what was offered
  'SC-349': EXIT.truncated, // a stream ended where it should not have
  'SC-350': EXIT.usage, // a file to be sent cannot be read
  'SC-351': EXIT.truncated, // a file cannot be written
  'SC-352': EXIT.ok, // links and special files are left out (notice)
  'SC-353': EXIT.ok, // an offer was refused here
  'SC-354': EXIT.usage, // too many transfers at once (notice)
  'SC-355': EXIT.violation, // an offer under a name that no file may have (notice)
  'SC-356': EXIT.usage, // no such transfer (notice)
  'SC-357': EXIT.truncated, // the session ended before a transfer did
  'SC-358': EXIT.usage, // the peer takes no pipe
  'SC-359': EXIT.ok, // names are sent with other characters (notice)
  'SC-360': EXIT.usage, // an option or an argument of the library cannot be used
  'SC-361': EXIT.usage, // too much of a program waits to be delivered
  'SC-362': EXIT.lost, // the session ended before the peer said that it has a message
  'SC-363': EXIT.internal, // a program does not read its messages
  'SC-365': EXIT.usage, // a link that a page cannot follow
  'SC-366': EXIT.ok, // the page came over a connection that is not encrypted (notice)
  'SC-367': EXIT.truncated, // a file is larger than a browser keeps in memory
  'SC-368': EXIT.ok, // the browser does not let the page run WebAssembly (notice)
  'SC-369': EXIT.internal, // the page is not beside the program
  'SC-370': EXIT.ok, // what a direct path shows, and to whom (notice)
  'SC-371': EXIT.relay, // this machine is in no local network
  'SC-372': EXIT.relay, // multicast cannot be heard here
  'SC-373': EXIT.ok, // what --lan shows, and to whom (notice)
  'SC-374': EXIT.usage, // the forwarded port of --direct-address cannot be listened on
  'SC-375': EXIT.ok, // the invitation names a public address without TLS (notice)
  'SC-376': EXIT.usage, // an invitation of --lan where the local network is not asked
  'SC-377': EXIT.usage, // safety words are due, and nobody can be asked
  'SC-378': EXIT.relay, // --web, and the relay serves no page
  'SC-401': EXIT.wrongCode, // wrong code, attempts used up, code burnt
  'SC-402': EXIT.wrongCode, // the code that was typed here is not the peer's (notice)
  'SC-403': EXIT.violation, // safety words did not match
  'SC-404': EXIT.violation, // the peer broke the protocol
  'SC-405': EXIT.violation, // frames are lost, reordered or forged on the way, again and again (notice)
  'SC-406': EXIT.violation, // the relay reflects this client to itself
  'SC-407': EXIT.violation, // the peer says that the words did not match
  'SC-408': EXIT.wrongCode, // the code that was typed here is not the peer's, and nobody can be asked
  'SC-409': EXIT.wrongCode, // somebody tried another code (notice)
  'SC-410': EXIT.violation, // the peer was replaced again and again before it was known
  'SC-501': EXIT.internal, // a defect in securechat
  'SC-502': EXIT.usage, // unknown adapter name
  'SC-503': EXIT.usage, // bad command line
  'SC-504': EXIT.usage, // a plugin could not be loaded
  'SC-505': EXIT.internal, // the input or output of the program failed
  'SC-506': EXIT.internal, // an adapter failed while it was used
  'SC-507': EXIT.ok, // a plugin was loaded (notice)
  'SC-508': EXIT.ok, // nothing enforces what this program may do: started without its launcher (notice)
  'SC-509': EXIT.ok, // certificates besides those of Node are trusted (notice)
  'SC-510': EXIT.ok, // what is said stays in the terminal (notice)
  'SC-511': EXIT.usage, // a command where a room is meant to be, or a room called like a command
  'SC-512': EXIT.usage, // a setting in the environment cannot be used
  'SC-513': EXIT.internal, // nobody reads the output of the program
  'SC-514': EXIT.usage, // a word that is like a command
  'SC-520': EXIT.usage, // the executable takes no plugins
} as const satisfies Record<string, ExitStatus>;

export type Code = keyof typeof CODES;

/** With what a transport may say more precisely why there is no connection. */
export const TRANSPORT_CODES = [
  ...(['SC-113', 'SC-114', 'SC-115', 'SC-116', 'SC-117', 'SC-118', 'SC-119', 'SC-125'] as const),
  ...(['SC-371', 'SC-372'] as const),
] as const;
export type TransportCode = (typeof TRANSPORT_CODES)[number];

/** Public facts that a sentence may need: never a secret, never message text. */
export type Detail = Readonly<Record<string, string | number>>;

/** What marks our errors, and which of them: the same in every copy of this module, and a plugin may bring one along. */
const KIND: unique symbol = Symbol.for('securechat.error');

/** The base of every error this program raises on purpose. `message` is the code: sentences are made elsewhere. */
export class SecurechatError extends Error {
  override readonly name: string = 'SecurechatError';
  readonly [KIND]: 'program' | 'local' | 'remote' = 'program';
  readonly code: Code;
  readonly detail: Detail;

  constructor(code: Code, detail: Detail = {}) {
    super(`${code} ${JSON.stringify(detail)}`);
    this.code = code;
    this.detail = detail;
  }

  /** The exit status this error has when it ends the program. */
  get exit(): ExitStatus {
    return CODES[this.code];
  }
}

/** We broke a rule ourselves: a defect here. */
export class LocalProtocolError extends SecurechatError {
  override readonly name = 'LocalProtocolError';
  override readonly [KIND] = 'local';
  constructor(why: string) {
    super('SC-501', { why });
  }
}

/** The other side (peer or relay) broke a rule. `why` names the rule, never content. */
export class RemoteProtocolError extends SecurechatError {
  override readonly name = 'RemoteProtocolError';
  override readonly [KIND] = 'remote';
  constructor(why: string, code: Code = 'SC-404') {
    super(code, { why });
  }
}

/** One of ours, also when another copy of this module made it. `code` and `detail` are checked then. */
export function isSecurechatError(error: unknown): error is SecurechatError {
  if (typeof error !== 'object' || error === null || !(KIND in error)) return false;
  const { code, detail } = error as { code?: unknown; detail?: unknown };
  if (typeof code !== 'string' || !Object.hasOwn(CODES, code) || typeof detail !== 'object' || detail === null)
    return false;
  return Object.values(detail).every((value) => typeof value === 'string' || typeof value === 'number');
}

/** The other side broke a rule, also when another copy of this module says so. */
export function isRemoteProtocolError(error: unknown): error is RemoteProtocolError {
  return isSecurechatError(error) && error[KIND] === 'remote';
}
