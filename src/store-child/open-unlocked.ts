import { stat } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { FailureError } from '../lib/errors';
import { openParquetStore } from '../store/parquet-store';
import { type Store, openStore } from '../store/store';
import { StoreWriter } from '../store/writer';

/**
 * Milliseconds that the process of a killed program may need to close its store: it must notice that, end,
 * and the system frees up to a gigabyte of memory.
 */
const UNLOCK_MS = 2_000;

const TRY_AGAIN_MS = 50;

/** Is told what happens to a store. */
export interface StoreListener {
  /** Called with one line for each repair. */
  readonly warn: (message: string) => void;
  /** Called with the least number of stored points that are lost, where a damaged file was repaired. */
  readonly lost: (points: number) => void;
  /** Called before each COMMIT of points. */
  readonly committing: () => void;
}

/** How a store is opened; see `StoreOptions`. */
export interface HowToOpen {
  readonly readOnly: boolean;
  readonly isCurrent: boolean;
}

/** A store that was opened. */
export interface OpenedStore {
  /** Holds the store, which may be opened anew: it is asked for at each use. */
  readonly holder: { readonly store: Store };
  /** Takes points; undefined where the store is open for reading. */
  readonly writer: StoreWriter | undefined;
  close(): Promise<void>;
}

/**
 * Opens a store. Where another process has it open, it waits a moment for that one to end.
 * @throws FailureError as `openStore` does
 */
export async function openUnlocked(
  path: string,
  { readOnly, isCurrent }: HowToOpen,
  told: StoreListener,
): Promise<OpenedStore> {
  const deadline = performance.now() + UNLOCK_MS;
  // Another program that has it open may have changed its tables.
  for (let isSame = isCurrent; ; isSame = false)
    try {
      return await (readOnly ? openReader(path, told) : openWriter(path, isSame, told));
    } catch (error) {
      const isLocked = error instanceof FailureError && error.message.includes('in use by process');
      if (!isLocked || performance.now() > deadline) throw error;
      await sleep(TRY_AGAIN_MS);
    }
}

async function openWriter(path: string, isCurrent: boolean, told: StoreListener): Promise<OpenedStore> {
  const writer = new StoreWriter({ path, isCurrent, ...told });
  await writer.open();
  return { holder: writer, writer, close: () => writer.close() };
}

async function openReader(path: string, { warn }: StoreListener): Promise<OpenedStore> {
  const isFolder = (await stat(path).catch(() => null))?.isDirectory() === true;
  const store = isFolder ? await openParquetStore(path, warn) : await openStore(path, { readOnly: true });
  return { holder: { store }, writer: undefined, close: () => store.close() };
}
