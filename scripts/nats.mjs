// What points cost on their way into a NATS stream: confirmed points a second, bytes on the wire and
// processor time, with one server and with a cluster of three that all keep the stream, in batches of a node
// that catches up (5,000 points) and of a busy one (12). Usage: node scripts/nats.mjs [--points 500000]
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';

const require = createRequire(import.meta.url);
const { nats } = require('../dist/export/nats/exporter.js');

const { values } = parseArgs({ options: { points: { type: 'string', default: '500000' } } });
const COUNT = Number(values.points);
/** Of /proc/PID/stat: user and system time, in hundredths of a second. */
const cpuOf = (pid) => {
  const fields = readFileSync(`/proc/${pid}/stat`, 'latin1')
    .replace(/^.*\) /, '')
    .split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
};

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

async function startServers(folder, count) {
  const ports = await Promise.all(Array.from({ length: 2 * count }, freePort));
  const routes = ports.slice(count).map((port) => `nats://127.0.0.1:${port}`);
  const children = [];
  for (let i = 0; i < count; i++) {
    const cluster = `cluster { name: c, listen: "127.0.0.1:${ports[count + i]}", routes: [${routes}] }`;
    const file = path.join(folder, `${count}-${i}.conf`);
    writeFileSync(
      file,
      `server_name: n${i}\nlisten: "127.0.0.1:${ports[i]}"\njetstream { store_dir: "${folder}/${count}-${i}" }\n` +
        (count > 1 ? cluster : ''),
    );
    children.push(spawn('nats-server', ['-c', file], { stdio: 'ignore' }));
  }
  return { ports: ports.slice(0, count), children };
}

/** Lines as a busy relay makes them: a transaction, its input, three outputs. */
function batch(number, points) {
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
    text += `${kinds[Math.min(i % 5, 2)]} ${time}\n`;
  }
  return { id: `bench-1-${number}`, lines: Buffer.from(text), points };
}

const folder = mkdtempSync(path.join(tmpdir(), 'btcdmon-nats-rate-'));
console.log('servers  batch    points/s  bytes/point  of them lines  CPU s/million: node  servers');
try {
  for (const count of [1, 3]) {
    const { ports, children } = await startServers(folder, count);
    try {
      await sleep(4_000);
      for (const points of [5_000, 12]) {
        const total = points === 12 ? COUNT / 20 : COUNT;
        const others = ports.slice(1).map((port) => `127.0.0.1:${port}`);
        const url = `//127.0.0.1:${ports[0]}/B${points}?stream-size=8000${count > 1 ? `&servers=${others}` : ''}`;
        const exporter = nats(url, { env: {}, warn: console.error });
        await exporter.open();
        const batches = Array.from({ length: Math.ceil(total / points) }, (_, i) => batch(i, points));
        const bytes = batches.reduce((sum, { lines }) => sum + lines.length, 0);
        const before = {
          bytes: exporter.bytesSent,
          cpu: process.cpuUsage(),
          servers: children.map(({ pid }) => cpuOf(pid)),
        };
        const start = performance.now();
        let acked = 0;
        for (const one of batches) acked += (await exporter.writeLines(one)).acked;
        const seconds = (performance.now() - start) / 1_000;
        const { user, system } = process.cpuUsage(before.cpu);
        const servers = children.reduce((sum, { pid }, i) => sum + cpuOf(pid) - before.servers[i], 0);
        const cells = [
          String(count).padStart(7),
          String(points).padStart(5),
          Math.round(acked / seconds)
            .toLocaleString('en')
            .padStart(10),
          ((exporter.bytesSent - before.bytes) / acked).toFixed(1).padStart(11),
          (bytes / acked).toFixed(1).padStart(13),
          ((user + system) / acked).toFixed(2).padStart(20),
          ((servers / acked) * 1e6).toFixed(2).padStart(7),
        ];
        console.log(cells.join('  '));
        await exporter.close();
      }
    } finally {
      for (const child of children) child.kill('SIGKILL');
      await Promise.all(children.map((child) => child.exitCode ?? once(child, 'exit')));
    }
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
