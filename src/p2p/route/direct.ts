import { connect } from 'node:net';
import type { Route } from './route';

/** bcoin's and btcd's limit. */
const TIMEOUT_MS = 10_000;

/** A TCP connection to an IP address. */
export const DIRECT: Route = {
  timeoutMs: TIMEOUT_MS,
  open: (host, port) => connect({ host, port }),
};
