import type { CollectorFactory } from '../collector';
import { CommandCounts } from '../command-counts';

/** `msg_sent`, `msg_sent_bytes`: what was sent in an interval, per command. */
export const msgSent: CollectorFactory = ({ emit, isWatched = false }) => {
  const counts = new CommandCounts();
  return {
    name: 'msg_sent',
    on: { sent: ({ command, bytes }) => counts.add(command, bytes) },
    interval: () => {
      const { messages, bytes } = counts.take();
      // The listener relays nothing, so it never holds inventory back because a peer has it. The inventory
      // that a watched node holds back can't be seen.
      emit('msg_sent', isWatched ? messages : { ...messages, inv_known: 0 });
      emit('msg_sent_bytes', bytes);
    },
  };
};
