// What hostile statements do to a node: the built program on a regtest network (`demo`), asked over its page.
//   node scripts/statements.mjs --known [--skip-slow]
//   node scripts/statements.mjs --fuzz [--runs 50000] [--seed S] [--from I] [--nodes 2] [--verbose]
// --known asks the statements of statements-known.mjs; --skip-slow leaves out those that run until the node
// ends them. --fuzz asks calls of DuckDB's functions with large arguments, the same for the same seed: each
// is left after a second, of several nodes side by side. Meanwhile a panel is asked all the time. Fails where
// a node ends, takes 2 GB with all its processes, leaves a panel without an answer for --panel-ms (1,000; on
// a busy machine give more), or where `audit` finds a point missing or twice in the end. --program FILE has
// another build asked, as one of before, --limit BYTES with so much memory for data (prlimit) where it has no
// limit of its own. Needs dist (npm run build) and Linux (/proc).
import { parseArgs } from 'node:util';
import { calls, readFunctions } from './statements-fuzz.mjs';
import { KNOWN } from './statements-known.mjs';
import { AskedNode } from './statements-node.mjs';

/** The memory of the node and its processes together. */
const MEMORY_BYTES = 2_000_000_000;
/** More than the node gives a statement. */
const KNOWN_LEAVE_MS = 25_000;
/** After which whoever asks leaves: one that needs so long is one that goes on. */
const FUZZ_LEAVE_MS = 1_000;

function fail(message) {
  console.error(`statements: ${message}`);
  process.exit(2);
}

function readOptions() {
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
        program: { type: 'string', default: new URL('../bin/btcdmon-node', import.meta.url).pathname },
        limit: { type: 'string', default: '0' },
        verbose: { type: 'boolean', default: false },
      },
    });
    const number = (name, least) => {
      const value = Number(values[name]);
      if (!Number.isSafeInteger(value) || value < least)
        fail(`--${name} takes a whole number from ${least}, not ${values[name]}`);
      return value;
    };
    if (values.known === values.fuzz) fail('give --known or --fuzz');
    return {
      ...values,
      runs: number('runs', 1),
      seed: number('seed', 0),
      from: number('from', 0),
      nodes: number('nodes', 1),
      limit: number('limit', 0),
      panelMs: number('panel-ms', 1),
    };
  } catch (error) {
    return fail(error.message);
  }
}

const options = readOptions();
const failures = [];
const failed = (line) => {
  failures.push(line);
  console.error(`statements: ${line}`);
};
const mb = (bytes) => `${(bytes / 1e6).toFixed(0)} MB`;
const start = () =>
  AskedNode.start(options.program, options.limit === 0 ? [] : ['prlimit', `--data=${options.limit}`]);

/** Whether a node that was to live, have memory left and answer panels after `asked` did so. */
function judgePanel(node, asked, panel) {
  if (!node.isAlive) failed(`${asked}: the node has ended with ${node.end}: ${node.log.slice(-500)}`);
  else if (typeof panel !== 'number') failed(`${asked}: ${panel}`);
  else if (panel > options.panelMs) failed(`${asked}: a panel took ${panel.toFixed(0)} ms`);
}

function judgeMemory(node, asked) {
  const memory = node.memory.take();
  if (memory > MEMORY_BYTES) failed(`${asked}: ${mb(memory)}`);
  return memory;
}

async function judge(node) {
  const { problems, said } = await node.judge();
  for (const problem of problems) failed(problem);
  if (said !== '') console.log(`statements: audit: ${said}`);
}

async function known() {
  let node = await start();
  console.log('| statement | answered | seconds | memory | slowest panel | |');
  console.log('|---|---|---:|---:|---:|---|');
  for (const { name, statement, isSlow } of KNOWN) {
    if (isSlow === true && options['skip-slow']) continue;
    await node.slowestPanel();
    node.memory.take();
    const begun = performance.now();
    const said = await node.ask(statement, KNOWN_LEAVE_MS);
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

async function fuzz() {
  const { runs, seed, from, verbose } = options;
  const statements = calls(await readFunctions(), seed, from, runs);
  const nodes = await Promise.all(Array.from({ length: Math.min(options.nodes, runs) }, start));
  const answers = { answered: 0, refused: 0, left: 0 };
  const most = { panel: 0, memory: 0 };
  let asked = 0;
  const begun = performance.now();
  const tell = () => {
    const seconds = ((performance.now() - begun) / 1_000).toFixed(0);
    const sum = (numberOf) => nodes.reduce((total, node) => total + numberOf(node), 0);
    console.log(
      `statements: seed ${seed}: ${asked} calls in ${seconds} s: ${answers.answered} answered, ${answers.refused} refused or failed, ` +
        `${answers.left} not awaited; the slowest of ${sum((node) => node.answered)} panels ${most.panel.toFixed(0)} ms, ` +
        `${mb(most.memory)} at most, ${sum((node) => node.restarts)} restarts of a store`,
    );
  };
  const work = async (node) => {
    // What was asked since the last panel was answered.
    let recent = [];
    node.onPanel = (panel) => {
      most.panel = Math.max(most.panel, panel);
      judgePanel(node, `seed ${seed}, ${recent.join('; ')}`, panel);
      recent = [];
    };
    for (const { index, statement } of statements) {
      recent.push(`call ${index} (${statement})`);
      const said = await node.ask(statement, FUZZ_LEAVE_MS);
      answers[said === 'answered' || said === 'left' ? said : 'refused']++;
      if (verbose) console.log(`${index} ${said.slice(0, 100)} ${statement.slice(0, 160)}`);
      if (said === 'left') await node.free();
      most.memory = Math.max(most.memory, judgeMemory(node, `call ${index} of seed ${seed} (${statement})`));
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

await (options.known ? known() : fuzz());
if (failures.length > 0) process.exitCode = 1;
