/**
 * Bytes of a keyboard into key events: escape sequences, bracketed paste, UTF-8, each split anywhere. What a key does, and
 * any text that outlives the call, may not be in this file.
 */
import type { ClockPort } from '../../../core/ports.js';
import { plainBuffer } from '../../../core/protocol/bytes.js';
import { ILL_FORMED, pointAt, putPoint } from '../utf8.js';
import { ALT_KEYS, CONTROL_KEYS, CSI_KEYS, type Key, SS3_KEYS } from './keymap.js';

/** Milliseconds after which an Esc with nothing behind it is the key. */
export const ESCAPE_WAIT_MS = 50;
/** Bytes of one escape sequence; what is longer is passed over to its end. */
export const SEQUENCE_LIMIT = 32;
/** Text is handed on in pieces of at most this many bytes. */
export const PIECE = 4096;

const ESC = 0x1b;
const CR = 0x0d;
const LF = 0x0a;
const PASTE_BEGIN = '200~';
const PASTE_END = Uint8Array.from([ESC, 0x5b, 0x32, 0x30, 0x31, 0x7e]);

export type KeyEvent =
  | { readonly type: 'key'; readonly key: Key }
  /** Typed text: whole code points of UTF-8 without control characters. The bytes are overwritten after the call. */
  | { readonly type: 'text'; readonly text: Uint8Array }
  /** A piece of a paste, the same but with everything that was in it; lines end with LF. */
  | { readonly type: 'paste'; readonly text: Uint8Array }
  | { readonly type: 'paste-end' };

export interface Keys {
  /** Takes what was read, and overwrites it. */
  feed(chunk: Uint8Array): void;
  /** Overwrites what is half read; nothing is told after this. */
  close(): void;
}

type Mode = 'ground' | 'escape' | 'csi' | 'console' | 'ss3' | 'paste';

export function createKeys(clock: ClockPort, sink: (event: KeyEvent) => void): Keys {
  let mode: Mode = 'ground';
  let sequence = '';
  const piece = plainBuffer(PIECE);
  let length = 0;
  /** A code point of which not all bytes have come. */
  const partial = plainBuffer(4);
  let partialLength = 0;
  /** Bytes of PASTE_END that have come. */
  let ending = 0;
  let afterCr = false;
  /** A paste ended in this chunk: what forges the end of a paste must not get its Enter. */
  let pasted = false;
  let cancelWait = (): void => undefined;
  let closed = false;

  function tell(event: KeyEvent): void {
    if (!closed) sink(event);
  }

  function flush(): void {
    if (length === 0) return;
    const text = piece.subarray(0, length);
    length = 0;
    tell({ type: mode === 'paste' ? 'paste' : 'text', text });
    text.fill(0);
  }

  function key(name: Key): void {
    flush();
    mode = 'ground';
    tell({ type: 'key', key: name });
  }

  function put(point: number): void {
    if (length + 4 > PIECE) flush();
    length = putPoint(piece, length, point);
  }

  /** What is half there will not be completed: one U+FFFD (utf8.ts). */
  function dropPartial(): void {
    if (partialLength > 0) put(ILL_FORMED);
    partial.fill(0);
    partialLength = 0;
  }

  /** A byte of text; ASCII here only ends what came before it. */
  function text(byte: number): void {
    if (byte < 0x80) {
      dropPartial();
      put(byte);
      return;
    }
    partial[partialLength++] = byte;
    const packed = pointAt(partial.subarray(0, partialLength), 0);
    if (packed < ILL_FORMED * 8) {
      partialLength = 0;
      partial.fill(0);
      put(packed >> 3);
    } else if ((packed & 7) < partialLength) {
      // The byte does not go on with what came before it.
      partialLength -= 1;
      dropPartial();
      text(byte);
    } else if (partialLength === 1 && (byte < 0xc2 || byte > 0xf4)) {
      dropPartial();
    }
  }

  function ground(byte: number): void {
    if (byte === ESC) {
      dropPartial();
      flush();
      mode = 'escape';
      waitForMore();
      return;
    }
    if (byte >= 0x20 && byte !== 0x7f) {
      text(byte);
      return;
    }
    dropPartial();
    if (byte === CR && pasted) key('newline');
    else key(CONTROL_KEYS.get(byte) ?? 'unknown');
  }

  function waitForMore(): void {
    cancelWait = clock.wakeAt(clock.now() + ESCAPE_WAIT_MS, () => {
      if (mode === 'escape') key('escape');
    });
  }

  function escape(byte: number): void {
    cancelWait();
    sequence = '';
    if (byte === 0x5b) mode = 'csi';
    else if (byte === 0x4f) mode = 'ss3';
    else if (byte === ESC) {
      key('escape');
      mode = 'escape';
      waitForMore();
    } else key(ALT_KEYS.get(byte) ?? 'unknown');
  }

  function csi(byte: number): void {
    if (byte === 0x5b && sequence === '') {
      mode = 'console';
      return;
    }
    if (byte < 0x20 || byte === 0x7f) {
      // It was broken off.
      mode = 'ground';
      ground(byte);
      return;
    }
    if (sequence.length < SEQUENCE_LIMIT) sequence += String.fromCharCode(byte);
    if (byte < 0x40 || byte > 0x7e) return;
    if (sequence === PASTE_BEGIN) {
      flush();
      mode = 'paste';
      ending = 0;
      afterCr = false;
    } else {
      key(CSI_KEYS.get(sequence) ?? 'unknown');
    }
  }

  function pasteByte(byte: number): void {
    if (byte === PASTE_END[ending]) {
      ending += 1;
      if (ending < PASTE_END.length) return;
      dropPartial();
      flush();
      mode = 'ground';
      pasted = true;
      tell({ type: 'paste-end' });
      return;
    }
    const begun = ending;
    ending = 0;
    for (let i = 0; i < begun; i++) pasteText(PASTE_END[i] ?? 0);
    if (begun > 0) pasteByte(byte);
    else pasteText(byte);
  }

  /** CR and CR LF are LF: terminals send CR for the end of a line. */
  function pasteText(byte: number): void {
    if (byte !== LF || !afterCr) text(byte === CR ? LF : byte);
    afterCr = byte === CR;
  }

  function take(byte: number): void {
    switch (mode) {
      case 'ground':
        return ground(byte);
      case 'escape':
        return escape(byte);
      case 'csi':
        return csi(byte);
      case 'console':
        return key(byte === 0x41 ? 'help' : 'unknown');
      case 'ss3':
        return key(SS3_KEYS.get(String.fromCharCode(byte)) ?? 'unknown');
      case 'paste':
        return pasteByte(byte);
    }
  }

  return {
    feed(chunk) {
      pasted = false;
      for (const byte of chunk) take(byte);
      flush();
      chunk.fill(0);
    },
    close() {
      closed = true;
      cancelWait();
      piece.fill(0);
      partial.fill(0);
      sequence = '';
    },
  };
}
