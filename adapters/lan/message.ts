/**
 * What is asked and said in a message of multicast DNS, and what of one is for us (protocol.md section 8a). Everything read
 * here is from whoever is in the network. No socket may be in this file.
 */
import type makeMulticast from 'multicast-dns';
import { LAN_BODY_LIMIT, type LanAnnouncement } from '../../core/protocol/lan-record.js';

/** What is asked for; every name that is announced ends so. */
export const SERVICE = '_securechat._tcp.local';
/** Announcements of one message that are looked at. */
export const RECORDS = 8;
/** Seconds for which others may believe an announcement. */
const TTL = 60;

export type Heard = makeMulticast.QueryPacket | makeMulticast.ResponsePacket;
export type Packet =
  | Pick<makeMulticast.QueryOutgoingPacket, 'questions'>
  | Pick<makeMulticast.ResponseOutgoingPacket, 'answers'>;

/** A new one each time: the library writes into what it is given. */
export function question(): Packet {
  return { questions: [{ name: SERVICE, type: 'PTR' }] };
}

/** `over`: it is taken back. */
export function answerOf({ name, body }: LanAnnouncement, over: boolean): Packet {
  const ttl = over ? 0 : TTL;
  const full = `${name}.${SERVICE}`;
  return {
    answers: [
      { name: SERVICE, type: 'PTR', ttl, data: full },
      { name: full, type: 'TXT', ttl, data: [Buffer.from(body)] },
    ],
  };
}

/** Whether somebody asks for us, and what is announced. */
export function heardIn(message: Heard): {
  readonly asked: boolean;
  readonly said: readonly (LanAnnouncement & { readonly over: boolean })[];
} {
  if (message.type === 'query') {
    const ours = (message.questions ?? []).some(({ name, type }) => type === 'PTR' && name.toLowerCase() === SERVICE);
    return { asked: ours, said: [] };
  }
  const records = [...(message.answers ?? []), ...(message.additionals ?? [])];
  const said = records.flatMap((record) => {
    if (record.type !== 'TXT') return [];
    const [name = '', ...rest] = record.name.toLowerCase().split('.');
    const body: unknown = Array.isArray(record.data) ? record.data[0] : record.data;
    if (rest.join('.') !== SERVICE || !(body instanceof Uint8Array) || body.length > LAN_BODY_LIMIT) return [];
    return [{ name, body: Uint8Array.from(body), over: record.ttl === 0 }];
  });
  return { asked: false, said: said.slice(0, RECORDS) };
}
