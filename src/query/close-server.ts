import type { Server } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

/** Milliseconds that answers have to end, once what they wait for is broken off. */
const CLOSE_MS = 2_000;

/**
 * Waits for the answers of a server that takes no more connections, but not for ever, and ends those that are left. Node holds the
 * clients of a closed server against no limit any more: one that does not send the rest of its request would keep the node from stopping.
 */
export async function endAnswers(server: Server, running: Iterable<Promise<void>>): Promise<void> {
  const answered = Promise.all(running);
  await Promise.race([answered, sleep(CLOSE_MS, undefined, { ref: false })]);
  server.closeAllConnections();
  await answered;
}
