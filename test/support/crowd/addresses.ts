/** Addresses of loopback for simulated peers: 127.x.y.z, none of which ends with 0 or 255. */
const HOSTS = 250;
const A_NET = HOSTS * HOSTS;

/** Others that run tests at the same time have other addresses. */
const FIRST_NET = 2 + (process.pid % 200);

/** The address of a peer, by its number. */
export function hostOf(peer: number): string {
  return [
    127,
    FIRST_NET + Math.floor(peer / A_NET),
    Math.floor(peer / HOSTS) % HOSTS,
    1 + (peer % HOSTS),
  ].join('.');
}

/** The number of the peer with an address. */
export function peerAt(host: string): number {
  const [, net = 0, high = 0, low = 0] = host.split('.').map(Number);
  return (net - FIRST_NET) * A_NET + high * HOSTS + low - 1;
}
