/**
 * Who is the relay, and where others reach it: --listen, --announce, --tls-self, --onion and --lan into one checked choice.
 * No I/O and no sentence may be in this file.
 */
import { SecurechatError } from '../../core/errors.js';
import { ascii } from '../../core/protocol/bytes.js';
import { formatInvite, parseInvite } from '../../core/room/invite.js';
import type { ControlPlace } from '../tor/control.js';
import { CLI_WORDS } from '../words/cli.js';
import { DEFAULTS } from './flags.js';
import type { Listen } from './hosting.js';

/** What was given for each flag, by its key. */
export type Values = Readonly<Record<string, string | boolean | undefined>>;

/** `host:port`, a port or a host, one of IPv6 in brackets. */
const PLACE = /^(?:(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]*):)?([1-9]\d{0,4})$/;
const HOST = /^(?:\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]*[A-Za-z][A-Za-z0-9._-]*|\d{1,3}(?:\.\d{1,3}){3})$/;

/** A host without brackets, where one is named, and a port; undefined for what is neither. */
export function placeOf(typed: string): { readonly host: string | undefined; readonly port: number } | undefined {
  const [, host = '', port = ''] = PLACE.exec(typed) ?? [];
  if (port === '' || Number(port) > 65_535) return undefined;
  return { host: host === '' ? undefined : host.replaceAll(/[[\]]/g, ''), port: Number(port) };
}

/** Undefined: another program is the relay. Throws SecurechatError SC-503. */
export function checkListen(values: Values): Listen | undefined {
  const at = text(values['listen']);
  const onion = values['onion'] === true;
  const tls = values['tlsSelf'] === true;
  const announced = text(values['announce']);
  if (announced !== undefined && at === undefined) throw bad('--announce', CLI_WORDS.needsListen);
  if (values['lan'] === true) return checkLan(values);
  if (Number(at !== undefined) + Number(onion) + Number(text(values['relay']) !== undefined) > 1) {
    throw new SecurechatError('SC-503', { why: CLI_WORDS.oneRelay });
  }
  const control = text(values['torControl']);
  const cookie = text(values['torCookie']);
  if (!onion && cookie !== undefined) throw bad('--tor-cookie', CLI_WORDS.needsOnion);
  if (tls && at === undefined) throw bad('--tls-self', CLI_WORDS.needsListen);
  if (onion) return { type: 'onion', control: control === undefined ? undefined : checkControl(control), cookie };
  if (at === undefined) return undefined;
  const place = placeOf(at);
  if (place === undefined) throw bad('--listen', CLI_WORDS.listen);
  const { host = '0.0.0.0', port } = place;
  return { type: 'network', host, port, tls, announced: checkAnnounced(announced, port) };
}

/** Where others reach it; a port of its own only where another one is forwarded. */
function checkAnnounced(typed: string | undefined, port: number): { host: string; port: number } | undefined {
  if (typed === undefined) return undefined;
  const { host, port: at } = HOST.test(typed) ? { host: typed.replaceAll(/[[\]]/g, ''), port } : (placeOf(typed) ?? {});
  if (host === undefined || at === undefined || !isMeetable(host)) throw bad('--announce', CLI_WORDS.announce);
  return { host, port: at };
}

/** A link can name it, and whoever follows the link takes it for an address. */
function isMeetable(host: string): boolean {
  const relay = `ws://${host.includes(':') ? `[${host}]` : host}/`;
  try {
    parseInvite(formatInvite(ascii('0'), { relay }));
    return URL.canParse(relay);
  } catch {
    return false;
  }
}

/** The local network and nothing else: no relay, no proxy, no other path. */
function checkLan(values: Values): Listen {
  const { lan } = CLI_WORDS;
  const named = (key: string): boolean => text(values[key]) !== undefined || values[key] === true;
  const transport = text(values['transport']) ?? DEFAULTS.transport;
  if (named('relay') || named('listen') || named('onion')) throw bad('--lan', lan.relay);
  if (named('proxy') || named('tor')) throw bad('--lan', lan.proxy);
  if (named('direct')) throw bad('--lan', lan.direct);
  if (named('web')) throw bad('--lan', lan.web);
  if (transport !== DEFAULTS.transport) throw bad('--lan', lan.transport(transport));
  return { type: 'lan' };
}

function checkControl(typed: string): ControlPlace {
  if (typed.startsWith('/')) return { path: typed };
  const { host, port = 0 } = placeOf(typed) ?? {};
  if (host === undefined) throw bad('--tor-control', CLI_WORDS.torControl);
  return { host, port };
}

export function bad(flag: string, why: string): SecurechatError {
  return new SecurechatError('SC-503', { flag, why });
}

export function text(value: Values[string]): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
