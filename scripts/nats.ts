// Measures what it costs to write points to a NATS stream: confirmed points a second, bytes on the wire and
// processor time. Measures one server, and a cluster of three servers that all store the stream. The batches
// are those of a node that catches up (5,000 points) and of a busy node (12 points). Needs dist (npm run
// build). Usage:
//   node -r tsx/cjs scripts/nats.ts [--points 500000]
import { parseArgs } from 'node:util';
import { nats } from '#dist/export/nats/exporter';
import { type Nats, natsServer, startNats } from '../test/support/nats';
import { cpuSecondsOf } from '../test/support/proc';
import { usageError, wholeNumber } from './support/options';

const { values } = parseArgs({ options: { points: { type: 'string', default: '500000' } } });
const COUNT = wholeNumber('nats', 'points', values.points, 20);

/** A batch in the form that the exporter takes. */
interface Batch {
  readonly id: string;
  readonly lines: Buffer;
  readonly points: number;
}

/** Lines like those of a busy relay: for each transaction one input and three outputs. */
function batch(number: number, points: number): Batch {
  let text = '';
  let time = 1_790_000_000_000_000_000n + BigInt(number * points) * 1_000n;
  const tags = 'network=mainnet,node=a-node';
  for (let i = 0; i < points; i++, time += 1_000n) {
    const sha = (number * points + i).toString(16).padStart(64, '0');
    const kinds = [
      `tx,${tags} version_num=2i,tx_size=222i,num_inputs=1i,num_outputs=3i,weight=561i,vsize=141i,is_standard=true,sha="${sha}"`,
      `tx_inputs,${tags} sig_script_len=0i,witness_size=107i,sequence_num=4294967293i,is_standard=true`,
      `tx_outputs,${tags},script_type=witness_v1_taproot size=22i,value=${100_000_000 + i}i,is_standard=true,is_dust=false`,
    ];
    text += `${kinds[Math.min(i % 5, 2)] ?? ''} ${time}\n`;
  }
  return { id: `bench-1-${number}`, lines: Buffer.from(text), points };
}

/** Writes `total` points in batches of `points`, and prints the cost. */
async function measure(running: Nats, points: number, total: number): Promise<void> {
  const { servers } = running;
  const place = running.url(`B${points}`, 'stream-size=8000').replace(/^nats:/, '');
  const exporter = nats(place, { env: {}, warn: console.error });
  await exporter.open();
  const batches = Array.from({ length: Math.ceil(total / points) }, (_, i) => batch(i, points));
  const bytes = batches.reduce((sum, { lines }) => sum + lines.length, 0);
  const serverSeconds = (): number => servers.reduce((sum, { pid }) => sum + cpuSecondsOf(pid), 0);
  const before = { bytes: exporter.bytesSent, cpu: process.cpuUsage(), servers: serverSeconds() };
  const start = performance.now();
  let acked = 0;
  for (const one of batches) acked += (await exporter.writeLines(one)).acked;
  const seconds = (performance.now() - start) / 1_000;
  const { user, system } = process.cpuUsage(before.cpu);
  const cells = [
    String(servers.length).padStart(7),
    String(points).padStart(5),
    Math.round(acked / seconds)
      .toLocaleString('en')
      .padStart(10),
    ((exporter.bytesSent - before.bytes) / acked).toFixed(1).padStart(11),
    (bytes / acked).toFixed(1).padStart(13),
    ((user + system) / acked).toFixed(2).padStart(20),
    (((serverSeconds() - before.servers) / acked) * 1e6).toFixed(2).padStart(7),
  ];
  console.log(cells.join('  '));
  await exporter.close();
}

async function main(): Promise<void> {
  if (natsServer.path === null) usageError('nats', 'nats-server was not found');
  console.log('servers  batch    points/s  bytes/point  of them lines  CPU s/million: node  servers');
  for (const count of [1, 3]) {
    const running = await startNats({ servers: count, maxFileStore: '100GB' });
    try {
      await measure(running, 5_000, COUNT);
      await measure(running, 12, COUNT / 20);
    } finally {
      await running.stop();
    }
  }
}

void main();
