/** What became of the packets and bytes of a capture, since its beginning. */
export interface CaptureCounters {
  packets: number;
  /** Packets with a link layer that is not read. They are left out. */
  otherLinks: number;
  /** Packets without TCP, such as ARP, UDP or what is encrypted. */
  otherProtocols: number;
  /** Fragments of IP packets. They are left out; the bytes of those that were TCP count as lost. */
  fragments: number;
  /** Packets whose lengths contradict each other or the protocol. */
  malformed: number;
  /** Packets that the capture cut within their headers. */
  cutHeaders: number;
  /** Segments whose end the capture cut off. Bytes that no other segment contains count as lost. */
  cutSegments: number;
  /** Segments of TCP that were read. */
  segments: number;
  /** Bytes that came again: retransmitted, or captured twice. */
  repeatedBytes: number;
  /** Bytes that are missing in the streams: the sum of all gaps. */
  lostBytes: number;
  /** Attempts to connect that were answered with a reset. */
  refused: number;
  /** Connections that gave way because there were too many. */
  evicted: number;
}

export function newCounters(): CaptureCounters {
  return {
    packets: 0,
    otherLinks: 0,
    otherProtocols: 0,
    fragments: 0,
    malformed: 0,
    cutHeaders: 0,
    cutSegments: 0,
    segments: 0,
    repeatedBytes: 0,
    lostBytes: 0,
    refused: 0,
    evicted: 0,
  };
}

/** Why a packet has no segment to read: the name of the counter that it belongs to. */
export type LeftOut = 'otherProtocols' | 'fragments' | 'malformed' | 'cutHeaders';
