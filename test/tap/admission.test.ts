import type { Socket } from 'node:net';
import { Admission, type Inbound } from '../../src/tap-child/admission';

/** A socket of a peer at an address that no test can dial from. */
function from(remoteAddress: string, port = 1_000): Socket & { isDestroyed: boolean } {
  const socket = {
    remoteAddress,
    remotePort: port,
    isDestroyed: false,
    destroy: () => (socket.isDestroyed = true),
  };
  return socket as unknown as Socket & { isDestroyed: boolean };
}

function admitted(result: ReturnType<Admission['admit']>): Inbound {
  if (result === null || typeof result === 'string') throw new Error(`not admitted: ${String(result)}`);
  return result;
}

it('gives an address an eighth of the connections, and a netgroup a quarter', () => {
  const admission = new Admission('mainnet', 16);
  const first = admitted(admission.admit(from('198.51.100.1')));
  admitted(admission.admit(from('198.51.100.1')));
  expect(admission.admit(from('198.51.100.1'))).toBe('inbound-share');
  expect(admission.admit(from('::ffff:198.51.100.1'))).toBe('inbound-share');
  admitted(admission.admit(from('198.51.100.2')));
  admitted(admission.admit(from('198.51.200.3')));
  expect(admission.admit(from('198.51.7.7'))).toBe('inbound-share');
  first.ended();
  admitted(admission.admit(from('198.51.7.7')));
  // This machine's own address may stand for anybody.
  for (let i = 0; i < 12; i++) admitted(admission.admit(from('127.0.0.1', i + 1)));
  expect(admission.admit(from('127.0.0.1', 99))).toBe('inbound-full');
});

it('ends the connections of a banned address, and refuses it', () => {
  const admission = new Admission('mainnet', 100);
  const sockets = [from('198.51.100.1', 1), from('198.51.100.1', 2), from('203.0.113.1', 3)] as const;
  for (const socket of sockets) admitted(admission.admit(socket));
  admission.ban('198.51.100.1');
  expect(sockets.map(({ isDestroyed }) => isDestroyed)).toEqual([true, true, false]);
  expect(admission.admit(from('198.51.100.1', 4))).toBe('banned');
  expect(admission.admit(from('::ffff:198.51.100.1', 4))).toBe('banned');
  admitted(admission.admit(from('203.0.113.1', 4)));
});

it('lets no connection in that has ended already', () => {
  const ended = { destroy: () => undefined } as unknown as Socket;
  expect(new Admission('mainnet', 16).admit(ended)).toBeNull();
});
