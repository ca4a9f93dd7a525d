import { setTimeout as sleep } from 'node:timers/promises';
import { FailureError } from '../lib/errors';
import { type Store, openStore } from '../store/store';
import { StoreWriter } from '../store/writer';

/**
 * Milliseconds that a process may need to let go of a store whose program was killed: it ends when it sees
 * that, and the system frees what may be a gigabyte of memory.
 */
const UNLOCK_MS = 2_000;

const TRY_AGAIN_MS = 50;

/** Who is told of what was repaired: in one line, and how many points are lost at least. */
export interface RepairListener {
  readonly warn: (message: string) => void;
  readonly lost: (points: number) => void;
}

/** A store that was opened. */
export interface OpenedStore {
  /** Asked for at each use: a store may be opened anew. */
  readonly holder: { readonly store: Store };
  /** Where points go; undefined where the store is only read. */
  readonly writer: StoreWriter | undefined;
  close(): Promise<void>;
}

/**
 * Opens a store, and waits a moment for a process that has it open to end.
 * @throws FailureError as `openStore` does
 */
export async function openUnlocked(
  path: string,
  readOnly: boolean,
  told: RepairListener,
): Promise<OpenedStore> {
  const deadline = performance.now() + UNLOCK_MS;
  for (;;)
    try {
      return await (readOnly ? openReader(path) : openWriter(path, told));
    } catch (error) {
      const isLocked = error instanceof FailureError && error.message.includes('in use by process');
      if (!isLocked || performance.now() > deadline) throw error;
      await sleep(TRY_AGAIN_MS);
    }
}

async function openWriter(path: string, told: RepairListener): Promise<OpenedStore> {
  const writer = new StoreWriter({ path, ...told });
  await writer.open();
  return { holder: writer, writer, close: () => writer.close() };
}

async function openReader(path: string): Promise<OpenedStore> {
  const store = await openStore(path, { readOnly: true });
  return { holder: { store }, writer: undefined, close: () => store.close() };
}
