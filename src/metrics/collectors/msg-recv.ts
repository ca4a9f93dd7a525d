import type { CollectorFactory } from '../collector';
import { CommandCounts } from '../command-counts';

/** `msg_recv`, `msg_recv_bytes`: what arrived in an interval, per command. */
export const msgRecv: CollectorFactory = ({ emit }) => {
  const counts = new CommandCounts();
  return {
    name: 'msg_recv',
    on: { received: ({ command, bytes }) => counts.add(command, bytes) },
    interval: () => {
      const { messages, bytes } = counts.take();
      emit('msg_recv', messages);
      emit('msg_recv_bytes', bytes);
    },
  };
};
