/**
 * The interface between the core and whatever has files or a pipe. The doc comments are the contract, as those of ports.ts
 * are. No implementation and no Node type may be in this file.
 */
import type { Code } from './errors.js';

/** What a stream carries (protocol.md section 8). `bytes`: of all files, undefined where unknown; `name` is UTF-8. */
export type BulkOffer =
  | { readonly kind: 'pipe' }
  | {
      readonly kind: 'files';
      readonly count: number;
      readonly bytes: number | undefined;
      readonly name: Uint8Array;
    };

/** Why what is behind a transfer ended it. `truncated`: the stream ended where it should not have. */
export type BulkFailure = 'refused' | 'cancelled' | 'disk' | 'changed' | 'bad hash' | 'disagrees' | 'truncated';

/**
 * What the session tells the adapter that has files or a pipe. `id` is that of UiView; a transfer is known from `prepare`,
 * `offered` or the adapter's `ready` on, until `over`. Nothing is told of a transfer after `over`.
 */
export type BulkCommand =
  /** Streams may be opened from now on. Once. */
  | { readonly type: 'active' }
  /** The person wants to send these: answer with `ready` or `failed`. */
  | { readonly type: 'prepare'; readonly id: number; readonly paths: readonly Uint8Array[] }
  /** The peer offers this: answer with `examined`, `accept` or `failed`. `name` is valid only during the call. */
  | { readonly type: 'offered'; readonly id: number; readonly offer: BulkOffer }
  /** The person takes what was `examined`: answer with `accept` or `failed`. */
  | { readonly type: 'take'; readonly id: number; readonly collision: 'rename' | 'skip' }
  /** The peer takes a transfer of this side; nothing is wanted of it before. */
  | { readonly type: 'taken'; readonly id: number }
  /** So many `data` events more are wanted. */
  | { readonly type: 'want'; readonly id: number; readonly count: number }
  /** 0 to 65438 bytes of the peer. The buffer belongs to the adapter, which wipes it and then reports `used`. */
  | { readonly type: 'data'; readonly id: number; readonly data: Uint8Array; readonly last: boolean }
  /** The end of a transfer, whoever ended it. `whole`: everything arrived. */
  | { readonly type: 'over'; readonly id: number; readonly whole: boolean; readonly code: Code | undefined };

/** What the adapter reports. What concerns a transfer that is over does nothing; its buffers are wiped. */
export type BulkEvent =
  /** A transfer of this side can be offered. Without an id it is one that nobody asked for: a pipe. */
  | { readonly type: 'ready'; readonly id: number | undefined; readonly offer: BulkOffer }
  /** The person is to decide. `free`: bytes of room, undefined where unknown; `exists`: the name is taken. */
  | { readonly type: 'examined'; readonly id: number; readonly free: number | undefined; readonly exists: boolean }
  /** Data of the peer are welcome. */
  | { readonly type: 'accept'; readonly id: number }
  /**
   * As it was wanted: 1 to 65438 bytes, or less with the last. The buffer is the session's until it has wanted READ_AHEAD
   * (core/session/bulk/outgoing.ts) more. `content`: how many of them a person counts. `sum` with the last: see
   * `file-done`.
   */
  | {
      readonly type: 'data';
      readonly id: number;
      readonly data: Uint8Array;
      readonly last: boolean;
      readonly content: number;
      readonly sum?: string;
    }
  /** So many pieces of data were used. */
  | { readonly type: 'used'; readonly id: number; readonly count: number; readonly content: number }
  /** After the last piece of data of the peer: everything is as it was offered. */
  | { readonly type: 'whole'; readonly id: number; readonly sum: string }
  | {
      readonly type: 'failed';
      readonly id: number;
      readonly reason: BulkFailure;
      readonly code: Code;
      readonly detail: Readonly<Record<string, string | number>>;
    }
  /** Something the person must know, and nothing ends. */
  | { readonly type: 'notice'; readonly code: Code; readonly detail: Readonly<Record<string, string | number>> };

export interface BulkPort {
  /** Called once; no event is reported before it has returned. */
  open(sink: (event: BulkEvent) => void): void;
  /** Does one thing, later where it takes time. Never throws for a broken file: that is `failed`. */
  tell(command: BulkCommand): void;
  /** Stops everything; nothing half is left under its own name. Idempotent. */
  close(): Promise<void>;
}
