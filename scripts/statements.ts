// Measures what hostile statements do to a node. Runs the built program on a regtest network (`demo`) and
// sends it statements through its page.
//   node -r tsx/cjs scripts/statements.ts --known [--skip-slow]
//   node -r tsx/cjs scripts/statements.ts --fuzz [--runs 50000] [--seed S] [--from I] [--nodes 2] [--verbose]
// --known sends the statements of statements/known.ts. --skip-slow leaves out those that run until the node's
// deadline. --fuzz sends calls of DuckDB's functions with large arguments to several nodes side by side. The
// same seed gives the same calls. A call that takes more than a second is abandoned. All the time a panel is
// requested as well. The run fails if a node ends, if it uses 2 GB with all its processes, if a panel takes
// longer than --panel-ms (1,000; give more on a busy machine), or if `audit` finds a point missing or stored
// twice in the end. --program FILE tests another build, such as an earlier one. --limit BYTES limits the
// memory of such a build (prlimit --data) if it has no limit of its own. Needs dist (npm run build) and Linux
// (/proc).
import { parseArgs } from 'node:util';
import { quantile } from '../src/lib/quantile';
import { BIN } from '../test/support/program';
import { AskedNode } from './statements/asked-node';
import { calls, readFunctions } from './statements/calls';
import { KNOWN } from './statements/known';
import { endAllAtSignal } from './support/end-at-signal';
import { messageOf, usageError, wholeNumber } from './support/options';

/** The limit for the memory of a node and its processes together. */
const MEMORY_BYTES = 2_000_000_000;
/** When a known statement is abandoned. The node's own deadline is shorter. */
const KNOWN_ABANDON_MS = 25_000;
/** When a call is abandoned. One that takes so long usually runs until the node's deadline. */
const FUZZ_ABANDON_MS = 1_000;

interface Options {
  readonly known: boolean;
  readonly skipSlow: boolean;
  readonly runs: number;
  readonly seed: number;
  readonly from: number;
  readonly nodes: number;
  readonly panelMs: number;
  readonly program: string;
  readonly limit: number;
  readonly verbose: boolean;
}

function readOptions(): Options {
  try {
    const { values } = parseArgs({
      options: {
        known: { type: 'boolean', default: false },
        'skip-slow': { type: 'boolean', default: false },
        fuzz: { type: 'boolean', default: false },
        runs: { type: 'string', default: '50000' },
        seed: { type: 'string', default: String(Date.now() % 0x1_0000_0000) },
        from: { type: 'string', default: '0' },
        nodes: { type: 'string', default: '2' },
        'panel-ms': { type: 'string', default: '1000' },
        program: { type: 'string', default: BIN },
        limit: { type: 'string', default: '0' },
        verbose: { type: 'boolean', default: false },
      },
    });
    const number = (name: 'runs' | 'seed' | 'from' | 'nodes' | 'limit' | 'panel-ms', least: number): number =>
      wholeNumber('statements', name, values[name], least);
    if (values.known === values.fuzz) return usageError('statements', 'give either --known or --fuzz');
    return {
      known: values.known,
      skipSlow: values['skip-slow'],
      program: values.program,
      verbose: values.verbose,
      runs: number('runs', 1),
      seed: number('seed', 0),
      from: number('from', 0),
      nodes: number('nodes', 1),
      limit: number('limit', 0),
      panelMs: number('panel-ms', 1),
    };
  } catch (error) {
    return usageError('statements', messageOf(error));
  }
}

const options = readOptions();
const failures: string[] = [];
const failed = (line: string): void => {
  failures.push(line);
  console.error(`statements: ${line}`);
};
const mb = (bytes: number): string => `${(bytes / 1e6).toFixed(0)} MB`;
const start = (): Promise<AskedNode> =>
  AskedNode.start(options.program, options.limit === 0 ? [] : ['prlimit', `--data=${options.limit}`]);

/**
 * Records a failure if the node has ended, or if its panel took too long. `asked` names the statements
 * before.
 */
function judgePanel(node: AskedNode, asked: string, panel: number | string): void {
  if (!node.isAlive) failed(`${asked}: the node has ended with ${node.end}: ${node.log.slice(-500)}`);
  else if (typeof panel !== 'number') failed(`${asked}: ${panel}`);
  else if (panel > options.panelMs)
    failed(
      `${asked}: a panel took ${panel.toFixed(0)} ms; the last restart of the store: ${node.lastRestart}`,
    );
}

/** The peak memory of the node since the last call. Records a failure if it is too much. */
function judgeMemory(node: AskedNode, asked: string): number {
  const memory = node.memory.take();
  if (memory > MEMORY_BYTES) failed(`${asked}: ${mb(memory)}`);
  return memory;
}

async function judge(node: AskedNode): Promise<void> {
  const { problems, said } = await node.judge();
  for (const problem of problems) failed(problem);
  if (said !== '') console.log(`statements: audit: ${said}`);
}

async function known(): Promise<void> {
  let node = await start();
  console.log('| statement | answered | seconds | memory | slowest panel | |');
  console.log('|---|---|---:|---:|---:|---|');
  for (const { name, statement, isSlow } of KNOWN) {
    if (isSlow && options.skipSlow) continue;
    await node.slowestPanel();
    node.memory.take();
    const begun = performance.now();
    const said = await node.ask(statement, KNOWN_ABANDON_MS);
    const seconds = ((performance.now() - begun) / 1_000).toFixed(1);
    const panel = await node.slowestPanel();
    judgePanel(node, name, panel);
    const memory = judgeMemory(node, name);
    const told = typeof panel === 'number' ? `${panel.toFixed(0)} ms` : 'none';
    const [line = ''] = said === 'answered' ? [] : said.split('\n');
    console.log(
      `| ${name} | ${said === 'answered' ? 'yes' : 'no'} | ${seconds} | ${mb(memory)} | ${told} | ${line.slice(0, 110)} |`,
    );
    if (node.isAlive) continue;
    node.remove();
    node = await start();
  }
  await judge(node);
}

async function fuzz(): Promise<void> {
  const { runs, seed, from, verbose } = options;
  const statements = calls(await readFunctions(), seed, from, runs);
  const nodes = await Promise.all(Array.from({ length: Math.min(options.nodes, runs) }, start));
  const answers = { answered: 0, refused: 0, abandoned: 0 };
  const panels: number[] = [];
  let memory = 0;
  let asked = 0;
  const begun = performance.now();
  const tell = (): void => {
    const seconds = ((performance.now() - begun) / 1_000).toFixed(0);
    const sum = (numberOf: (node: AskedNode) => number): number =>
      nodes.reduce((total, node) => total + numberOf(node), 0);
    const sorted = [...panels].sort((a, b) => a - b);
    const ms = (share: number): string => `${(quantile(sorted, share) ?? 0).toFixed(0)} ms`;
    const late = panels.filter((panel) => panel > options.panelMs).length;
    console.log(
      `statements: seed ${seed}: ${asked} calls in ${seconds} s: ${answers.answered} answered, ${answers.refused} refused or failed, ` +
        `${answers.abandoned} abandoned; ${late} of ${panels.length} panels took more than ${options.panelMs} ms ` +
        `(median ${ms(0.5)}, p99 ${ms(0.99)}, slowest ${ms(1)}), ${sum((node) => node.refused)} refused, ` +
        `${mb(memory)} at most, ${sum((node) => node.restarts)} restarts of a store`,
    );
    for (const { refused, lastRefusal } of nodes)
      if (refused > 0) console.log(`statements: the last refused panel: ${lastRefusal.slice(0, 300)}`);
  };
  const work = async (node: AskedNode): Promise<void> => {
    // The calls since the last panel was answered. The last of them may still run.
    let recent: string[] = [];
    node.onPanel = (panel) => {
      panels.push(panel);
      judgePanel(node, `seed ${seed}, ${recent.join('; ')}`, panel);
      recent = recent.slice(-1);
    };
    for (const { index, statement } of statements) {
      recent.push(`call ${index} (${statement})`);
      const said = await node.ask(statement, FUZZ_ABANDON_MS);
      answers[said === 'answered' || said === 'abandoned' ? said : 'refused']++;
      if (verbose) console.log(`${index} ${said.slice(0, 100)} ${statement.slice(0, 160)}`);
      if (said === 'abandoned') await node.free();
      memory = Math.max(memory, judgeMemory(node, `call ${index} of seed ${seed} (${statement})`));
      if (++asked % 1_000 === 0) tell();
      if (!node.isAlive) break;
    }
    node.onPanel = () => undefined;
    const last = await node.slowestPanel();
    if (typeof last !== 'number') judgePanel(node, `seed ${seed}, ${recent.join('; ')}`, last);
  };
  await Promise.all(nodes.map(work));
  tell();
  for (const node of nodes) await judge(node);
}

async function main(): Promise<void> {
  await (options.known ? known() : fuzz());
  if (failures.length > 0) process.exitCode = 1;
}

endAllAtSignal();
void main();
