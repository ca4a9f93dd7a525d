/**
 * What ends with the test run if nothing has ended it before: one listener for all, of which Node.js wants no
 * more than ten.
 */
const kills = new Set<() => void>();

process.once('exit', () => {
  for (const kill of kills) kill();
});

export function killAtExit(kill: () => void): void {
  kills.add(kill);
}

export function hasEnded(kill: () => void): void {
  kills.delete(kill);
}
