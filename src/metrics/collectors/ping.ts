import type { CollectorFactory } from '../collector';

/** `ping`: the round trip time of each answered ping. */
export const ping: CollectorFactory = ({ emit }) => ({
  name: 'ping',
  on: { pong: ({ rttMs }) => emit('ping', { rtt: rttMs }) },
});
