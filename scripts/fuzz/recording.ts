import { deflateRawSync, gunzipSync, gzipSync } from 'node:zlib';
import { EventBus } from '#dist/lib/event-bus';
import type { P2PEvents } from '#dist/p2p/p2p-events';
import { findBlock, readBlockHead, sealBlock } from '#dist/record/block';
import { cleanText, describeFrame } from '#dist/record/describe-frame';
import { FrameLister } from '#dist/record/frame-list';
import { RecordError } from '#dist/record/fact';
import {
  commandField,
  KIND,
  readRecords,
  RECORD_HEAD_BYTES,
  type StoredRecord,
  writeRecordHead,
} from '#dist/record/record';
import { Redactor } from '#dist/record/redact';
import { ReplayClock } from '#dist/record/replay-clock';
import { Replayer } from '#dist/record/replayer';
import { diagramLine } from '#dist/record/sequence-diagram';
import { TcpStory } from '#dist/record/tcp-story';
import { type Random, mutate, pick } from './mutate';

/** What the first record of a file says. */
const START = JSON.stringify({
  ...{ format: 1, program: '0.2.0', network: 'mainnet', node: 'n', startedMs: 1, intervalMs: 500 },
  ...{ policy: 'core', maxUserAgents: 2, mempoolBytes: 1, hasAsMap: true, isFull: false, isWhole: true },
  peers: [{ id: 2, address: '[2001:db8::1]:8333', outbound: false, version: '00' }],
});

/** What may be told of a message. */
const FACTS = [
  { event: 'opened', address: '192.0.2.9:8333', outbound: true },
  { event: 'announced', known: 1 },
  { event: 'transaction', first: true, receivedMs: 1.5 },
  { event: 'block', first: true, requested: true, fetched: false, receivedMs: 1.5 },
  { event: 'handshake', asn: 5 },
  { event: 'addresses' },
  { event: 'headers' },
  { event: 'blockAnnounced', hash: 'ab'.repeat(32) },
  { event: 'header', header: '00'.repeat(80) },
  { event: 'interval', known: 1, banned: 0 },
  { event: 'compactBlock', hash: 'ab'.repeat(32), prefilled: 1, shortIds: 1, bytes: 1, blockTxnBytes: 0 },
  { event: 'disconnected', established: true, reason: 'stopped' },
].map((fact) => JSON.stringify(fact));

function record(kind: number, body: Buffer): Buffer {
  const head = Buffer.alloc(RECORD_HEAD_BYTES);
  writeRecordHead(head, 0, { deltaNs: 1, peer: 1, kind, length: body.length });
  return Buffer.concat([head, body]);
}

/** Records of a connection that sends one message, of which everything is told. */
function recordsWith(command: string, payload: Buffer): Buffer {
  const message = Buffer.concat([commandField(command), payload]);
  return Buffer.concat([
    record(KIND.start, Buffer.from(START)),
    record(KIND.fact, Buffer.from(FACTS[0] ?? '')),
    record(KIND.clock, Buffer.from('010000000500000000000000000000f03f', 'hex').subarray(0, 16)),
    record(KIND.in, message),
    ...FACTS.slice(1).map((fact) => record(KIND.fact, Buffer.from(fact))),
    record(KIND.out, message),
    record(KIND.torn, Buffer.alloc(16, 65)),
  ]);
}

/**
 * Gives all that reads a recording the damaged records of somebody else: what replays them, lists them, makes
 * packets of them and takes the addresses out. None may throw, or write a control character.
 */
export function readRecording(command: string, payload: Buffer, random: Random): void {
  const sound = recordsWith(command, payload);
  const raw = random(4) === 0 ? sound : mutate(sound, payload, random, random(2) === 0);
  const bus = new EventBus<P2PEvents>();
  const nothing = (): void => undefined;
  const hooks = { setUp: nothing, interval: nothing, follow: nothing, header: nothing, headers: nothing };
  const replayer = new Replayer({ bus, clock: new ReplayClock(), hooks });
  const lister = new FrameLister('run', {});
  const story = new TcpStory();
  let bytes = 0;
  const take = (stored: StoredRecord): void => {
    bytes += RECORD_HEAD_BYTES + stored.body.length;
    replayer.take(stored);
    try {
      const frame = lister.take(stored);
      if (frame === null) return;
      for (const text of [describeFrame(frame), cleanText(frame.command), diagramLine(frame).trimEnd()])
        // eslint-disable-next-line no-control-regex -- none may be there
        if (/[\u0000-\u001f\u007f-\uffff]/.test(text)) throw new Error(`the text ${JSON.stringify(text)}`);
      story.packets(frame);
    } catch (error) {
      if (!(error instanceof RecordError)) throw error;
    }
  };
  readRecords(raw, 1_700_000_000_000_000_000n, take);
  if (bytes > raw.length) throw new Error('records beyond the block');
  new Redactor().block(raw, 0n);
  findInFile(raw, random);
}

/** Damages a file of two blocks. Whatever is found in it must be a block within it. */
function findInFile(raw: Buffer, random: Random): void {
  const block = sealBlock(gzipSync(raw, { level: 1 }), { timeNs: 5n, number: 0, records: 1 });
  if (!gunzipSync(block).equals(raw)) throw new Error('a block that gzip does not read');
  const file = mutate(
    Buffer.concat([block, block]),
    pick([block, deflateRawSync(raw)], random),
    random,
    false,
  );
  for (let at = findBlock(file, 0); at >= 0; at = findBlock(file, at + 1)) {
    const head = readBlockHead(file, at);
    if (head === null || head.bytes < 1) throw new Error('a head that is none');
  }
}
