import { freePort } from './free-port';

/** `COUNT`: asks for ports, prints them in one line, and lives until its input ends. */
async function main(count: number): Promise<void> {
  const ports: number[] = [];
  while (ports.length < count) ports.push(await freePort());
  process.stdout.write(ports.join(' '));
  process.stdin.resume();
}

void main(Number(process.argv[2]));
