/**
 * Why a connection did not come up, from what the platform's errors and a stranger's answer say. No sentence may be in this
 * file: the codes have theirs in adapters/words.
 */
import type { End } from './pipe.js';

/** What is known of a connection that failed before it was open. */
export type Answer =
  /** HTTP, but no relay. */
  | { readonly type: 'http'; readonly status: number }
  /** It answered, and not as it should. */
  | { readonly type: 'other' }
  | { readonly type: 'error'; readonly error: NodeJS.ErrnoException };

/** What OpenSSL calls a certificate that it does not trust, as `code` of Node's error. */
const CERTIFICATE = /^(?:CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|ERR_TLS_CERT|INVALID_CA|INVALID_PURPOSE|HOSTNAME_)/;
/** What is no TLS, or none that both know: OpenSSL's errors of the handshake. */
const NO_TLS = /^(?:EPROTO$|ERR_SSL_|ERR_TLS_)/;

/** The end of a connection that never was open; `why` for what nothing more is known of. */
export function explainFailure(answer: Answer | undefined, why: string): End {
  switch (answer?.type) {
    case undefined:
      return { reason: 'unreachable', detail: why };
    case 'http':
      return { reason: 'rejected', detail: `HTTP ${String(answer.status)}` };
    case 'other':
      return { reason: 'rejected', detail: why };
    case 'error':
      return explainError(answer.error, why);
  }
}

function explainError({ code = '' }: NodeJS.ErrnoException, why: string): End {
  if (CERTIFICATE.test(code)) return { reason: 'rejected', detail: code, code: 'SC-113' };
  if (NO_TLS.test(code)) return { reason: 'rejected', detail: 'no TLS', code: 'SC-113' };
  // Bytes that are not HTTP at all are an answer too.
  return { reason: code.startsWith('HPE_') ? 'rejected' : 'unreachable', detail: why };
}
