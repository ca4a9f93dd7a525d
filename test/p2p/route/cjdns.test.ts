import { makeRoutes } from '../../../src/app/routes';
import { DIRECT } from '../../../src/p2p/route/direct';
import type { SocksProxy } from '../../../src/p2p/route/socks';

const CJDNS = 'fc32:17ea:e415:c3bf:9808:149d:b5a2:c9aa';
/** An address of a private network (RFC 4193) that is none of CJDNS. */
const PRIVATE = 'fd00::1';

const warn = (): void => undefined;
const proxy: SocksProxy = {
  endpoint: { host: '127.0.0.1', port: 9_050 },
  login: null,
  shown: '--proxy 127.0.0.1:9050',
};

describe('an address of fc00::/8', () => {
  it('is a private one without --cjdns-reachable: dialled directly where it is named, and never from the book', () => {
    for (const routes of [makeRoutes({}, warn), makeRoutes({ proxy }, warn)]) {
      expect(routes.to(CJDNS)).toBe(DIRECT);
      expect(routes.reaches('cjdns')).toBe(false);
    }
  });

  it('is one of CJDNS with it: dialled directly, and by the proxy where there is one', () => {
    const direct = makeRoutes({ cjdns: true }, warn);
    expect([direct.to(CJDNS), direct.reaches('cjdns')]).toEqual([DIRECT, true]);
    const proxied = makeRoutes({ cjdns: true, proxy }, warn);
    expect(proxied.reaches('cjdns')).toBe(true);
    expect(proxied.to(CJDNS)).toBe(proxied.to('2001:db8::1'));
    expect(proxied.to(CJDNS)).not.toBe(DIRECT);
    // Other private addresses are not in CJDNS.
    expect(proxied.to(PRIVATE)).toBe(DIRECT);
  });
});
