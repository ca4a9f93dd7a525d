import type { Server } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

/** How long answers may take to end after they were interrupted, in milliseconds. */
const CLOSE_MS = 2_000;

/**
 * Waits, for a limited time, for the answers of a server that accepts no more connections, then ends the
 * rest. Node applies no timeout to the clients of a closed server: one that does not finish its request would
 * keep the node from stopping.
 */
export async function endAnswers(server: Server, running: Iterable<Promise<void>>): Promise<void> {
  const answered = Promise.all(running);
  await Promise.race([answered, sleep(CLOSE_MS, undefined, { ref: false })]);
  server.closeAllConnections();
  await answered;
}
