/**
 * What a layout hands to the painter: rows of spans. Types and the smallest helpers; nothing about a screen or a terminal
 * may be in this file.
 */
import { ascii, plainBuffer } from '../../../core/protocol/bytes.js';

/** How a span looks. Words carry the meaning; a style is decoration and may be absent. */
export type Style = 'plain' | 'bold' | 'dim' | 'good' | 'warn' | 'bad' | 'accent' | 'inverse';

export interface Span {
  /** Where it begins, from 0; undefined: right behind the span before it, wherever the terminal has put its end. */
  readonly column: number | undefined;
  readonly style: Style;
  /** Neutralised UTF-8 without line feeds; a view that is used before the next change of what it shows. */
  readonly text: Uint8Array;
  /** The cursor is where this span begins. */
  readonly cursor?: true;
}

export type Row = readonly Span[];

export interface Frame {
  /** Cells of a row; as many rows as the terminal has. */
  readonly columns: number;
  readonly rows: readonly Row[];
  /** Copies that the layout made: to be overwritten when the frame is painted. */
  readonly scratch: readonly Uint8Array[];
}

const SPACE = 0x20;

export function span(column: number | undefined, style: Style, text: Uint8Array | string): Span {
  return { column, style, text: typeof text === 'string' ? ascii(text) : text };
}

export function spaces(count: number): Uint8Array {
  return plainBuffer(Math.max(0, count)).fill(SPACE);
}

/** `text` `count` times. */
export function repeat(text: Uint8Array, count: number): Uint8Array {
  const out = plainBuffer(text.length * Math.max(0, count));
  for (let i = 0; i < out.length; i++) out[i] = text[i % text.length] ?? 0;
  return out;
}
