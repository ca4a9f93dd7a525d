import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { BIN } from '../../test/support/program';

const COLUMNS = 100;
const ROWS = 36;

/** Rates are those of several frames, which come every two seconds. */
const SETTLED_MS = 15_000;

/** How `top` steers a terminal (`src/top/screen.ts`). */
const HOME = '\x1b[H';
const CLEAR_LINE = '\x1b[K';
const STYLES: Readonly<Record<string, string>> = {
  '\x1b[1m': '<span class="title">',
  '\x1b[2m': '<span class="faint">',
  '\x1b[32m': '<span class="good">',
  '\x1b[33m': '<span class="warn">',
  '\x1b[1;31m': '<span class="alert">',
  '\x1b[0m': '</span>',
};

/** The element of the document that has the frame. */
export const FRAME = 'pre';

/** Runs `btcdmon-node top` in a folder, on a terminal, and returns a frame of it as an HTML document. */
export async function topFrame(scriptProgram: string, args: readonly string[], cwd: string): Promise<string> {
  const command = [process.execPath, BIN, 'top', ...args].map((word) => `'${word}'`).join(' ');
  const terminal = spawn(
    scriptProgram,
    ['-qefc', `stty cols ${COLUMNS} rows ${ROWS}; exec ${command}`, '/dev/null'],
    { cwd, stdio: ['pipe', 'pipe', 'inherit'], env: { ...process.env, TERM: 'xterm' } },
  );
  let output = '';
  terminal.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
  const exited = once(terminal, 'exit');
  await sleep(SETTLED_MS);
  // The newest frame may not be complete.
  const frame = output.split(HOME).at(-2) ?? '';
  terminal.stdin.write('q');
  await exited;
  return documentOf(frame);
}

function documentOf(frame: string): string {
  const lines = frame
    .replaceAll(CLEAR_LINE, '')
    .split('\r\n')
    .map((line) =>
      Object.entries(STYLES).reduce(
        (text, [sequence, tag]) => text.replaceAll(sequence, tag),
        line.replaceAll('&', '&amp;').replaceAll('<', '&lt;'),
      ),
    );
  return `<!doctype html><meta charset="utf-8"><style>
    body { margin: 0; background: #16181d }
    pre { display: inline-block; margin: 0; padding: 12px 16px; background: #16181d; color: #d5d8de;
          font: 14px/1.35 'DejaVu Sans Mono', monospace }
    .title { font-weight: bold; color: #fff }
    .faint { color: #8a909b }
    .good { color: #6ecb7f }
    .warn { color: #e0b341 }
    .alert { font-weight: bold; color: #ff6b6b }
  </style><pre>${lines.join('\n').trimEnd()}</pre>`;
}
