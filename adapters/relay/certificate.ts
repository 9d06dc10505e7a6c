/**
 * The files of --tls-cert and --tls-key: read, and judged before anything relies on them. No socket may be in this file.
 */
import { X509Certificate } from 'node:crypto';
import { closeSync, openSync, readSync } from 'node:fs';
import { createSecureContext } from 'node:tls';
import { RELAY_WORDS } from '../words/relay.js';
import type { Pem } from './flags.js';

/** Of a file, bytes: more than any chain, and a bound for what never ends. */
export const PEM_LIMIT = 1024 * 1024;

export interface Certificate {
  readonly pem: Pem;
  /** What it is for and how long it lasts, for the operator. */
  readonly about: string;
  readonly expired: boolean;
}

/** Throws an error whose message says what is wrong. */
export function readCertificate(files: Pem): Certificate {
  const pem = { cert: read('--tls-cert', files.cert), key: read('--tls-key', files.key) };
  try {
    createSecureContext(pem);
  } catch (error) {
    throw new Error(RELAY_WORDS.noPair(codeOf(error)), { cause: error });
  }
  const { subjectAltName, subject, validTo } = new X509Certificate(pem.cert);
  const names = (subjectAltName ?? subject).replaceAll('\n', ', ');
  return { pem, about: RELAY_WORDS.validUntil(names, validTo), expired: Date.parse(validTo) < Date.now() };
}

function read(flag: string, file: string): string {
  // One more than may be, to see that there is more.
  const bytes = Buffer.alloc(PEM_LIMIT + 1);
  let length = 0;
  try {
    const opened = openSync(file, 'r');
    try {
      for (let came = -1; came !== 0 && length < bytes.length; length += came)
        came = readSync(opened, bytes, { offset: length });
    } finally {
      closeSync(opened);
    }
  } catch (error) {
    throw new Error(RELAY_WORDS.unreadable(flag, codeOf(error)), { cause: error });
  }
  if (length > PEM_LIMIT) throw new Error(RELAY_WORDS.tooLarge(flag, '1 MiB'));
  const text = bytes.toString('utf8', 0, length);
  bytes.fill(0);
  return text;
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : RELAY_WORDS.unknownReason;
}
