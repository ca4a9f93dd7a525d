import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { KIND, readMessage } from '../../src/record/record';
import { Cleanup } from '../support/cleanup';
import { messageCame, openTestRecording, readAll, recordedPeer, tell } from '../support/recording';
import { findProgram, requirement } from '../support/requires';

const python = requirement(
  'python3',
  () => findProgram('python3'),
  'install Python (Debian: apt-get install python3)',
);

/** The reader that the documentation shows. */
const READER = /```python\n([\s\S]*?)```/.exec(
  readFileSync(path.join(__dirname, '../../docs/recording.md'), 'utf8'),
)?.[1];

const cleanup = new Cleanup();
afterAll(() => cleanup.run());

const NAMES = Object.keys(KIND);

python.describe('the reader in Python of docs/recording.md', (program) => {
  it('has about 30 lines, and reads what is recorded, also behind damage', async () => {
    expect(READER?.split('\n').length).toBeLessThan(38);
    const directory = cleanup.add(mkdtempSync(path.join(tmpdir(), 'btcdmon-python-')), (name) =>
      rmSync(name, { recursive: true }),
    );
    const script = path.join(directory, 'read.py');
    writeFileSync(script, READER ?? '');
    const recording = path.join(directory, 'recording');
    const { recorder, writer, close } = await openTestRecording(recording);
    const peer = recordedPeer(4_000_000_000);
    tell(recorder, 'opened', { peer });
    for (let i = 0; i < 40; i++) {
      messageCame(recorder, peer, i % 2 === 0 ? 'inv' : 'getcfcheckpt', Buffer.alloc(i * 1_000, i));
      recorder.sent(peer, 'pong', Buffer.alloc(8), 32);
      if (i % 10 === 0) await writer.drained();
    }
    await close();
    const file = path.join(recording, readdirSync(recording)[0] ?? '');
    const compare = async (): Promise<number> => {
      const { records } = await readAll(recording);
      const expected = records.map((record) => {
        const { kind, timeNs, peer: id, body } = record;
        const message = kind === KIND.in || kind === KIND.out ? readMessage(record) : null;
        const isText = kind === KIND.start || kind === KIND.fact;
        const text = isText
          ? body.toString()
          : message === null
            ? ''
            : `${message.command} ${message.payload.length}`;
        return `${timeNs} ${id} ${NAMES[kind] ?? ''} ${text}`;
      });
      const lines = execFileSync(program, [script, recording], { encoding: 'utf8' }).trimEnd().split('\n');
      expect(lines).toEqual(expected);
      return lines.length;
    };
    const whole = await compare();
    expect(whole).toBe(82);
    // Any reader of gzip has the records as well.
    expect(gunzipSync(readFileSync(file)).length).toBe(writer.taken + firstRecord(file));

    const bytes = readFileSync(file);
    const second = bytes.indexOf('1f8b0806', 10, 'hex');
    bytes.fill(0, second + 50, second + 60);
    writeFileSync(file, bytes);
    const damaged = await compare();
    expect(damaged).toBeGreaterThan(0);
    expect(damaged).toBeLessThan(whole);
  });
});

/** The bytes of the record with which a file begins. */
function firstRecord(file: string): number {
  const raw = gunzipSync(readFileSync(file));
  return 12 + (raw.readUInt32LE(8) >>> 8);
}
