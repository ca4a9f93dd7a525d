/*
 * The thread of full validation. The signatures of a full block take seconds, and the listener must serve its
 * sockets meanwhile.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { FailureError } from '../../lib/errors';
import { explainDatabase } from './database';
import { FullChain } from './full-chain';
import type { WorkerCall, WorkerMessage, WorkerResult, WorkerStart } from './worker-messages';

const { network, directory } = workerData as WorkerStart;

function say(message: WorkerMessage): void {
  parentPort?.postMessage(message);
}

/** Reports that nothing can be judged any more. The stored chain stays as it was before the current block. */
function fail(error: unknown): void {
  const message = error instanceof FailureError ? error.message : explainDatabase(directory, error);
  say({ type: 'failed', message });
}

function run(chain: FullChain, call: WorkerCall): Promise<WorkerResult> {
  switch (call.method) {
    case 'add':
      return chain.add(Buffer.from(call.block), call.runScripts);
    case 'headers':
      return chain.headers(call.from);
    case 'values':
      return chain.values(Buffer.from(call.outpoints));
    case 'close':
      return chain.close().then(() => undefined);
  }
}

async function serve(): Promise<void> {
  const chain = await FullChain.open(network, directory);
  const { tip, height, openSsl, invalid } = chain;
  say({ type: 'opened', opened: { tip, height, openSsl, invalid } });
  parentPort?.on('message', (call: WorkerCall) => {
    run(chain, call).then((result) => {
      say({ type: 'answer', id: call.id, result });
      if (call.method === 'close') parentPort?.close();
    }, fail);
  });
}

serve().catch(fail);
