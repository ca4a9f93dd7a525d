import { displayOf, hash256 } from '../../src/wire/hash';
import { readZmqMessage } from '../../src/watch/zmq-messages';
import { zmqPlaces } from '../../src/watch/zmq-places';
import { MessageCounts } from '../../src/watch/series/message-counts';
import { sequenceBody } from '../support/zmq-publisher';

const DISPLAY = '00000000000000000001a2b3c4d5e6f708192a3b4c5d6e7f8091a2b3c4d5e6f7';
const BODY = Buffer.from(DISPLAY, 'hex');

describe('a message of Core', () => {
  it('has its hash as people write it', () => {
    const told = (notice: ReturnType<typeof readZmqMessage>): unknown =>
      notice != null && 'hash' in notice ? [notice.kind, displayOf(notice.hash)] : notice;
    expect(told(readZmqMessage('hashblock', BODY))).toEqual(['connected', DISPLAY]);
    expect(told(readZmqMessage('sequence', sequenceBody('C', DISPLAY)))).toEqual(['connected', DISPLAY]);
    expect(told(readZmqMessage('sequence', sequenceBody('D', DISPLAY)))).toEqual(['disconnected', DISPLAY]);
    const accepted = readZmqMessage('sequence', sequenceBody('A', DISPLAY, 7n));
    expect(accepted).toMatchObject({ kind: 'accepted' });
    expect(accepted).toEqual({ ...readZmqMessage('hashtx', BODY), kind: 'accepted' });
  });

  it('about a removal is not used', () => {
    expect(readZmqMessage('sequence', sequenceBody('R', DISPLAY))).toBeNull();
  });

  it('with a block has the hash of its header', () => {
    const block = Buffer.alloc(200, 3);
    expect(readZmqMessage('rawblock', block)).toEqual({
      kind: 'connected',
      hash: hash256(block.subarray(0, 80)),
    });
  });

  it.each([
    ['sequence', Buffer.alloc(0)],
    ['sequence', BODY],
    ['sequence', sequenceBody('C', DISPLAY).subarray(1)],
    ['sequence', Buffer.concat([sequenceBody('D', DISPLAY), Buffer.alloc(8)])],
    ['sequence', sequenceBody('A', DISPLAY).subarray(0, 33)],
    ['sequence', Buffer.concat([BODY, Buffer.from('X')])],
    ['hashtx', BODY.subarray(1)],
    ['hashblock', Buffer.alloc(33)],
    ['rawtx', Buffer.alloc(0)],
    ['rawblock', Buffer.alloc(80)],
  ] as const)('%s of another form than it has is not read', (topic, body) => {
    expect(readZmqMessage(topic, body)).toBeUndefined();
  });
});

describe('what is subscribed to', () => {
  const publisher = (type: string, address = 'tcp://127.0.0.1:28332') => ({ type, address, hwm: 1_000 });
  const here = { host: '127.0.0.1' };

  it('is as little as tells all', () => {
    const all = ['hashblock', 'rawblock', 'hashtx', 'rawtx', 'sequence', 'hashwallettx'];
    const of = (topics: readonly string[]): unknown =>
      zmqPlaces(
        topics.map((topic) => publisher(`pub${topic}`)),
        here,
      ).flatMap((place) => place.topics);
    expect(of(all)).toEqual(['sequence', 'rawtx']);
    expect(of(['rawblock', 'rawtx'])).toEqual(['rawtx', 'rawblock']);
    expect(of(['rawblock', 'hashblock', 'hashtx'])).toEqual(['hashtx', 'hashblock']);
    expect(of([])).toEqual([]);
  });

  it('is at the first address of each topic that is reached from here', () => {
    const publishers = [
      publisher('pubsequence', 'tcp://127.0.0.1:1'),
      publisher('pubrawtx', 'ipc:///run/core.sock'),
      publisher('pubsequence', 'tcp://0.0.0.0:2'),
      publisher('pubrawtx', 'tcp://[::]:3'),
    ];
    expect(zmqPlaces(publishers, here)).toEqual([
      { address: 'tcp://127.0.0.1:1', topics: ['sequence'] },
      { address: 'ipc:///run/core.sock', topics: ['rawtx'] },
    ]);
    // What is published on the machine of the node alone is not reached from another one.
    expect(zmqPlaces(publishers, { host: '192.0.2.7' })).toEqual([
      { address: 'tcp://192.0.2.7:2', topics: ['sequence'] },
      { address: 'tcp://192.0.2.7:3', topics: ['rawtx'] },
    ]);
    expect(zmqPlaces([publisher('pubrawtx', 'tcp://*:4')], { host: '2001:db8::7' })).toEqual([
      { address: 'tcp://[2001:db8::7]:4', topics: ['rawtx'] },
    ]);
    expect(zmqPlaces([publisher('pubrawtx', 'nonsense')], here)).toEqual([]);
  });
});

it('counts what is missing between the messages of each topic', () => {
  const counts = new MessageCounts();
  expect([7, 8, 11, 12].map((number) => counts.take('rawtx', number))).toEqual([0, 0, 2, 0]);
  expect([0xffff_fffe, 0xffff_ffff, 0, 2].map((number) => counts.take('sequence', number))).toEqual([
    0, 0, 0, 1,
  ]);
  // One that goes back.
  expect([5, 6].map((number) => counts.take('rawtx', number))).toEqual([1, 0]);
  counts.forget();
  expect(counts.take('rawtx', 0)).toBe(0);
});
