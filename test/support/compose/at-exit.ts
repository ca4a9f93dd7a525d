/**
 * Kills processes that are still running when the test run ends. There is one listener for all of them,
 * because Node.js warns above ten.
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
