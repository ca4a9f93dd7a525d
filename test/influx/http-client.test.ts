import { type IncomingMessage, type RequestListener, createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo, Socket } from 'node:net';
import { HttpClient } from '../../src/influx/http-client';
import { parseInfluxUrl } from '../../src/influx/influx-url';
import { InfluxClient } from '../../src/query/influx-client';
import { Cleanup } from '../support/cleanup';
import { until } from '../support/until';

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

const signal = new AbortController().signal;

async function serve(listener: RequestListener) {
  const server = createServer(listener);
  cleanup.add(server, (it) => {
    it.closeAllConnections();
    it.close();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const client = cleanup.add(
    new HttpClient({ origin, headers: {}, ca: undefined, connections: Infinity }),
    (it) => it.close(),
  );
  return { server, origin, client };
}

function questions(origin: string): InfluxClient {
  const place = parseInfluxUrl(`influx+${origin}/db`, '--from');
  return cleanup.add(
    new InfluxClient(place, { login: { user: 'u', password: 'pä:ß' }, ca: undefined }),
    (it) => it.close(),
  );
}

describe('a response that is read as a stream', () => {
  it('fails if the server is silent before it', async () => {
    const { client } = await serve(() => undefined);
    await expect(client.get('/', signal, 50)).rejects.toThrow('no answer within 0.05 s');
  });

  it('fails if the server falls silent within it', async () => {
    const { client } = await serve((_, response) => response.write('begun'));
    // A busy machine may need longer for the begin.
    const response = await until('the begin of an answer', () => client.get('/', signal, 200));
    let text = '';
    const read = async (): Promise<void> => {
      for await (const chunk of response as AsyncIterable<string>) text += chunk;
    };
    await expect(read()).rejects.toThrow('no answer within 0.2 s');
    expect(text).toBe('begun');
  });

  it('is aborted by its signal', async () => {
    const { client } = await serve((_, response) => response.write('begun'));
    const abort = new AbortController();
    const response = await client.get('/', abort.signal, 60_000);
    abort.abort();
    await expect(once(response, 'end')).rejects.toThrow('aborted');
  });

  it('is requested again where a kept connection was closed', async () => {
    const asked: Socket[] = [];
    const { client } = await serve(({ socket }, response) => {
      const isKept = asked.includes(socket);
      asked.push(socket);
      if (isKept) socket.destroy();
      else response.end('here');
    });
    for (let turn = 0; turn < 2; turn++) {
      const response = await client.get('/', signal, 60_000);
      expect(response.statusCode).toBe(200);
      await once(response.resume(), 'end');
    }
    expect(asked).toHaveLength(3);
  });
});

describe('a question to InfluxDB', () => {
  it('returns each table when it comes, and every digit of an integer', async () => {
    let goOn = (): void => undefined;
    let asked: IncomingMessage | undefined;
    const { origin } = await serve((request, response) => {
      asked = request;
      response.write('{"results":[{"series":[{"columns":["sum"],"values":[[9007199254740993]]}]}]}\n');
      goOn = () => response.end('{"results":[{"series":[{"columns":["end"]}]}]}\n');
    });
    const tables = questions(origin).send('SELECT "a b"+1');
    expect((await tables.next()).value).toEqual({ columns: ['sum'], values: [[9007199254740993n]] });
    expect(asked?.headers.authorization).toBe(`Basic ${Buffer.from('u:pä:ß').toString('base64')}`);
    expect(new URL(asked?.url ?? '', origin).searchParams.get('q')).toBe('SELECT "a b"+1');
    goOn();
    expect((await tables.next()).value).toEqual({ columns: ['end'] });
    expect((await tables.next()).done).toBe(true);
  });

  it.each([
    [400, '{"error":"error parsing query: found \\"FROM\\" {x}"}\n', 'error parsing query: found "FROM" {x}'],
    [401, '{"error":"authorization failed"}\n', 'authorization failed'],
    [404, '404 page not found\n', 'answers 404 404 page not found'],
    [502, '<html>\n<h1>Bad Gateway</h1>', 'answers 502 <html> <h1>Bad Gateway</h1>'],
    [204, '', null],
  ])('that is answered with %i', async (status, text, message) => {
    const { origin } = await serve((_, response) => response.writeHead(status).end(text));
    const first = questions(origin).send('SHOW X').next();
    if (message === null) expect(await first).toEqual({ done: true, value: undefined });
    else await expect(first).rejects.toThrow(`InfluxDB at ${origin}, database db: ${message}`);
  });
});
