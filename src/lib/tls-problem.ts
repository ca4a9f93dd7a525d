import { messageOf } from './errors';

/**
 * Error codes of certificates that Node.js does not accept: OpenSSL's names, and Node's own for a wrong host
 * name.
 */
const CERTIFICATE_CODES = new Set([
  'CERT_CHAIN_TOO_LONG',
  'CERT_HAS_EXPIRED',
  'CERT_NOT_YET_VALID',
  'CERT_REJECTED',
  'CERT_REVOKED',
  'CERT_SIGNATURE_FAILURE',
  'CERT_UNTRUSTED',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'ERR_TLS_CERT_ALTNAME_INVALID',
  'INVALID_CA',
  'INVALID_PURPOSE',
  'PATH_LENGTH_EXCEEDED',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_DECODE_ISSUER_PUBLIC_KEY',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
]);

/** OpenSSL's messages where the server does not speak TLS. */
const NO_TLS = ['wrong version number', 'packet length too long'];

/**
 * Describes a problem with the server's certificate or with TLS in one line; undefined if the error is of
 * another kind. Retrying cures none of these problems.
 * @param authority says how the user can trust a certificate that leads to no known authority
 */
export function tlsProblem(
  error: unknown,
  authority = 'an authority of your own is named with ?ca-file=PATH',
): string | undefined {
  const { code = '', message } = error as NodeJS.ErrnoException;
  if (code === 'EPROTO' || code.startsWith('ERR_SSL_'))
    return NO_TLS.some((words) => `${message} ${code.replaceAll('_', ' ').toLowerCase()}`.includes(words))
      ? 'does not speak TLS; for plain HTTP write http instead of https'
      : `TLS failed (${code === 'EPROTO' ? message.split('\n', 1)[0] : code})`;
  if (!isCertificateProblem(error)) return undefined;
  const hint = code === 'ERR_TLS_CERT_ALTNAME_INVALID' ? 'the URL must use a name that is in it' : authority;
  return `has a certificate that does not verify: ${messageOf(error)} (${code}); ${hint}`;
}

/** Whether an error says that Node.js does not accept the server's certificate. */
export function isCertificateProblem(error: unknown): boolean {
  return CERTIFICATE_CODES.has((error as NodeJS.ErrnoException).code ?? '');
}
