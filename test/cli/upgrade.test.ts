import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { brotliDecompressSync } from 'node:zlib';
import { Cleanup } from '../support/cleanup';
import { freePort } from '../support/free-port';
import { type Program, outputOf, runProgram } from '../support/program';
import { until } from '../support/until';

/** Data directories that these releases wrote, and what they said of them; made by scripts/old-data.ts. */
const RELEASES = path.join(__dirname, 'releases');

/** What a release said of its own store. */
interface Told {
  /** The begin of all of its points. */
  readonly since: string;
  /** The last line of its `audit`. */
  readonly audit: string;
  readonly answers: readonly { readonly question: readonly string[]; readonly answer: unknown }[];
}

describe.each(readdirSync(RELEASES))('a user who comes from %s', (release) => {
  const cleanup = new Cleanup();
  const told = JSON.parse(readFileSync(path.join(RELEASES, release, 'answers.json'), 'utf8')) as Told;
  let home: string;
  let store: string;
  let page: string;
  let listener: Program;

  beforeAll(async () => {
    home = cleanup.add(mkdtempSync(path.join(tmpdir(), 'btcdmon-upgrade-')), (name) =>
      rmSync(name, { recursive: true, force: true }),
    );
    const data = path.join(home, '.btcdmon');
    mkdirSync(data);
    for (const name of readdirSync(path.join(RELEASES, release)).filter((one) => one.endsWith('.br'))) {
      const packed = readFileSync(path.join(RELEASES, release, name));
      writeFileSync(path.join(data, name.replace(/\.br$/, '')), brotliDecompressSync(packed));
    }
    store = `duckdb:${path.join(data, 'btcdmon.duckdb')}`;
    page = `127.0.0.1:${await freePort()}`;
  });
  afterAll(() => cleanup.run());

  /** The answers of this version to what the release answered. */
  async function answers(...from: readonly string[]): Promise<Told['answers']> {
    const found: Told['answers'][number][] = [];
    for (const { question } of told.answers) {
      const text = await outputOf(['query', ...question, '--format', 'json', ...from], home);
      found.push({ question, answer: JSON.parse(text) as unknown });
    }
    return found;
  }

  /** A number that a statement tells of the store. */
  async function numberOf(sql: string): Promise<number> {
    const text = await outputOf(['query', '--raw', sql, '--format', 'csv'], home);
    return Number(text.trim().split('\n').at(-1));
  }

  /** The named queries that the page does not answer, each with the reason. */
  async function unanswered(): Promise<readonly string[]> {
    const list = await outputOf(['queries', '--format', 'json'], home);
    const names = (JSON.parse(list) as readonly { readonly name: string }[]).map(({ name }) => name.slice(1));
    expect(names.length).toBeGreaterThan(100);
    const found: string[] = [];
    for (const name of names) {
      const period = `since=${encodeURIComponent(told.since)}`;
      const response = await fetch(`http://${page}/api/panels/${name}?${period}&node=alice`);
      if (!response.ok) found.push(`${name}: ${await response.text()}`);
    }
    return found;
  }

  const audit = (): Promise<string> => outputOf(['audit', '--since', told.since, '--store', store], home);

  it('asks the old store before anything is started', async () => {
    expect(await answers('--store', store)).toEqual(told.answers);
    expect((await audit()).trim().split('\n').at(-1)).toBe(told.audit);
    expect(told.audit).toMatch(/^\d+ points of one run: the store holds every one$/);
  });

  it('looks at it with serve, and every panel answers', async () => {
    const served = cleanup.add(runProgram(['serve', '--http', page], home), (it) => it.kill());
    await until('its page', async () => (await fetch(`http://${page}/healthz`)).status > 0, {
      giveUp: served.ended,
    });
    expect(await unanswered()).toEqual([]);
    expect(await served.stop()).toBe(0);
  });

  it('starts the new version on it, and finds the old points in queries and panels', async () => {
    const peer = `127.0.0.1:${await freePort()}`;
    listener = cleanup.add(
      runProgram(
        ['--network', 'regtest', '--node', 'alice', '--connect', peer, '--interval', '500ms', '--http', page],
        home,
      ),
      (it) => it.kill(),
    );
    await until('its start', () => listener.log().includes('"listening"'), { giveUp: listener.ended });
    expect(await answers()).toEqual(told.answers);
    expect(await unanswered()).toEqual([]);
  });

  it('has the old points rolled up, and loses nothing', async () => {
    // The first pass over all series begins with the start.
    const hour = Date.parse(told.since) - (Date.parse(told.since) % 3_600_000) + 3_600_000;
    const isDone = async (): Promise<boolean> => {
      const done = `epoch_ms(hours_until) >= ${hour} AND epoch_ms(rolled_until) >= ${hour}`;
      return (await numberOf(`SELECT count(*) AS n FROM btcdmon_rollups WHERE ${done}`)) >= 15;
    };
    await until('the rollups', isDone, { giveUp: listener.ended });
    expect(await answers()).toEqual(told.answers);
    expect(await listener.stop()).toBe(0);
    expect(await numberOf('SELECT sum(points) AS n FROM tx_1h')).toBe(
      await numberOf('SELECT count(*) AS n FROM tx'),
    );
    expect(await audit()).toMatch(/^\d+ points of 2 runs: the store holds every one$/m);
    expect(await answers('--store', store)).toEqual(told.answers);
  });
});
