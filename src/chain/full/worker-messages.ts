import type { NetworkName } from '../../wire/networks';
import type { FullEngine, FullVerdict } from './engine';

/** Parameters that a worker is started with. */
export interface WorkerStart {
  readonly network: NetworkName;
  readonly directory: string | undefined;
}

/**
 * A call of one of the engine's methods; the answer carries its id. Bytes are in their own memory, so that it
 * can be transferred.
 */
export type WorkerCall = { readonly id: number } & (
  | { readonly method: 'add'; readonly block: ArrayBuffer; readonly runScripts: boolean }
  | { readonly method: 'headers'; readonly from: number }
  | { readonly method: 'values'; readonly outpoints: ArrayBuffer }
  | { readonly method: 'close' }
);

/** Result of a method. */
export type WorkerResult = FullVerdict | Uint8Array | Float64Array | undefined;

/** Messages of a worker: `opened`, then an answer to each call; `failed` is the last one. */
export type WorkerMessage =
  | {
      readonly type: 'opened';
      readonly opened: Pick<FullEngine, 'tip' | 'height' | 'openSsl' | 'invalid'>;
    }
  | { readonly type: 'answer'; readonly id: number; readonly result: WorkerResult }
  | { readonly type: 'failed'; readonly message: string };
