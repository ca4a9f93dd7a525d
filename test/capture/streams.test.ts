import { CaptureReader } from '../../src/capture/capture-reader';
import type { ConnectionOptions } from '../../src/capture/connection-table';
import type { CaptureCounters } from '../../src/capture/counters';
import { pcapFile, pcapHeader } from '../support/capture-files';
import { type CaptureRecord, readCapture, recorder } from '../support/capture-record';
import { ACK, FIN, packet, RST, SYN, type TcpFields } from '../support/tcp-packets';

/** What a capture of these segments says. The time of each is its place in the list. */
function read(
  segments: readonly TcpFields[],
  options?: ConnectionOptions,
): CaptureRecord & { counters: Readonly<CaptureCounters> } {
  const packets = segments.map((fields, i) => ({ bytes: packet(fields), timeNs: BigInt(i) }));
  const { reader, ...record } = readCapture(pcapFile(packets, { nanoseconds: true }), options);
  return { ...record, counters: reader.counters };
}

/** The events of these segments without their times. The first connection's number is left out. */
function told(segments: readonly TcpFields[], options?: ConnectionOptions): string[] {
  return read(segments, options).lines.map((line) => line.replace(/^\d+ (0 )?/, ''));
}

/** The client has sent 99 with SYN, the server 499: their first bytes are 100 and 500. */
const SYN_SENT: TcpFields = { sequence: 99, flags: SYN };
const SYN_ACK: TcpFields = { from: 'server', sequence: 499, acknowledgment: 100, flags: SYN | ACK };
const THIRD: TcpFields = { sequence: 100, acknowledgment: 500 };
const HANDSHAKE = [SYN_SENT, SYN_ACK, THIRD];

const client = (sequence: number, text: string, fields: TcpFields = {}): TcpFields => ({
  sequence,
  acknowledgment: 500,
  payload: Buffer.from(text),
  ...fields,
});
const server = (sequence: number, text: string, fields: TcpFields = {}): TcpFields => ({
  from: 'server',
  sequence,
  acknowledgment: 100,
  payload: Buffer.from(text),
  ...fields,
});
/** The server has everything of the client up to `acknowledgment`. */
const acknowledge = (acknowledgment: number, sequence = 500): TcpFields =>
  server(sequence, '', { acknowledgment });

const OPENED = 'opened 192.0.2.1 50000 198.51.100.7 8333 true';
const UNDER_WAY = 'opened 192.0.2.1 50000 198.51.100.7 8333 false';
const END = 'closed end';

describe('a connection from its beginning to its end', () => {
  it('is told with both streams, and the times of the packets', () => {
    const { lines, connections, counters } = read([
      ...HANDSHAKE,
      client(100, 'version'),
      server(500, 'verack', { acknowledgment: 107 }),
      client(107, 'bye', { acknowledgment: 506, flags: ACK | FIN }),
      server(506, 'so long', { acknowledgment: 111, flags: ACK | FIN }),
      client(111, '', { acknowledgment: 514 }),
    ]);
    expect(lines).toEqual([
      `2 0 ${OPENED}`,
      '3 0 client version',
      '4 0 server verack',
      '5 0 client bye',
      '6 0 server so long',
      '6 0 closed fin',
    ]);
    expect(connections).toHaveLength(1);
    expect(counters).toMatchObject({ segments: 8, lostBytes: 0, repeatedBytes: 0 });
  });

  it('may bring bytes with its SYN', () => {
    expect(
      told([
        { ...SYN_SENT, payload: Buffer.from('fast') },
        { ...SYN_ACK, acknowledgment: 104 },
        client(104, ' open'),
      ]),
    ).toEqual([OPENED, 'client fast', 'client  open', END]);
  });

  it('is not told before it is answered', () => {
    expect(told([SYN_SENT, SYN_SENT])).toEqual([]);
    expect(told([SYN_SENT, SYN_ACK, SYN_ACK])).toEqual([]);
  });

  it('that is refused is counted', () => {
    const refusal: TcpFields = { from: 'server', acknowledgment: 100, flags: RST | ACK };
    const { lines, counters } = read([
      SYN_SENT,
      refusal,
      refusal,
      ...HANDSHAKE.map((it) => ({ ...it, clientPort: 7 })),
    ]);
    expect(lines).toEqual(['5 0 opened 192.0.2.1 7 198.51.100.7 8333 true', '5 0 closed end']);
    expect(counters.refused).toBe(1);
  });

  it('begins from both sides at once', () => {
    expect(
      told([
        SYN_SENT,
        { from: 'server', sequence: 499, flags: SYN },
        { ...SYN_SENT, acknowledgment: 500, flags: SYN | ACK },
        SYN_ACK,
        THIRD,
        server(500, 'hello'),
      ]),
    ).toEqual([OPENED, 'server hello', END]);
  });

  it('ends with a reset of either side', () => {
    expect(told([...HANDSHAKE, client(100, 'a'), client(101, '', { flags: RST }), client(101, 'b')])).toEqual(
      [OPENED, 'client a', 'closed reset'],
    );
    expect(told([...HANDSHAKE, server(500, '', { flags: RST | ACK, acknowledgment: 100 })])).toEqual([
      OPENED,
      'closed reset',
    ]);
  });

  it('is not ended by a reset whose number is far from the others', () => {
    const forged = client(100 + 0x2000_0000, '', { flags: RST });
    expect(told([...HANDSHAKE, forged, client(100, 'a')])).toEqual([OPENED, 'client a', END]);
  });

  it('that is over ignores what comes late', () => {
    const over = [
      ...HANDSHAKE,
      client(100, 'a', { flags: ACK | FIN }),
      server(500, 'b', { flags: ACK | FIN, acknowledgment: 102 }),
    ];
    expect(
      told([...over, ...over, client(101, 'late'), acknowledge(900), client(102, '', { flags: RST })]),
    ).toEqual([OPENED, 'client a', 'server b', 'closed fin']);
  });

  it('goes on in one direction after the end of the other', () => {
    expect(
      told([
        ...HANDSHAKE,
        client(100, 'request', { flags: ACK | FIN }),
        server(500, 'long ', { acknowledgment: 108 }),
        server(505, 'answer', { acknowledgment: 108, flags: ACK | FIN }),
      ]),
    ).toEqual([OPENED, 'client request', 'server long ', 'server answer', 'closed fin']);
  });
});

describe('the order of bytes', () => {
  it('is that of their numbers', () => {
    expect(
      told([...HANDSHAKE, client(106, 'ghi'), client(103, 'def'), client(109, 'jkl'), client(100, 'abc')]),
    ).toEqual([OPENED, 'client abc', 'client def', 'client ghi', 'client jkl', END]);
  });

  it('FIN may come before the bytes that it ends', () => {
    const fin = client(103, 'def', { flags: ACK | FIN });
    expect(told([...HANDSHAKE, server(500, '', { flags: ACK | FIN }), fin, client(100, 'abc')])).toEqual([
      OPENED,
      'client abc',
      'client def',
      'closed fin',
    ]);
  });

  it('wraps with their numbers', () => {
    const start = 0xffff_fffa;
    const segments = [
      { sequence: start - 1, flags: SYN },
      { from: 'server' as const, sequence: 0xffff_ffff, acknowledgment: start, flags: SYN | ACK },
      { sequence: start, acknowledgment: 0 },
      client(start + 8, 'ijkl', { acknowledgment: 0 }),
      client(start + 4, 'efgh', { acknowledgment: 0 }),
      client(start, 'abcd', { acknowledgment: 0 }),
      server(0, 'abc', { acknowledgment: start + 12 }),
    ];
    expect(told(segments)).toEqual([OPENED, 'client abcd', 'client efgh', 'client ijkl', 'server abc', END]);
  });

  it('is kept over more bytes than there are numbers', () => {
    // Each gap is as long as a stream can jump; five of them are more than 2^32 bytes.
    const jump = 0x3f00_0000;
    const segments = Array.from({ length: 6 }, (_, i) => [
      client(100 + i * jump, 'x'),
      acknowledge(101 + i * jump),
    ]).flat();
    const lines = told([...HANDSHAKE, ...segments]);
    expect(lines.filter((line) => line.includes('lost'))).toEqual(
      new Array(5).fill(`client lost ${jump - 1}`),
    );
  });

  it('a loss of up to 3 GiB is one', () => {
    const far = 100 + 0xbfff_0000;
    expect(told([...HANDSHAKE, client(100, 'a'), client(far, 'b'), acknowledge(far + 1)])).toEqual([
      OPENED,
      'client a',
      `client lost ${0xbfff_0000 - 1}`,
      'client b',
      END,
    ]);
  });
});

describe('bytes that come again', () => {
  it.each<[string, TcpFields[], number]>([
    ['the same segment', [client(100, 'abc'), client(100, 'abc'), client(103, 'def')], 3],
    ['a longer one', [client(100, 'abc'), client(100, 'abcdef')], 3],
    ['other boundaries', [client(100, 'abcd'), client(102, 'cdef')], 2],
    ['a part of an older one', [client(100, 'abcdef'), client(102, 'cd')], 2],
    ['while they wait', [client(103, 'def'), client(103, 'def'), client(100, 'abc')], 3],
    [
      'overlapping what waits',
      [client(102, 'cd'), client(101, 'bcde'), client(105, 'f'), client(100, 'a')],
      2,
    ],
    ['over all that waits', [client(101, 'b'), client(103, 'd'), client(105, 'f'), client(100, 'abcdef')], 3],
    [
      'in one with the missing',
      [client(101, 'b'), client(104, 'e'), client(100, 'abcd'), client(105, 'f')],
      1,
    ],
    ['between what waits', [client(104, 'ef'), client(101, 'bc'), client(102, 'cde'), client(100, 'a')], 2],
  ])('are left out: %s', (_, segments, repeated) => {
    const { connections, counters } = read([...HANDSHAKE, ...segments]);
    expect(Buffer.concat(connections[0]?.streams.client ?? []).toString()).toBe('abcdef');
    expect([counters.repeatedBytes, counters.lostBytes]).toEqual([repeated, 0]);
  });

  it('do not replace those that came first', () => {
    expect(
      told([...HANDSHAKE, client(101, 'b'), client(101, 'X'), client(100, 'a'), client(100, 'YY')]),
    ).toEqual([OPENED, 'client a', 'client b', END]);
  });

  it('a keep-alive is a byte below, with or without a byte', () => {
    expect(
      told([...HANDSHAKE, client(100, 'abc'), client(102, ''), client(102, '\0'), client(103, 'def')]),
    ).toEqual([OPENED, 'client abc', 'client def', END]);
  });
});

describe('bytes that are missing', () => {
  it('are given up when the other side has acknowledged later ones', () => {
    expect(
      told([...HANDSHAKE, client(100, 'abc'), client(106, 'ghi'), acknowledge(106), client(109, 'j')]),
    ).toEqual([OPENED, 'client abc', 'client lost 3', 'client ghi', 'client j', END]);
  });

  it('are waited for as long as the other side has not acknowledged them', () => {
    expect(
      told([
        ...HANDSHAKE,
        client(106, 'ghi'),
        acknowledge(100),
        acknowledge(105),
        client(100, 'abc'),
        client(103, 'def'),
      ]),
    ).toEqual([OPENED, 'client abc', 'client def', 'client ghi', END]);
  });

  it('are waited for where the acknowledgment was captured before them', () => {
    expect(told([...HANDSHAKE, acknowledge(106), client(100, 'abc'), client(103, 'def')])).toEqual([
      OPENED,
      'client abc',
      'client def',
      END,
    ]);
  });

  it('are given up in several places at once', () => {
    expect(
      told([...HANDSHAKE, client(101, 'b'), client(103, 'd'), client(110, 'k'), acknowledge(105)]),
    ).toEqual([
      OPENED,
      'client lost 1',
      'client b',
      'client lost 1',
      'client d',
      'client lost 6',
      'client k',
      END,
    ]);
  });

  it('before FIN are given up when it was acknowledged', () => {
    expect(
      told([
        ...HANDSHAKE,
        client(103, '', { flags: ACK | FIN }),
        server(500, 'bye', { acknowledgment: 104, flags: ACK | FIN }),
      ]),
    ).toEqual([OPENED, 'server bye', 'client lost 3', 'closed fin']);
  });

  it('at the end of a stream are known from later segments and acknowledgments', () => {
    expect(told([...HANDSHAKE, client(103, '')])).toEqual([OPENED, 'client lost 3', END]);
    expect(told([...HANDSHAKE, acknowledge(104)])).toEqual([OPENED, 'client lost 4', END]);
    expect(told([...HANDSHAKE, acknowledge(104), client(104, '', { flags: RST })])).toEqual([
      OPENED,
      'client lost 4',
      'closed reset',
    ]);
  });

  it('that come after they were given up are left out', () => {
    const { lines, counters } = read([
      ...HANDSHAKE,
      client(103, 'def'),
      acknowledge(106),
      client(100, 'abc'),
    ]);
    expect(lines.slice(1, 3)).toEqual(['4 0 client lost 3', '4 0 client def']);
    expect(counters).toMatchObject({ lostBytes: 3, repeatedBytes: 3 });
  });

  it('are none where FIN itself is missing', () => {
    const end = server(500, 'bye', { acknowledgment: 102, flags: ACK | FIN });
    expect(told([...HANDSHAKE, client(100, 'a'), end, client(102, '', { acknowledgment: 504 })])).toEqual([
      OPENED,
      'client a',
      'server bye',
      END,
    ]);
  });

  it('are those before FIN where it is missing with the last bytes', () => {
    const end = server(500, 'bye', { acknowledgment: 105, flags: ACK | FIN });
    expect(told([...HANDSHAKE, client(100, 'a'), end])).toEqual([
      OPENED,
      'client a',
      'server bye',
      'client lost 3',
      END,
    ]);
  });
});

describe('a segment of which the capture has cut the end off', () => {
  const cut = (segments: readonly TcpFields[], captured: number): string[] =>
    readCapture(
      pcapFile(
        segments.map((fields) => {
          const bytes = packet(fields);
          return { bytes: bytes.subarray(0, captured), originalLength: bytes.length };
        }),
      ),
    ).lines.map((line) => line.replace(/^0 0 /, ''));

  it('has lost it, once it was acknowledged and later bytes are here', () => {
    const segments = [client(100, 'abcdef'), acknowledge(106), client(106, 'ghi'), acknowledge(109)];
    expect(cut([...HANDSHAKE, ...segments], 42)).toEqual([
      OPENED,
      'client ab',
      'client lost 4',
      'client gh',
      'client lost 1',
      END,
    ]);
  });

  it('has lost all of it where the other side has sent FIN, and FIN is missing here', () => {
    const end = server(500, '', { acknowledgment: 106, flags: ACK | FIN });
    expect(cut([...HANDSHAKE, client(100, 'abcdef'), end], 42)).toEqual([
      OPENED,
      'client ab',
      'client lost 4',
      END,
    ]);
  });

  it('may come again whole', () => {
    expect(cut([...HANDSHAKE, client(100, 'abcd'), client(102, 'cd'), client(104, 'ef')], 42)).toEqual([
      OPENED,
      'client ab',
      'client cd',
      'client ef',
      END,
    ]);
  });
});

describe('a handshake of which a packet is missing', () => {
  const data = [client(100, 'abc'), server(500, 'def', { acknowledgment: 103 })];
  it.each([0, 1, 2])('packet %i', (missing) => {
    const handshake = HANDSHAKE.filter((_, i) => i !== missing);
    expect(told([...handshake, ...data])).toEqual([OPENED, 'client abc', 'server def', END]);
    const lost = [
      client(103, 'x'),
      server(501, 'y', { acknowledgment: 104 }),
      client(104, 'z', { acknowledgment: 502 }),
    ];
    expect(told([...handshake, ...lost])).toEqual([
      OPENED,
      'client lost 3',
      'client x',
      'client z',
      'server lost 1',
      'server y',
      END,
    ]);
  });
});

describe('a connection that was under way', () => {
  it('begins with the first segment of each side', () => {
    expect(
      told([
        client(7_000, 'abc', { acknowledgment: 9_000 }),
        server(9_000, 'def', { acknowledgment: 7_003 }),
      ]),
    ).toEqual([UNDER_WAY, 'client abc', 'server def', END]);
  });

  it('does not count what was sent before', () => {
    expect(
      told([
        client(7_000, '', { acknowledgment: 9_000 }),
        server(9_500, 'def', { acknowledgment: 7_000 }),
        client(7_000, 'abc', { acknowledgment: 9_503 }),
      ]),
    ).toEqual([UNDER_WAY, 'server def', 'client abc', END]);
  });

  it('may begin with a keep-alive', () => {
    expect(told([client(7_000, ''), client(7_001, 'abc')])).toEqual([UNDER_WAY, 'client abc', END]);
    expect(told([client(7_000, ''), acknowledge(7_001), client(7_001, 'abc')])).toEqual([
      UNDER_WAY,
      'client abc',
      END,
    ]);
  });

  it('has lost nothing where a keep-alive is all that one side sends', () => {
    const answer = server(9_000, 'abc', { acknowledgment: 7_001 });
    expect(told([client(7_000, '', { acknowledgment: 9_000 }), answer])).toEqual([
      UNDER_WAY,
      'server abc',
      END,
    ]);
  });

  it('counts what is missing after the first segment', () => {
    expect(told([client(7_000, ''), client(7_003, 'def'), acknowledge(7_006)])).toEqual([
      UNDER_WAY,
      'client lost 3',
      'client def',
      END,
    ]);
  });

  it('is not told while it carries nothing', () => {
    expect(told([client(7_000, ''), acknowledge(7_000), client(7_000, '', { flags: ACK | FIN })])).toEqual(
      [],
    );
  });

  it('of which one direction is missing has lost what was acknowledged of it', () => {
    const segments = [0, 100, 300].map((bytes, i) =>
      client(7_000 + i, 'x', { acknowledgment: 9_000 + bytes }),
    );
    expect(told(segments)).toEqual([UNDER_WAY, 'client x', 'client x', 'client x', 'server lost 300', END]);
  });

  it.each<[string, TcpFields, number[], string]>([
    [
      'a named port',
      { clientPort: 5, serverPort: 8333 },
      [8333],
      'opened 192.0.2.1 5 198.51.100.7 8333 false',
    ],
    [
      'the other side’s',
      { clientPort: 5, serverPort: 8333 },
      [5],
      'opened 198.51.100.7 8333 192.0.2.1 5 false',
    ],
    [
      'the lower port',
      { clientPort: 9000, serverPort: 8333 },
      [],
      'opened 192.0.2.1 9000 198.51.100.7 8333 false',
    ],
    [
      'the lower port',
      { clientPort: 80, serverPort: 8333 },
      [],
      'opened 198.51.100.7 8333 192.0.2.1 80 false',
    ],
    [
      'the lower one of two that are named',
      { clientPort: 80, serverPort: 8333 },
      [80, 8333],
      'opened 198.51.100.7 8333 192.0.2.1 80 false',
    ],
    ['who spoke second', { clientPort: 80, serverPort: 80 }, [], 'opened 192.0.2.1 80 198.51.100.7 80 false'],
  ])('has its server by %s', (_, ports, serverPorts, line) => {
    expect(told([client(1, 'a', ports)], { serverPorts })[0]).toBe(line);
    expect(told([server(1, 'a', ports)], { serverPorts })[0]).toBe(
      ports.clientPort === ports.serverPort ? 'opened 198.51.100.7 80 192.0.2.1 80 false' : line,
    );
  });
});

describe('ports that are used again', () => {
  const again: TcpFields[] = [
    { sequence: 80_099, flags: SYN },
    { from: 'server', sequence: 90_499, acknowledgment: 80_100, flags: SYN | ACK },
    { sequence: 80_100, acknowledgment: 90_500 },
  ];
  const after = [client(80_100, 'new'), server(90_500, 'too', { acknowledgment: 80_103 })];
  const AFTER = [`1 ${OPENED}`, '1 client new', '1 server too', '1 closed end'];
  const before = [...HANDSHAKE, client(100, 'old')];
  const BEFORE = [OPENED, 'client old'];

  it('by a SYN end the connection before', () => {
    expect(told([...before, ...again, ...after])).toEqual([...BEFORE, 'closed reused', ...AFTER]);
  });

  it('by a SYN or its answer, where the other is missing', () => {
    for (const missing of [0, 1, 2])
      expect(told([...before, ...again.filter((_, i) => i !== missing), ...after])).toEqual([
        ...BEFORE,
        'closed reused',
        ...AFTER,
      ]);
  });

  it('begin exactly, also where the answer to SYN is missing', () => {
    const [syn = {}, , third = {}] = again;
    expect(told([...before, syn, third, client(80_101, 'ew'), acknowledge(80_103, 90_500)])).toEqual([
      ...BEFORE,
      'closed reused',
      `1 ${OPENED}`,
      '1 client lost 1',
      '1 client ew',
      '1 closed end',
    ]);
  });

  it('after the end', () => {
    const end = [
      client(103, '', { flags: ACK | FIN }),
      server(500, '', { flags: ACK | FIN, acknowledgment: 104 }),
    ];
    expect(told([...before, ...end, ...again, ...after])).toEqual([...BEFORE, 'closed fin', ...AFTER]);
  });

  it('by the side that was the server', () => {
    const swapped: TcpFields[] = [
      { from: 'server', sequence: 80_099, flags: SYN },
      { sequence: 90_499, acknowledgment: 80_100, flags: SYN | ACK },
      server(80_100, 'new', { acknowledgment: 90_500 }),
    ];
    expect(told([...before, ...swapped])).toEqual([
      ...BEFORE,
      'closed reused',
      '1 opened 198.51.100.7 8333 192.0.2.1 50000 true',
      '1 client new',
      '1 closed end',
    ]);
  });

  it('are not, by a SYN that nobody answers', () => {
    expect(told([...before, { sequence: 80_099, flags: SYN }, client(103, ' on')])).toEqual([
      ...BEFORE,
      'client  on',
      END,
    ]);
  });

  it('are not, by the same SYN again', () => {
    expect(told([...before, SYN_SENT, SYN_ACK, client(103, ' on')])).toEqual([...BEFORE, 'client  on', END]);
  });

  it('by a SYN after one that was not answered', () => {
    expect(told([SYN_SENT, ...again, ...after])).toEqual([OPENED, 'client new', 'server too', END]);
  });
});

describe('what a stranger can fill', () => {
  const limits = { connections: 4, waitingBytes: 3_000, waitingBytesInAll: 5_000, idleNs: 50n };

  it('the bytes of a direction that wait: the missing ones are given up', () => {
    const segments = Array.from({ length: 40 }, (_, i) => client(101 + i * 2, 'x'));
    const { lines, counters } = read([...HANDSHAKE, ...segments], { limits });
    // Each costs 513 bytes: five can wait.
    expect(lines.slice(1, 3)).toEqual(['8 0 client lost 1', '8 0 client x']);
    expect(counters.lostBytes).toBe(40);
  });

  it('the bytes of all directions that wait: those give way that have waited longest', () => {
    const connections = [1, 2, 3].map((clientPort) => ({ clientPort, serverPort: 8333 }));
    const { lines } = read(
      [
        ...connections.flatMap((ports) => HANDSHAKE.map((segment) => ({ ...segment, ...ports }))),
        ...connections.map((ports) => client(200, 'x'.repeat(2_000), ports)),
      ],
      { limits: { ...limits, waitingBytesInAll: 6_000, idleNs: 1_000n } },
    );
    expect(lines.slice(3, 5)).toEqual(['11 0 client lost 100', '11 0 client 2000 bytes']);
    expect(lines.filter((line) => line.includes('lost'))).toHaveLength(3);
  });

  it('keeps within its limits whatever comes', () => {
    const record = recorder();
    const reader = new CaptureReader(record, { limits });
    reader.push(pcapHeader());
    let seed = 1;
    const random = (below: number): number => (seed = (seed * 48_271) % 0x7fff_ffff) % below;
    let largest = 0;
    for (let i = 0; i < 5_000; i++) {
      const fields: TcpFields = {
        from: random(2) === 0 ? 'client' : 'server',
        sequence: random(5_000),
        acknowledgment: random(5_000),
        flags: random(32),
        payload: Buffer.alloc(random(1_400)),
        clientPort: random(9),
      };
      reader.push(pcapFile([{ bytes: packet(fields) }]).subarray(24));
      largest = Math.max(largest, reader.waitingBytes);
      expect(reader.connections).toBeLessThanOrEqual(4);
    }
    expect(largest).toBeGreaterThan(3_000);
    expect(largest).toBeLessThanOrEqual(5_000);
    reader.end();
    expect([reader.waitingBytes, reader.connections]).toEqual([0, 0]);
  });

  it('connections: attempts give way before those that are open, and the idle ones first', () => {
    const open = (clientPort: number): TcpFields[] =>
      HANDSHAKE.map((segment) => ({ ...segment, clientPort }));
    const attempt = (clientPort: number): TcpFields => ({ ...SYN_SENT, clientPort });
    const flood = Array.from({ length: 20 }, (_, i) => attempt(100 + i));
    const { lines, counters } = read(
      [...open(1), ...open(2), ...open(3), ...flood, client(100, 'still here', { clientPort: 1 })],
      {
        limits,
      },
    );
    expect(lines.filter((line) => line.includes('closed evicted'))).toEqual([]);
    expect(lines).toContain('29 0 client still here');
    expect(counters.evicted).toBe(0);

    const crowd = read(
      [...[1, 2, 3, 4].flatMap(open), client(100, 'busy', { clientPort: 1 }), ...[5, 6].flatMap(open)],
      {
        limits,
      },
    );
    const closed = crowd.lines.filter((line) => line.includes('closed evicted'));
    expect(closed).toEqual(['13 1 closed evicted', '16 2 closed evicted']);
    expect(crowd.counters.evicted).toBe(2);
  });

  it('a connection is forgotten after a long silence, and may go on', () => {
    const silence = Array.from({ length: 60 }, () => client(7, '', { clientPort: 9 }));
    const { lines } = read([...HANDSHAKE, client(100, 'abc'), ...silence, client(103, 'def')], { limits });
    expect(lines).toEqual([
      `2 0 ${OPENED}`,
      '3 0 client abc',
      '54 0 closed idle',
      `64 1 ${UNDER_WAY}`,
      '64 1 client def',
      '64 1 closed end',
    ]);
  });

  it('time may go backwards', () => {
    const packets = [...HANDSHAKE, client(100, 'abc'), client(103, 'def')].map((fields, i) => ({
      bytes: packet(fields),
      timeNs: BigInt(1_000 - i * 100),
    }));
    const { lines } = readCapture(pcapFile(packets, { nanoseconds: true }), { limits });
    expect(lines.map((line) => line.split(' ').slice(1).join(' '))).toEqual([
      `0 ${OPENED}`,
      '0 client abc',
      '0 client def',
      '0 closed end',
    ]);
  });
});

describe('connections that nobody wants', () => {
  it('are asked about once, and cost nothing', () => {
    const record = recorder(({ server: { port } }) => port === 8333);
    const reader = new CaptureReader(record);
    const other = { clientPort: 5, serverPort: 443 };
    const segments = [...HANDSHAKE, client(100, 'abc'), client(1_000, 'waits'), acknowledge(105)];
    const both = [...segments.map((it) => ({ ...it, ...other })), ...segments];
    reader.push(pcapFile(both.map((fields) => ({ bytes: packet(fields) }))));
    expect(record.lines.filter((line) => line.includes('opened'))).toHaveLength(2);
    expect(record.lines.filter((line) => line.includes('abc'))).toHaveLength(1);
    expect(reader.waitingBytes).toBe(512 + 5);
    reader.end();
    expect(record.lines.filter((line) => line.includes('closed'))).toHaveLength(1);
    expect(reader.counters.lostBytes).toBe(897);
  });

  it('cost nothing either where bytes wait before they are asked about', () => {
    const reader = new CaptureReader(recorder(() => false));
    const segments = [client(7_000, ''), client(7_010, 'waits'), client(7_000, 'abc')];
    reader.push(pcapFile(segments.map((fields) => ({ bytes: packet(fields) }))));
    expect([reader.waitingBytes, reader.connections]).toEqual([0, 1]);
  });
});
