import { InfluxDB } from 'influx';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { explainInflux } from '../../src/influx/explain';

/** The package's error for a response. */
async function errorOf(status: number, text: string): Promise<unknown> {
  const server = createServer((_, response) => response.writeHead(status).end(text));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const influx = new InfluxDB({ host: '127.0.0.1', port, database: 'x', pool: { maxRetries: 0 } });
  try {
    return await influx.getDatabaseNames().catch((error: unknown) => error);
  } finally {
    server.close();
  }
}

it.each([
  [401, '{"error":"authorization failed"}\n', 'authorization failed'],
  [
    403,
    '{"error":"error authorizing query: \\"a\\"\\n{b} requires admin privilege"}\n',
    'error authorizing query: "a" {b} requires admin privilege',
  ],
  [404, '404 page not found\n', 'A 404 Not Found error occurred: 404 page not found'],
  [404, '{"error":7}', 'A 404 Not Found error occurred: {"error":7}'],
  [200, '{"results":[{"error":"database not found: x"}]}', 'Error from InfluxDB: database not found: x'],
  [503, '{"error":"later"}', 'Service Unavailable'],
])('%i %s', async (status, text, words) => {
  expect(explainInflux(await errorOf(status, text))).toBe(words);
});
