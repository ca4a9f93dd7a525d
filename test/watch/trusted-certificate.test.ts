import { copyFileSync, writeFileSync } from 'node:fs';
import { systemTimer } from '../../src/lib/timer';
import { RpcClient } from '../../src/watch/rpc-client';
import { TrustedCertificate } from '../../src/watch/trusted-certificate';
import { type Certificate, issueCertificate, makeCertificate, openssl } from '../support/certificate';
import { Cleanup } from '../support/cleanup';
import { startHttpServer } from '../support/http-server';
import { placeAt } from './place-at';

openssl.describe('the certificate of a node', () => {
  const cleanup = new Cleanup();
  afterEach(() => cleanup.run());

  const make = (name: string): Certificate => cleanup.add(makeCertificate(name), (it) => it.remove());
  const issue = (authority: Certificate, name: string): Certificate =>
    cleanup.add(issueCertificate(authority, name), (it) => it.remove());

  /** Asks a node that presents `presented` and is trusted by `trusted`: 'answers', or its failure. */
  async function ask(presented: Certificate, trusted: Certificate): Promise<string> {
    const server = cleanup.add(
      await startHttpServer(() => ({ status: 200, text: '{"result":7,"error":null,"id":1}' }), presented),
      (it) => it.stop(),
    );
    const client = cleanup.add(
      new RpcClient(
        placeAt({ port: server.port, isSecure: true, certificateFile: trusted.certificateFile }),
        { clock: { monotonicMs: () => 0 }, timer: systemTimer },
      ),
      (it) => it.close(),
    );
    return client.call('uptime').then(
      () => 'answers',
      (error: unknown) => (error as Error).message,
    );
  }

  it('is accepted where it is the one of the file, whatever names are in it', async () => {
    const own = make('DNS:another-machine');
    expect(await ask(own, own)).toBe('answers');
  });

  it('of an authority is accepted by the names in it alone', async () => {
    const authority = make('DNS:authority');
    expect(await ask(issue(authority, 'IP:127.0.0.1'), authority)).toBe('answers');
    const message = await ask(issue(authority, 'DNS:another-machine'), authority);
    expect(message).toContain('ERR_TLS_CERT_ALTNAME_INVALID');
    expect(message).toContain('the URL must use a name that is in it');
  });

  it('is read once for all connections, until its file holds another', async () => {
    const [own, other] = [make('IP:127.0.0.1'), make('IP:127.0.0.1')];
    const certificate = new TrustedCertificate(own.certificateFile);
    const { secureContext } = await certificate.options();
    expect(secureContext).toBeDefined();
    expect(await certificate.reread()).toBe(false);
    expect((await certificate.options()).secureContext).toBe(secureContext);
    copyFileSync(other.certificateFile, own.certificateFile);
    expect(await certificate.reread()).toBe(true);
    expect((await certificate.options()).secureContext).not.toBe(secureContext);
  });

  it('is refused in one line where the file holds none', async () => {
    const own = make('IP:127.0.0.1');
    const empty = make('IP:127.0.0.1');
    writeFileSync(empty.certificateFile, 'x');
    expect(await ask(own, empty)).toMatch(/certificate \S+: holds no certificate; give PEM$/);
    const broken = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n';
    writeFileSync(empty.certificateFile, broken);
    expect(await ask(own, empty)).toMatch(
      /certificate \S+: holds no certificate that can be read; give PEM$/,
    );
  });
});
