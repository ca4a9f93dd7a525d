import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';

/** A certificate for localhost and 127.0.0.1, and the authority that signed it; all are files in PEM. */
export interface TestCertificate {
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
  /** What is in the last two. */
  readonly pem: { readonly cert: string; readonly key: string };
}

/** Makes an authority and a certificate of it in `folder`, with openssl. */
export function makeCertificate(folder: string, name = 'localhost'): TestCertificate {
  const file = (suffix: string): string => path.join(folder, `${name}-${suffix}.pem`);
  const [caKey, ca, key, request, cert] = ['cakey', 'ca', 'key', 'request', 'cert'].map(file) as [
    string,
    string,
    string,
    string,
    string,
  ];
  const openssl = (...args: string[]): void => void execFileSync('openssl', args, { stdio: 'pipe' });
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  openssl(
    'req',
    '-x509',
    ...newKey,
    '-keyout',
    caKey,
    '-out',
    ca,
    '-days',
    '2',
    '-subj',
    '/CN=test authority',
  );
  const names = `subjectAltName=DNS:${name},IP:127.0.0.1`;
  openssl('req', ...newKey, '-keyout', key, '-out', request, '-subj', `/CN=${name}`, '-addext', names);
  const signed = ['-CA', ca, '-CAkey', caKey, '-CAcreateserial', '-copy_extensions', 'copy'];
  openssl('x509', '-req', '-in', request, ...signed, '-out', cert, '-days', '2');
  return { ca, cert, key, pem: { cert: readFileSync(cert, 'utf8'), key: readFileSync(key, 'utf8') } };
}
