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

/** `days` may be negative: expired. `address`: the one it is for beside the name. */
export function makeCertificate(
  name = 'localhost',
  days = 2,
  address = '127.0.0.1',
  authority = false,
): TestCertificate {
  const folder = mkdtempSync(path.join(tmpdir(), 'securechat-certificate-'));
  const [cert, key] = [path.join(folder, 'cert.pem'), path.join(folder, 'key.pem')];
  const request = path.join(folder, 'request.pem');
  openssl([
    ...['req', '-new', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-subj', `/CN=${name}`],
    ...[
      '-addext',
      `subjectAltName=DNS:${name},IP:${address}`,
      ...(authority ? ['-addext', 'basicConstraints=critical,CA:TRUE'] : []),
      '-keyout',
      key,
      '-out',
      request,
    ],
  ]);
  openssl([
    ...['x509', '-req', '-in', request, '-signkey', key, '-copy_extensions', 'copy'],
    ...['-days', String(days), '-out', cert],
  ]);
  return { cert, key, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

/** One of an authority that nobody knows, which is `ca`. */
export function makeSigned(name = 'localhost'): TestCertificate & { readonly ca: string } {
  const authority = makeCertificate('authority', 2, '127.0.0.1', true);
  const folder = path.dirname(authority.cert);
  const [cert, key, request] = ['leaf.pem', 'leaf-key.pem', 'leaf-request.pem'].map((file) =>
    path.join(folder, file),
  ) as [string, string, string];
  openssl([
    ...['req', '-new', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-subj', `/CN=${name}`],
    ...['-addext', `subjectAltName=DNS:${name},IP:127.0.0.1`, '-keyout', key, '-out', request],
  ]);
  openssl([
    ...['x509', '-req', '-in', request, '-CA', authority.cert, '-CAkey', authority.key, '-CAcreateserial'],
    ...['-copy_extensions', 'copy', '-days', '2', '-out', cert],
  ]);
  return { cert, key, ca: authority.cert, remove: () => authority.remove() };
}

function openssl(args: readonly string[]): void {
  const { status, stderr } = spawnSync('openssl', args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`openssl: ${stderr}`);
}
