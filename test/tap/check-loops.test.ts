import { checkLoops } from '../../src/tap/check-loops';
import { parseForward } from '../../src/tap/settings';

const LOCAL = new Set(['192.0.2.7', '2001:db8::7']);

function check(forwards: readonly string[], socks?: string, upstream?: string): void {
  const endpoint = (text: string | undefined): { host: string; port: number } | null =>
    text === undefined ? null : parseForward(`${text}=x:1`, 0).listen;
  checkLoops(
    {
      forwards: forwards.map((text) => parseForward(text, 8333)),
      socks: endpoint(socks),
      upstreamProxy: endpoint(upstream),
    },
    LOCAL,
  );
}

it.each([
  '127.0.0.1:8333=127.0.0.1:8333',
  '127.0.0.1=127.0.0.1',
  '0.0.0.0:8333=127.0.0.1:8333',
  '0.0.0.0:8333=127.0.0.9:8333',
  '0.0.0.0:8333=192.0.2.7:8333',
  '0.0.0.0:8333=localhost:8333',
  '0.0.0.0:8333=0.0.0.0:8333',
  '127.0.0.1:8333=localhost:8333',
  '127.0.0.1:8333=0.0.0.0:8333',
  '[::]:8333=127.0.0.1:8333',
  '[::]:8333=[2001:db8::7]:8333',
  '[::1]:8333=[0:0:0:0:0:0:0:1]:8333',
  'LOCALHOST:8333=localhost:8333',
])('refuses %s, which leads back to itself', (text) => {
  expect(() => check([text])).toThrow(/leads back to itself; give the port that the node listens on$/);
});

it.each([
  '0.0.0.0:8333=127.0.0.1:18333',
  '192.0.2.7:8333=127.0.0.1:8333',
  '127.0.0.1:8333=127.0.0.2:8333',
  '0.0.0.0:8333=198.51.100.1:8333',
  '0.0.0.0:8333=[::1]:8333',
  '0.0.0.0:8333=btcd.internal:8333',
])('takes %s', (text) => {
  expect(() => check([text])).not.toThrow();
});

it('refuses a circle of several forwards, and names them', () => {
  expect(() =>
    check(['127.0.0.1:1=127.0.0.1:2', '0.0.0.0:2=localhost:3', '127.0.0.1:3=127.0.0.1:1']),
  ).toThrow(
    '--forward 127.0.0.1:1=127.0.0.1:2: leads back to itself, over --forward 0.0.0.0:2=localhost:3 and ' +
      '--forward 127.0.0.1:3=127.0.0.1:1; give the port that the node listens on',
  );
  // The first leads into the circle of the others.
  expect(() =>
    check(['127.0.0.1:1=127.0.0.1:2', '127.0.0.1:2=127.0.0.1:3', '127.0.0.1:3=127.0.0.1:2']),
  ).toThrow(/^--forward 127.0.0.1:2=127.0.0.1:3: leads back to itself, over --forward 127.0.0.1:3/);
  expect(() => check(['127.0.0.1:1=127.0.0.1:2', '127.0.0.1:2=127.0.0.1:3'])).not.toThrow();
});

it('refuses an upstream proxy that is the tap itself', () => {
  expect(() => check([], '127.0.0.1:9150', 'localhost:9150')).toThrow(
    '--socks 127.0.0.1:9150 with --upstream-proxy localhost:9150: leads back to itself',
  );
  expect(() => check([], '127.0.0.1:9150', '127.0.0.1:9050')).not.toThrow();
});

it.each(['8333', '', '=', 'a=', '=b', 'a=b=c'])('refuses "%s" as a forward', (text) => {
  expect(() => parseForward(text, 8333)).toThrow(`--forward ${text}: not LISTEN=TARGET; give`);
});

it('names the part of a forward that is wrong', () => {
  expect(() => parseForward('0.0.0.0:8333=127.0.0.1:70000', 8333)).toThrow('"70000" is not a port');
  expect(() => parseForward('ho st:8333=127.0.0.1:1', 8333)).toThrow('--forward ho st:8333: not a host');
});
