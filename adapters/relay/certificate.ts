/**
 * The files of --tls-cert and --tls-key: read, and judged before anything relies on them. No socket may be in this file.
 */
import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createSecureContext } from 'node:tls';
import type { Pem } from './flags.js';

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
    throw new Error(`--tls-cert and --tls-key are not PEM of one certificate and its key (${codeOf(error)})`, {
      cause: error,
    });
  }
  const { subjectAltName, subject, validTo } = new X509Certificate(pem.cert);
  const names = (subjectAltName ?? subject).replaceAll('\n', ', ');
  return { pem, about: `${names}, until ${validTo}`, expired: Date.parse(validTo) < Date.now() };
}

function read(flag: string, file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new Error(`${flag} cannot be read (${codeOf(error)})`, { cause: error });
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'unknown reason';
}
