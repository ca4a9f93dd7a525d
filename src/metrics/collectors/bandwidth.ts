import type { CollectorFactory } from '../collector';

/** `bandwidth`: bytes through all sockets since the start. */
export const bandwidth: CollectorFactory = ({ emit }) => {
  let read = 0;
  let written = 0;
  return {
    name: 'bandwidth',
    on: {
      bytesRead: ({ bytes }) => (read += bytes),
      bytesWritten: ({ bytes }) => (written += bytes),
      bytesMissed: (bytes) => {
        read += bytes.read;
        written += bytes.written;
      },
    },
    interval: () => emit('bandwidth', { bytes_sent: written, bytes_recv: read }),
  };
};
