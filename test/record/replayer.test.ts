import { EventBus } from '../../src/lib/event-bus';
import { SystemClock } from '../../src/lib/clock';
import type { P2PEvents } from '../../src/p2p/p2p-events';
import { decodeReadings, GatheredReadings } from '../../src/record/clock-readings';
import { RecordError } from '../../src/record/fact';
import { FrameLister } from '../../src/record/frame-list';
import {
  commandField,
  KIND,
  readRecords,
  RECORD_HEAD_BYTES,
  type StoredRecord,
  writeRecordHead,
} from '../../src/record/record';
import { RecordedBus } from '../../src/record/recorded-bus';
import { Recorder } from '../../src/record/recorder';
import type { NewRecord, RecordWriter } from '../../src/record/record-writer';
import { Redactor } from '../../src/record/redact';
import { ReplayClock } from '../../src/record/replay-clock';
import { Replayer } from '../../src/record/replayer';
import { readStart } from '../../src/record/start-record';
import { encodeInventory, INV_TX } from '../../src/wire/messages/inventory';
import { fakeHash } from '../support/fake-hash';
import { versionPayload } from '../support/fake-peer';
import { recordedPeer, START, tell } from '../support/recording';

const nothing = (): void => undefined;
const HOOKS = { setUp: nothing, interval: nothing, follow: nothing, header: nothing, headers: nothing };

/** A recorder whose records stay in memory, as a reader would find them. */
function memoryRecorder(): { readonly recorder: Recorder; readonly records: StoredRecord[] } {
  const records: StoredRecord[] = [];
  const clock = new SystemClock();
  const epochNs = clock.uniqueNs();
  const writer = {
    epochNs,
    put: ({ sinceNs, peer, kind, head, body, length }: NewRecord) =>
      void records.push({
        timeNs: epochNs + BigInt(sinceNs),
        peer,
        kind: kind & 15,
        form: kind >> 4,
        body: Buffer.concat([head, body.subarray(0, length)]),
      }),
  };
  const recorder = new Recorder({ only: null }, { writer: writer as unknown as RecordWriter, clock });
  return { recorder, records };
}

const fact = (event: string, fields: object = {}, peer = 1): StoredRecord => ({
  ...{ timeNs: 1n, peer, kind: KIND.fact, form: 0 },
  body: Buffer.from(JSON.stringify({ event, ...fields })),
});

const message = (command: string, payload: Buffer): StoredRecord => ({
  ...{ timeNs: 1n, peer: 1, kind: KIND.in, form: 0 },
  body: Buffer.concat([commandField(command), payload]),
});

/** Records that are not what their kind says, behind one that opens the connection. */
const WRONG: StoredRecord[] = [
  fact('violation', { reason: 'flood' }, 9), // a connection that was not opened
  fact('violation', { reason: 'Not A Word' }),
  fact('violation', { reason: 7 }),
  fact('violation'),
  fact('announced', { known: 1 }), // no message before it
  fact('handshake'), // no version before it
  fact('opened', { address: 'a b', outbound: true }, 2),
  fact('opened', { address: '127.0.0.1:1' }, 2),
  fact('pong', { rttMs: null }),
  fact('blockAnnounced', { hash: 'xy' }),
  fact('header', { header: '00' }),
  fact('compactBlock', { hash: '00' }),
  fact('block', { first: true, requested: true, receivedMs: 1 }),
  { ...fact('x'), body: Buffer.from('{') },
  { ...fact('x'), body: Buffer.from('[]') },
  { ...fact('x'), kind: KIND.in, body: Buffer.alloc(11) },
  { ...message('inv', Buffer.of(0)), form: 3 },
  { ...fact('x'), kind: KIND.torn, body: Buffer.alloc(3) },
  { ...fact('x'), kind: KIND.read, body: Buffer.alloc(3) },
  { ...fact('x'), kind: KIND.headers, body: Buffer.alloc(81) },
  { ...fact('x'), kind: KIND.block, body: Buffer.alloc(80) },
  { ...fact('x'), kind: KIND.clock, body: Buffer.from('ffffffff', 'hex') },
];

describe('a recorder and a replayer', () => {
  it('give the same events and the same times, also of an event within another', () => {
    const { recorder, records } = memoryRecorder();
    const bus = new RecordedBus<P2PEvents>(recorder);
    const peer = { ...recordedPeer(1), claims: null };
    const items = [{ type: INV_TX, hash: fakeHash('a') }];
    /** Has whoever hears of something ask for the time, before and after it causes something else. */
    const hear = (
      on: Pick<EventBus<P2PEvents>, 'on'>,
      clock: Pick<ReplayClock, 'uniqueNs' | 'monotonicMs'>,
      report: () => void,
    ): unknown[] => {
      const heard: unknown[] = [];
      on.on('announced', ({ items: all, known }) => {
        heard.push(['announced', all, known, clock.uniqueNs(), clock.monotonicMs()]);
        report();
        heard.push(['then', clock.uniqueNs(), clock.monotonicMs(), clock.uniqueNs()]);
      });
      on.on('violation', ({ reason }) => heard.push(['violation', reason, clock.uniqueNs()]));
      on.on('bytesRead', ({ bytes }) => heard.push(['read', bytes]));
      on.on('sent', ({ command, bytes }) => heard.push(['sent', command, bytes]));
      on.on('bytesWritten', ({ bytes }) => heard.push(['written', bytes]));
      on.on('overhead', (event) => heard.push(['overhead', event.kind, event.read, event.written]));
      return heard;
    };
    const before = hear(bus, recorder.clock, () => bus.emit('violation', { peer, reason: 'flood' }));
    tell(recorder, 'opened', { peer });
    bus.emit('bytesWritten', { peer, bytes: 64 });
    bus.emit('overhead', { peer, kind: 'handshake', read: 0, written: 64 });
    bus.emit('bytesRead', { peer, bytes: 30 });
    bus.emit('bytesRead', { peer, bytes: 31 });
    const payload = encodeInventory(items);
    recorder.arrived(peer, 'inv', 24 + payload.length);
    bus.emit('received', { peer, command: 'inv', bytes: 24 + payload.length });
    recorder.message(peer, payload);
    bus.emit('announced', { peer, items, known: 1 });
    recorder.sent(peer, 'getdata', payload, 24 + payload.length);
    bus.emit('bytesWritten', { peer, bytes: 24 + payload.length });
    bus.emit('sent', { peer, command: 'getdata', bytes: 24 + payload.length });

    const clock = new ReplayClock();
    const again = new EventBus<P2PEvents>();
    const after = hear(again, clock, nothing);
    const replayer = new Replayer({ bus: again, clock, hooks: HOOKS });
    for (const record of records) replayer.take(record);
    expect(replayer.counts).toMatchObject({ messages: 2, wrong: 0 });
    // An event within another follows it, with its own times.
    expect(after).toHaveLength(before.length - 1);
    const sorted = (heard: readonly unknown[]): string[] =>
      heard
        .filter((each) => (each as unknown[])[0] !== 'read')
        .map((each) => (each as unknown[]).map(String).join(' '))
        .sort();
    expect(sorted(after)).toEqual(sorted(before));
    expect(after).toContainEqual(['read', 61]);
    expect(clock.invented).toBe(0);
  });

  it('keep times of the clock to the last bit, near and far', () => {
    const monotonic = [0.1 + 0.2, 1e9 / 3, 0];
    const timeNs = 0x1_0000_0005n;
    const gathered = new GatheredReadings();
    const many = Array.from({ length: 3_000 }, (_, i) => timeNs + BigInt(i));
    for (const unique of [
      [timeNs, timeNs + 0xffff_ffffn],
      [timeNs - 1n],
      [timeNs + 0x1_0000_0000n],
      [],
      many,
      [timeNs + 7n],
    ]) {
      gathered.clear();
      expect(gathered.isEmpty).toBe(true);
      for (const ns of unique) gathered.addUnique(ns);
      for (const ms of monotonic) gathered.addMonotonic(ms);
      const { form, body, length } = gathered.encode(timeNs);
      expect(decodeReadings(form, body.subarray(0, length), timeNs)).toEqual({ unique, monotonic });
    }
  });
});

describe('a replayer', () => {
  it('counts what is no record of a recording, and goes on', () => {
    const bus = new EventBus<P2PEvents>();
    const told: string[] = [];
    for (const event of ['disconnected', 'violation', 'announced', 'handshake'] as const)
      bus.on(event, () => told.push(event));
    const replayer = new Replayer({ bus, clock: new ReplayClock(), hooks: HOOKS });
    const opened = fact('opened', { address: '127.0.0.1:1', outbound: true });
    replayer.take(opened);
    for (const record of WRONG) replayer.take(record);
    // Of later versions.
    replayer.take(fact('yet unknown'));
    replayer.take({ ...fact('x'), kind: 15 });
    expect([replayer.counts.wrong, told]).toEqual([WRONG.length, []]);
    replayer.take(message('version', versionPayload()));
    replayer.take(fact('handshake'));
    replayer.take(message('inv', Buffer.of(0)));
    replayer.take(fact('announced', { known: 0 }));
    replayer.take(fact('disconnected', { established: true, reason: 'stopped' }));
    expect([replayer.counts.wrong, told]).toEqual([WRONG.length, ['handshake', 'announced', 'disconnected']]);
  });

  it('is not alone: a list and a copy without addresses take the same records', () => {
    const redactor = new Redactor();
    const lister = new FrameLister('run', {});
    let refused = 0;
    for (const { kind, form, body } of WRONG) {
      const head = Buffer.alloc(RECORD_HEAD_BYTES);
      writeRecordHead(head, 0, { deltaNs: 1, peer: 1, kind: kind + form * 16, length: body.length });
      const raw = Buffer.concat([head, body]);
      const copy = redactor.block(raw, 5n);
      expect(copy.records).toBeLessThanOrEqual(1);
      readRecords(raw, 5n, (record) => {
        try {
          lister.take(record);
        } catch (error) {
          expect(error).toBeInstanceOf(RecordError);
          refused++;
        }
      });
    }
    expect([redactor.left > 4, refused > 4]).toEqual([true, true]);
  });

  it('lets no recording invent reasons without end', () => {
    const replayer = new Replayer({ bus: new EventBus<P2PEvents>(), clock: new ReplayClock(), hooks: HOOKS });
    replayer.take(fact('opened', { address: '127.0.0.1:1', outbound: true }));
    for (let i = 0; i < 300; i++) replayer.take(fact('violation', { reason: `reason-${i}` }));
    expect(replayer.counts.wrong).toBe(100);
  });
});

it.each([
  ['network', 'moon'],
  ['policy', 'none'],
  ['node', 'a\\'],
  ['node', 'a\nb'],
  ['intervalMs', 0],
  ['startedMs', -1],
  ['isWhole', 'yes'],
  ['peers', {}],
  ['peers', [1]],
  ['peers', [{ id: 1, address: 'a b', outbound: true }]],
  ['peers', [{ id: 1, address: 'a:1', outbound: true, version: 'x' }]],
])('a beginning of a file whose %s is %j is refused', (name, value) => {
  expect(readStart(Buffer.from(JSON.stringify({ ...START, peers: [] }))).start.node).toBe('recorded');
  expect(() => readStart(Buffer.from(JSON.stringify({ ...START, peers: [], [name]: value })))).toThrow(/./);
});
