import { connect } from 'node:net';
import type { NodePlace } from './node-place';

/** How long a connection may take. */
const PATIENCE_MS = 5_000;

/** Whether anybody accepts connections where a node is to be. */
export function isListening({ host, port }: Pick<NodePlace, 'host' | 'port'>): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: PATIENCE_MS });
    const settle = (isThere: boolean) => (): void => {
      socket.destroy();
      resolve(isThere);
    };
    socket.on('connect', settle(true)).on('error', settle(false)).on('timeout', settle(false));
  });
}
