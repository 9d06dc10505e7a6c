/**
 * Certificates for tests, made by the system's openssl: a self-signed one for localhost and 127.0.0.1. No expectation may
 * be in this file.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

export const hasOpenssl = spawnSync('openssl', ['version']).status === 0;

export interface TestCertificate {
  readonly cert: string;
  readonly key: string;
  remove(): void;
}

/** `days` may be negative: expired. */
export function makeCertificate(name = 'localhost', days = 2): TestCertificate {
  const folder = mkdtempSync(path.join(tmpdir(), 'securechat-certificate-'));
  const [cert, key] = [path.join(folder, 'cert.pem'), path.join(folder, 'key.pem')];
  const request = path.join(folder, 'request.pem');
  openssl([
    ...['req', '-new', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-subj', `/CN=${name}`],
    ...['-addext', `subjectAltName=DNS:${name},IP:127.0.0.1`, '-keyout', key, '-out', request],
  ]);
  openssl([
    ...['x509', '-req', '-in', request, '-signkey', key, '-copy_extensions', 'copy'],
    ...['-days', String(days), '-out', cert],
  ]);
  return { cert, key, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

function openssl(args: readonly string[]): void {
  const { status, stderr } = spawnSync('openssl', args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`openssl: ${stderr}`);
}
