/**
 * A certificate that lives in memory for one start of the program: made here, signed by itself, known by its fingerprint
 * alone. Nothing may be written and no connection made in this file.
 */
import 'reflect-metadata';
import { createHash, webcrypto } from 'node:crypto';
import {
  BasicConstraintsExtension,
  cryptoProvider,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  X509CertificateGenerator,
} from '@peculiar/x509';

/** Clocks differ: it is valid from a day ago, … */
const BEFORE_MS = 86_400_000;
/** … for longer than any chat. */
const AFTER_MS = 30 * 86_400_000;
const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;

export interface SelfSigned {
  /** PEM. */
  readonly certificate: string;
  /** PEM, PKCS #8. */
  readonly key: string;
  /** SHA-256 of the certificate (DER), 32 bytes. */
  readonly pin: Uint8Array;
}

/** `now`: Unix milliseconds. */
export async function makeSelfSigned(now: number): Promise<SelfSigned> {
  cryptoProvider.set(webcrypto);
  const keys = await webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
  const certificate = await X509CertificateGenerator.createSelfSigned({
    // Says nothing about the machine.
    name: 'CN=securechat',
    notBefore: new Date(now - BEFORE_MS),
    notAfter: new Date(now + AFTER_MS),
    signingAlgorithm: ALGORITHM,
    keys,
    extensions: [
      new BasicConstraintsExtension(false, undefined, true),
      new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth]),
    ],
  });
  const key = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey)).toString('base64');
  return {
    certificate: certificate.toString('pem'),
    key: `-----BEGIN PRIVATE KEY-----\n${key.replaceAll(/.{64}(?=.)/g, '$&\n')}\n-----END PRIVATE KEY-----\n`,
    pin: new Uint8Array(createHash('sha256').update(new Uint8Array(certificate.rawData)).digest()),
  };
}
