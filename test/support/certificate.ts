import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { findProgram, requirement } from './requires';

/** Declares that a test file needs openssl. */
export const openssl = requirement(
  'openssl',
  () => findProgram('openssl'),
  'install OpenSSL (Debian: apt-get install openssl)',
);

/** A self-signed certificate, which is its own authority. */
export interface Certificate {
  readonly certificateFile: string;
  readonly keyFile: string;
  readonly cert: string;
  readonly key: string;
  remove(): void;
}

/**
 * Creates a certificate for `name`, such as `IP:127.0.0.1` or `DNS:localhost`. It is valid until tomorrow.
 */
export function makeCertificate(name: string): Certificate {
  const { path: program } = openssl;
  if (program === null) throw new Error('openssl was not found');
  const { folder, certificateFile, keyFile } = newFiles();
  const files = ['-keyout', keyFile, '-out', certificateFile];
  execFileSync(
    program,
    [
      'req',
      '-x509',
      ...CURVE,
      ...files,
      '-days',
      '1',
      '-subj',
      '/CN=test',
      '-addext',
      `subjectAltName=${name}`,
    ],
    { stdio: 'ignore' },
  );
  return readFiles(folder, certificateFile, keyFile);
}

/** Creates a certificate for `name` that `authority` has signed. It is valid until tomorrow. */
export function issueCertificate(authority: Certificate, name: string): Certificate {
  const { path: program } = openssl;
  if (program === null) throw new Error('openssl was not found');
  const { folder, certificateFile, keyFile } = newFiles();
  const run = (...args: string[]): unknown => execFileSync(program, args, { stdio: 'ignore' });
  const request = path.join(folder, 'request.pem');
  const subject = ['-subj', '/CN=issued', '-addext', `subjectAltName=${name}`];
  run('req', '-new', ...CURVE, '-keyout', keyFile, '-out', request, ...subject);
  const signer = ['-CA', authority.certificateFile, '-CAkey', authority.keyFile, '-set_serial', '2'];
  const what = ['-in', request, '-out', certificateFile, '-days', '1', '-copy_extensions', 'copy'];
  run('x509', '-req', ...what, ...signer);
  return readFiles(folder, certificateFile, keyFile);
}

const CURVE = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];

function newFiles() {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'btcdmon-certificate-'));
  return {
    folder,
    certificateFile: path.join(folder, 'certificate.pem'),
    keyFile: path.join(folder, 'key.pem'),
  };
}

function readFiles(folder: string, certificateFile: string, keyFile: string): Certificate {
  return {
    certificateFile,
    keyFile,
    cert: readFileSync(certificateFile, 'utf8'),
    key: readFileSync(keyFile, 'utf8'),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
