import { X509Certificate } from 'node:crypto';
import {
  type ConnectionOptions,
  type PeerCertificate,
  checkServerIdentity,
  createSecureContext,
} from 'node:tls';
import { FailureError } from '../lib/errors';
import { readCertificates } from '../lib/secret';

/**
 * The options of TLS that decide which certificate is accepted. All connections share one context: btcd ends
 * a connection after each call, and Node.js would make a context for each of them, whose memory is freed when
 * the garbage is collected.
 */
export type TrustOptions = Pick<ConnectionOptions, 'secureContext' | 'checkServerIdentity'>;

/**
 * The certificate that a node must present: btcd's own, which it generates (`rpc.cert`), or one that leads to
 * an authority. It is read from its file, and again when a node presents another.
 */
export class TrustedCertificate {
  private pem: string | undefined;
  private trust: TrustOptions = {};

  /** @param file undefined: the authorities that Node.js trusts */
  constructor(readonly file: string | undefined) {}

  /**
   * What is trusted, read from the file at the first call.
   * @throws UsageError where it is no file; FailureError where it holds no certificate or can't be read
   */
  async options(): Promise<TrustOptions> {
    if (this.pem === undefined) await this.reread();
    return this.trust;
  }

  /**
   * Reads the file again. Returns whether it has changed.
   * @throws as `options` does
   */
  async reread(): Promise<boolean> {
    if (this.file === undefined) return false;
    const what = `certificate ${this.file}`;
    const pem = await readCertificates(this.file, what);
    if (pem === this.pem) return false;
    const prints = fingerprintsOf(pem, what);
    this.pem = pem;
    this.trust = {
      secureContext: createSecureContext({ ca: pem }),
      // A certificate in the file proves the node's identity by itself, whatever name was dialled. btcd's
      // certificate names localhost and the addresses that its machine had when it was generated.
      checkServerIdentity: (host, presented: PeerCertificate) =>
        prints.has(presented.fingerprint256) ? undefined : checkServerIdentity(host, presented),
    };
    return true;
  }
}

/** The fingerprints of the certificates of a PEM text. */
function fingerprintsOf(pem: string, what: string): ReadonlySet<string> {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g) ?? [];
  try {
    // TLS itself would silently ignore a text that is no certificate, and trust nobody.
    const prints = blocks.map((block) => new X509Certificate(block).fingerprint256);
    if (prints.length > 0) return new Set(prints);
  } catch {
    // Said below.
  }
  throw new FailureError(`${what}: holds no certificate that can be read; give PEM`);
}
