import type { NetworkName } from '../../wire/networks';
import type { FullEngine, FullVerdict } from './engine';

/** What a worker is started with. */
export interface WorkerStart {
  readonly network: NetworkName;
  readonly directory: string | undefined;
}

/** A call of one of the engine's methods; the answer carries its id. Bytes are in memory of their own. */
export type WorkerCall = { readonly id: number } & (
  | { readonly method: 'add'; readonly block: ArrayBuffer; readonly runScripts: boolean }
  | { readonly method: 'headers'; readonly from: number }
  | { readonly method: 'values'; readonly outpoints: ArrayBuffer }
  | { readonly method: 'close' }
);

/** What a method gives. */
export type WorkerResult = FullVerdict | Uint8Array | Float64Array | undefined;

/** What a worker says: `opened`, then an answer to each call; or `failed`, which is the last. */
export type WorkerMessage =
  | {
      readonly type: 'opened';
      readonly opened: Pick<FullEngine, 'tip' | 'height' | 'openSsl' | 'invalid'>;
    }
  | { readonly type: 'answer'; readonly id: number; readonly result: WorkerResult }
  | { readonly type: 'failed'; readonly message: string };
