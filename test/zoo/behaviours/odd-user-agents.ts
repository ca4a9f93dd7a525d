import type { Behaviour } from '../behaviour';

export const oddUserAgents: Behaviour = {
  name: 'odd-user-agents',
  does: 'Claims user agents with line protocol, escapes, NULs, and 256 bytes.',
  ends: 'stays',
  run: async (cage) => {
    const odd = ['\\', 'a,b=c d=1', '\u0000\u001b[2J', '"\n\r', '%s%n', '=cmd|calc', '\u00ff'.repeat(256)];
    for (const userAgent of odd) await cage.join({ claims: { userAgent } });
    await cage.pause(2_000);
  },
};
