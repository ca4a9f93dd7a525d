import { BlockProcessor } from '../../src/chain/block-processor';
import type { ChainEvents } from '../../src/chain/chain-events';
import { HeaderChain } from '../../src/chain/header-chain';
import { ORPHAN_LIMITS, type OrphanLimits } from '../../src/chain/orphan-blocks';
import { EventBus } from '../../src/lib/event-bus';
import type { MonitorEvents } from '../../src/metrics/collector';
import { type Block, parseBlock } from '../../src/wire/block';
import { displayOf } from '../../src/wire/hash';
import { mineBlock, NOW, REGTEST } from './mine';

/** A chain of blocks, the first on `on` at `height`. */
export function branch(on: Buffer, height: number, count: number, salt: number): Block[] {
  const blocks: Block[] = [];
  let last = on;
  for (let i = 0; i < count; i++) {
    last = mineBlock({ on: last, height: height + i, salt });
    blocks.push(parseBlock(last));
  }
  return blocks;
}

/**
 * A processor whose events are recorded as one line each, with names for blocks; connected and disconnected
 * blocks are recorded separately.
 */
export function newProcessor(limits: OrphanLimits = ORPHAN_LIMITS) {
  const chain = new HeaderChain(REGTEST, { unixTime: () => NOW });
  const bus = new EventBus<MonitorEvents>();
  const stored: string[] = [];
  let ms = 0;
  const clock = { monotonicMs: () => (ms += 1.5) };
  const headerAdded = (block: Buffer): void => void stored.push(parseBlock(block).hash);
  const processor = new BlockProcessor({ chain, clock, bus, headerAdded }, limits);
  const names = new Map<string, string>();
  const lines: string[] = [];
  const name = (hash: string): string => names.get(hash) ?? hash;
  const say = (...words: readonly (string | number | undefined)[]): void =>
    void lines.push(words.filter((word) => word !== undefined).join(' '));
  bus.on('processedBlock', (event) => {
    say(name(event.block.hash), event.status, event.reason, event.height);
    events.push(event);
  });
  bus.on('reorg', ({ depth, oldTip, newTip, forkHeight }) =>
    say('reorg', depth, name(displayOf(oldTip)), '->', name(displayOf(newTip)), 'at', forkHeight),
  );
  bus.on('newBest', ({ block, height }) => say('best', name(block.hash), height));
  const events: ChainEvents['processedBlock'][] = [];
  const moves: string[] = [];
  bus.on('blockConnected', ({ block, height }) => moves.push(`+${name(block.hash)} ${height}`));
  bus.on('blockDisconnected', ({ hash, height }) => moves.push(`-${name(displayOf(hash))} ${height}`));
  return {
    chain,
    bus,
    processor,
    stored,
    events,
    /** Names blocks `prefix` and a number from 1. */
    call: (prefix: string, blocks: readonly Block[]): void =>
      blocks.forEach(({ hash }, i) => names.set(hash, `${prefix}${i + 1}`)),
    process: (blocks: readonly Block[], requested = true): string[] => {
      for (const block of blocks) processor.process({ block, peerAddress: 'peer:1', requested });
      return lines.splice(0);
    },
    /** What was connected (+) and disconnected (-) since the last call. */
    takeMoves: (): string[] => moves.splice(0),
    takeLines: (): string[] => lines.splice(0),
  };
}

/** The block at `index`, which must exist. */
export const at = (blocks: readonly Block[], index: number): Block => {
  const block = blocks[index];
  if (block === undefined) throw new Error(`no block ${index}`);
  return block;
};
