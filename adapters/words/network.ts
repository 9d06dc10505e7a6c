/**
 * Words for what a network may answer instead of the relay: certificates, pages, gateways. Only phrases that the table of
 * errors puts together may be in this file.
 */
type Why = string | number | undefined;

interface Fault {
  readonly fault: string;
  readonly hint?: string;
}

const CLOCK =
  'Check the clock of this machine; if it is right, ask the operator of the relay to renew the certificate.';
const SELF_SIGNED: Fault = {
  fault: 'The certificate of the relay is self-signed: it does not prove whose it is',
  hint: 'If your peer started it with --tls-self, paste the whole link. If it is yours, set NODE_EXTRA_CA_CERTS=its-certificate.pem.',
};
const UNKNOWN_AUTHORITY: Fault = {
  fault: 'The certificate of the relay is from an authority that this program does not know',
  hint: 'If it is the authority of your organization, start with NODE_EXTRA_CA_CERTS=authority.pem; else use another relay.',
};
const FAULTS: Readonly<Record<string, Fault>> = {
  DEPTH_ZERO_SELF_SIGNED_CERT: SELF_SIGNED,
  SELF_SIGNED_CERT_IN_CHAIN: UNKNOWN_AUTHORITY,
  UNABLE_TO_GET_ISSUER_CERT: UNKNOWN_AUTHORITY,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: UNKNOWN_AUTHORITY,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: UNKNOWN_AUTHORITY,
  CERT_HAS_EXPIRED: { fault: 'The certificate of the relay has expired', hint: CLOCK },
  CERT_NOT_YET_VALID: { fault: 'The certificate of the relay is not valid yet', hint: CLOCK },
  ERR_TLS_CERT_ALTNAME_INVALID: {
    fault: 'The certificate at this address is for another name',
    hint: 'Check the address: use the name that the certificate is made for.',
  },
  'no TLS': {
    fault: 'Whatever answered does not speak TLS',
    hint: 'Check the port; wss:// needs a relay with a certificate, and ws:// is for one without.',
  },
};

/** What is wrong with a certificate, by the code that Node gives it. */
export function certificateOf(why: Why): Fault {
  const known = typeof why === 'string' && Object.hasOwn(FAULTS, why) ? FAULTS[why] : undefined;
  return known ?? { fault: 'The certificate of the relay is not valid' };
}

/** What answers with this status (`HTTP 302`), and what can be done. */
export function answerOf(why: Why): { readonly answerer: string; readonly hint?: string | undefined } {
  const status = Number(/^HTTP (\d{3})$/.exec(String(why))?.[1]);
  if (status === 407)
    return { answerer: 'A proxy on the way', hint: 'Name it with --proxy; a user name and a password may be needed.' };
  if (status === 403)
    return {
      answerer: 'A server that refuses access',
      hint: 'Try another network, or a relay on port 443, or --proxy.',
    };
  if (status === 200 || (status >= 300 && status < 400) || status === 511)
    return {
      answerer: 'A web page',
      hint: 'If this network has a sign-in page, sign in first. Otherwise check the address.',
    };
  if (status >= 500)
    return { answerer: 'A gateway', hint: 'The relay behind it is not running, or busy: try again later.' };
  return { answerer: 'Something else' };
}
