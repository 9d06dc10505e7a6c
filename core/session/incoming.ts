/**
 * Messages and name of the peer on their way in (protocol.md sections 4 and 6): put together, held unseen until the
 * person may see them, handed to the UI, told as delivered when the UI has shown them. Text is kept here only until it is
 * handed over, in buffers that are wiped; no connection and no decision about the session may be in this file.
 */
import { RemoteProtocolError } from '../errors.js';
import { plainCopy } from '../protocol/bytes.js';
import { RECORD_HEADER, type TextRecord } from '../protocol/records.js';
import { createReassembly } from '../protocol/text.js';
import type { Source } from './composer.js';
import type { Host } from './events.js';
import { NEVER } from '../timers.js';

/** Most text of the peer that is held unseen while the words are not compared, bytes. */
export const UNSEEN_LIMIT = 4 * 1024 * 1024;
/** What an unseen message costs beside its text, bytes. */
const UNSEEN_OVERHEAD = 64;
/** Bytes of a receipt in a frame. */
const RECEIPT = RECORD_HEADER + 4;

/** Receipts are a source of data: they go out together, all for what the UI has shown since the last time. */
export interface Incoming extends Source {
  name(name: Uint8Array): void;
  /** Throws RemoteProtocolError for parts that do not fit, and for too much text before it may be shown. */
  text(record: TextRecord, now: number): void;
  /** Whether text may be shown. Opening shows what was held. */
  open(): void;
  /** The UI has shown all up to this one, of those that it was handed. */
  shown(id: number): void;
  /** After the own goodbye nothing is shown, and nothing told as delivered. */
  close(): void;
  /** The person does not want to see what was held, nor what comes. */
  refuse(): void;
  wipe(): void;
}

interface Message {
  readonly id: number;
  readonly text: Uint8Array;
  readonly at: number;
}

export function createIncoming(host: Host, receipts: boolean): Incoming {
  const reassembly = createReassembly();
  let state: 'held' | 'open' | 'closed' = 'held';
  let unseen: Message[] = [];
  let unseenBytes = 0;
  let peerName: Uint8Array | undefined;
  /** Below `told` they were told as delivered, below `shown` shown by the UI, below `handed` given to it. */
  const upTo = { told: 0, shown: 0, handed: 0 };

  function showName(): void {
    if (peerName !== undefined) host.emit({ type: 'show', view: { type: 'peer', name: plainCopy(peerName) } });
  }

  function show(message: Message): void {
    const from = plainCopy(peerName ?? new Uint8Array(0));
    host.emit({ type: 'show', view: { type: 'message', from, ...message } });
    upTo.handed = message.id + 1;
  }

  function wipeUnseen(): void {
    for (const { text } of unseen) text.fill(0);
    unseen = [];
  }

  return {
    name(name) {
      if (peerName !== undefined) return;
      peerName = plainCopy(name);
      if (state === 'open') showName();
    },

    text(record, now) {
      const complete = reassembly.add(record);
      if (complete === undefined) return;
      const message = { ...complete, at: now };
      if (state === 'closed') return void message.text.fill(0);
      if (state === 'open') return show(message);
      unseenBytes += message.text.length + UNSEEN_OVERHEAD;
      // With the others it is wiped, whatever becomes of it.
      unseen.push(message);
      if (unseenBytes > UNSEEN_LIMIT) throw new RemoteProtocolError('too much text before the words were compared');
    },

    open() {
      if (state !== 'held') return;
      state = 'open';
      showName();
      for (const message of unseen) show(message);
      unseen = [];
    },

    shown(id) {
      if (receipts) upTo.shown = Math.max(upTo.shown, Math.min(id + 1, upTo.handed));
    },

    close() {
      state = 'closed';
    },

    refuse() {
      wipeUnseen();
      state = 'closed';
    },

    wakeAt: (now) => (upTo.told < upTo.shown ? now : NEVER),

    next(room) {
      if (upTo.told === upTo.shown || room < RECEIPT) return undefined;
      const record = { type: 'delivered', id: upTo.told } as const;
      upTo.told += 1;
      return record;
    },

    sealed: () => undefined,

    wipe() {
      wipeUnseen();
      reassembly.wipe();
      peerName?.fill(0);
    },
  };
}
