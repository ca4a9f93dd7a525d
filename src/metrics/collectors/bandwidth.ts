import type { CollectorFactory } from '../collector';

/** `bandwidth`: bytes through all sockets since the start, and the part of them without a message. */
export const bandwidth: CollectorFactory = ({ emit, isWatched = false }) => {
  let read = 0;
  let written = 0;
  const overhead = { handshake: { sent: 0, recv: 0 }, decoy: { sent: 0, recv: 0 } };
  return {
    name: 'bandwidth',
    on: {
      bytesRead: ({ bytes }) => (read += bytes),
      bytesWritten: ({ bytes }) => (written += bytes),
      overhead: ({ kind, ...bytes }) => {
        overhead[kind].recv += bytes.read;
        overhead[kind].sent += bytes.written;
      },
      bytesMissed: (bytes) => {
        read += bytes.read;
        written += bytes.written;
      },
    },
    interval: () => {
      const { handshake, decoy } = overhead;
      emit('bandwidth', {
        ...{ bytes_sent: written, bytes_recv: read },
        // A tap reads plain connections alone.
        ...(!isWatched && {
          handshake_sent: handshake.sent,
          handshake_recv: handshake.recv,
          decoys_recv: decoy.recv,
        }),
      });
    },
  };
};
