/**
 * Bytes of a keyboard into key events: escape sequences, pastes, UTF-8, each split anywhere. What a key does, and any text
 * that outlives the call, may not be in this file.
 *
 * A paste lasts until a pause. Its closing bracket only says that the pause may be short: text that is pasted can hold a
 * closing bracket. Where the terminal sends no brackets, a read with a CR before its end is a paste: a person's Enter is
 * the last byte of a read. While a paste lasts there is text, and no key.
 */
import type { ClockPort } from '../../core/ports.js';
import { plainBuffer } from '../../core/protocol/bytes.js';
import { ILL_FORMED, pointAt, putPoint } from '../text/utf8.js';
import { ALT_KEYS, CONTROL_KEYS, CSI_KEYS, type Key, SS3_KEYS } from './keymap.js';

/** Milliseconds after which an Esc with nothing behind it is the key, and any other half sequence is over. */
export const ESCAPE_WAIT_MS = 50;
/** Milliseconds from an Esc in which a CR is Alt-Enter still: a slow line came between the two bytes. */
export const ALT_ENTER_MS = 300;
/** Milliseconds without a byte after which a paste is over, … */
export const PASTE_PAUSE_MS = 100;
/** … and one whose closing bracket did not come. */
export const PASTE_LIMIT_MS = 1000;
/** Bytes of one escape sequence; what is longer is passed over to its end. */
export const SEQUENCE_LIMIT = 32;
/** Text is handed on in pieces of at most this many bytes. */
export const PIECE = 4096;

const ESC = 0x1b;
const CR = 0x0d;
const LF = 0x0a;
const TAB = 0x09;
const PASTE_BEGIN = '200~';
const PASTE_END = Uint8Array.from([ESC, 0x5b, 0x32, 0x30, 0x31, 0x7e]);

export type KeyEvent =
  | { readonly type: 'key'; readonly key: Key }
  /** Typed text: whole code points of UTF-8 without control characters. The bytes are overwritten after the call. */
  | { readonly type: 'text'; readonly text: Uint8Array }
  /** A piece of a paste, the same but with everything that was in it; lines end with LF. */
  | { readonly type: 'paste'; readonly text: Uint8Array }
  /** A pause came after it. */
  | { readonly type: 'paste-end' };

export interface Keys {
  /** Takes what was read, and overwrites it. */
  feed(chunk: Uint8Array): void;
  /** Others had the terminal: what is half read will not be completed. */
  reset(): void;
  /** Overwrites what is half read; nothing is told after this. */
  close(): void;
}

type Mode = 'ground' | 'escape' | 'alt' | 'csi' | 'console' | 'ss3' | 'paste';

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
  /** A paste lasts. */
  let pasted = false;
  /** Until then a CR is what was left of Alt-Enter. */
  let altUntil = Number.NEGATIVE_INFINITY;
  let cancelWait = (): void => undefined;
  let closed = false;

  function tell(event: KeyEvent): void {
    if (!closed) sink(event);
  }

  function flush(): void {
    if (length === 0) return;
    const text = piece.subarray(0, length);
    length = 0;
    tell({ type: pasted ? 'paste' : 'text', text });
    text.fill(0);
  }

  function key(name: Key): void {
    flush();
    mode = 'ground';
    tell({ type: 'key', key: pasted ? 'unknown' : name });
  }

  function put(point: number): void {
    // A code point behind an Esc is one key.
    if (mode === 'alt') return key('unknown');
    if (length + 4 > PIECE) flush();
    length = putPoint(piece, length, point);
  }

  /** A code point that is half there. */
  function forget(): void {
    partial.fill(0);
    partialLength = 0;
  }

  /** What is half there will not be completed: one U+FFFD (utf8.ts). */
  function dropPartial(): void {
    if (partialLength > 0) put(ILL_FORMED);
    forget();
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
      forget();
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
    const altEnter = byte === CR && clock.now() < altUntil;
    altUntil = Number.NEGATIVE_INFINITY;
    if (byte === ESC) {
      dropPartial();
      flush();
      mode = 'escape';
    } else if (pasted && (isPrinted(byte) || byte === CR || byte === LF || byte === TAB)) {
      pasteText(byte);
    } else if (isPrinted(byte)) {
      text(byte);
    } else {
      dropPartial();
      key(altEnter ? 'newline' : (CONTROL_KEYS.get(byte) ?? 'unknown'));
    }
  }

  function escape(byte: number): void {
    sequence = '';
    if (byte === 0x5b) mode = 'csi';
    else if (byte === 0x4f) mode = 'ss3';
    else if (byte === ESC) {
      key('escape');
      mode = 'escape';
    } else if (byte >= 0x80) {
      mode = 'alt';
      text(byte);
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
      pasted = true;
      ending = 0;
    } else {
      key(CSI_KEYS.get(sequence) ?? 'unknown');
    }
  }

  function pasteByte(byte: number): void {
    if (byte === PASTE_END[ending]) {
      ending += 1;
      if (ending < PASTE_END.length) return;
      dropPartial();
      mode = 'ground';
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
      case 'alt':
        return ground(byte);
      case 'escape':
        return escape(byte);
      case 'csi':
        return csi(byte);
      case 'console':
        return key(byte === 0x41 ? 'help' : byte === 0x42 ? 'words' : byte === 0x43 ? 'more' : 'unknown');
      case 'ss3':
        return key(SS3_KEYS.get(String.fromCharCode(byte)) ?? 'unknown');
      case 'paste':
        return pasteByte(byte);
    }
  }

  function endPaste(): void {
    mode = 'ground';
    if (!pasted) return;
    dropPartial();
    flush();
    pasted = false;
    afterCr = false;
    tell({ type: 'paste-end' });
  }

  /** In two steps: a wake-up that is late comes before the bytes that were waiting meanwhile, and is no pause. */
  function wait(ms: number, then: () => void): void {
    cancelWait = clock.wakeAt(clock.now() + ms / 2, () => {
      cancelWait = clock.wakeAt(clock.now() + ms / 2, then);
    });
  }

  function waitForMore(): void {
    if (mode === 'paste') wait(PASTE_LIMIT_MS, endPaste);
    else if (pasted) wait(PASTE_PAUSE_MS, pause);
    else if (mode !== 'ground') wait(ESCAPE_WAIT_MS, pause);
  }

  /** What is half there is all there is. */
  function pause(): void {
    if (mode === 'escape') {
      key('escape');
      altUntil = clock.now() + ALT_ENTER_MS - ESCAPE_WAIT_MS;
    } else if (mode !== 'ground') {
      forget();
      key('unknown');
    }
    endPaste();
  }

  /** An Enter before the end of what was read at once; behind an Esc it is Alt-Enter. */
  function holdsLines(chunk: Uint8Array): boolean {
    return chunk.some(
      (byte, i) => byte === CR && i < chunk.length - 1 && (i === 0 ? mode !== 'escape' : chunk[i - 1] !== ESC),
    );
  }

  return {
    feed(chunk) {
      cancelWait();
      pasted ||= holdsLines(chunk);
      for (const byte of chunk) take(byte);
      flush();
      chunk.fill(0);
      if (!closed) waitForMore();
    },
    reset() {
      cancelWait();
      forget();
      endPaste();
    },
    close() {
      closed = true;
      cancelWait();
      piece.fill(0);
      forget();
    },
  };
}

function isPrinted(byte: number): boolean {
  return byte >= 0x20 && byte !== 0x7f;
}
