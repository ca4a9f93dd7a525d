// The payloads that scripts/fuzz.ts mutates: a small generated one for each command, and the real messages of
// the folder beside the checkout if it is there.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { parseBlock } from '#dist/wire/block';
import { FrameReader } from '#dist/wire/framing';
import { DECODERS } from '#dist/wire/messages/table';
import { NETWORKS } from '#dist/wire/networks';

/** The folder of the real messages. */
export const DATA = path.join(__dirname, '..', '..', '..', 'shared', 'data');

/** How many transactions of each block become inputs. They are common on the wire; whole blocks are rare. */
const TRANSACTIONS_OF_A_BLOCK = 50;

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex');
const HASH = 'ab'.repeat(32);
const HEADER = '07'.repeat(80);
const TRANSACTION = `02000000 01 ${HASH} 00000000 00 ffffffff 01 e803000000000000 0151 00000000`;
const WITNESS = `02000000 0001 01 ${HASH} 00000000 00 ffffffff 01 e803000000000000 0151 02 01aa 02bbcc 00000000`;
const LOCATOR = `80110100 02 ${HASH} ${HASH} ${'00'.repeat(32)}`;
const INVENTORY = `02 01000000 ${HASH} 05000000 ${HASH}`;
const FILTER_RANGE = `00 01000000 ${HASH}`;

const BUILT: Readonly<Record<string, string>> = {
  version: `80110100 0900000000000000 0000000000000000 ${'00'.repeat(52)} 0100000000000000 04 2f783a2f 07000000 01`,
  addr: `01 01000000 0900000000000000 ${'00'.repeat(10)}ffff01020304 208d`,
  addrv2:
    `05 01000000 09 01 04 01020304 208d 01000000 fd0904 02 10 ${'20'.repeat(16)} 208d` +
    `01000000 00 04 20 ${HASH} 208d 01000000 00 05 20 ${HASH} 0000 01000000 00 63 03 010203 208d`,
  inv: INVENTORY,
  getdata: INVENTORY,
  notfound: INVENTORY,
  getblocks: LOCATOR,
  getheaders: LOCATOR,
  headers: `02 ${HEADER} 00 ${HEADER} 00`,
  ping: '0102030405060708',
  pong: '0102030405060708',
  feefilter: '6400000000000000',
  filterload: '04 ffffffff 05000000 07000000 01',
  filteradd: '04 01020304',
  merkleblock: `${HEADER} 02000000 01 ${HASH} 01 01`,
  sendcmpct: '01 0200000000000000',
  cmpctblock: `${HEADER} 0100000000000000 02 010203040506 0a0b0c0d0e0f 02 00 ${WITNESS} 01 ${TRANSACTION}`,
  getblocktxn: `${HASH} 03 00 01 fdfd00`,
  blocktxn: `${HASH} 02 ${TRANSACTION} ${WITNESS}`,
  getcfilters: FILTER_RANGE,
  getcfheaders: FILTER_RANGE,
  getcfcheckpt: `00 ${HASH}`,
  cfilter: `00 ${HASH} 04 01020304`,
  cfheaders: `00 ${HASH} ${HASH} 02 ${HASH} ${HASH}`,
  cfcheckpt: `00 ${HASH} 01 ${HASH}`,
  sendtxrcncl: '01000000 0102030405060708',
  feature: '06 424950343334 02 0102',
  reject: `02 7478 40 04 64757374 ${HASH}`,
  alert: '04 01020304 02 0506',
  getutxos: `01 01 ${HASH} 00000000`,
  utxos: `01000000 ${HASH} 01 01 01 02000000 09000000 e803000000000000 0151`,
  tx: WITNESS,
  block: `${HEADER} 02 ${TRANSACTION} ${WITNESS}`,
};

/** The inputs that are text: of nodes and collectors, of an I2P router, and of Tor's control port. */
const TEXTS: Readonly<Record<string, readonly string[]>> = {
  lines: [
    'tx,network=mainnet,node=a\\ b version_num=2i,tx_size=222i,is_standard=true,sha="ab\\"cd\\\\" 1790000000000000001\n',
    'tx_outputs,network=mainnet,node=n,script_type=anchor size=4i,value=-240i,is_dust=false 1\nping,node=n rtt=1.5e-7 2\n',
    '#btcdmon 1 token=secret\n#batch a1-1-0\nbandwidth,node=n bytes_sent=1i,bytes_recv=2i 3\n#end a1-1-0\n',
  ],
  sam: [
    'HELLO REPLY RESULT=OK VERSION=3.1\n',
    `SESSION STATUS RESULT=OK DESTINATION=${'Ab-~'.repeat(227)}=\n`,
    'NAMING REPLY RESULT=INVALID_KEY NAME=a.b32.i2p\n',
    'STREAM STATUS RESULT=I2P_ERROR MESSAGE="no \\"tunnels\\" yet"\n',
  ],
  control: [
    '250-PROTOCOLINFO 1\r\n250-AUTH METHODS=COOKIE,SAFECOOKIE COOKIEFILE="/run/\\"tor\\303\\244/c"\r\n250 OK\r\n',
    `250 AUTHCHALLENGE SERVERHASH=${'AB'.repeat(32)} SERVERNONCE=${'CD'.repeat(32)}\r\n515 no\r\n`,
    `250-ServiceID=${'a'.repeat(56)}\r\n250-PrivateKey=ED25519-V3:AAAA==\r\n250 OK\r\n650 X\r\n250+d=\r\n1\r\n.\r\n250 OK\r\n`,
  ],
  replies: ['ready\nwait\nok a1-1-0 3\n', 'refused token\n', 'refused order\nwait\n'],
};

/** Payloads. Whole blocks are separate, because one takes as long as thousands of other payloads. */
export interface Corpus {
  /** By command. */
  readonly small: ReadonlyMap<string, readonly Buffer[]>;
  readonly blocks: readonly Buffer[];
}

export function readCorpus(): Corpus {
  const small = new Map<string, Buffer[]>(
    Object.entries(BUILT).map(([command, text]) => [command, [hex(text)]]),
  );
  for (const command of Object.keys(DECODERS)) if (!small.has(command)) small.set(command, [Buffer.alloc(0)]);

  for (const [name, texts] of Object.entries(TEXTS))
    small.set(
      name,
      texts.map((text) => Buffer.from(text)),
    );

  for (const side of ['recv', 'sent']) {
    const file = path.join(DATA, 'core31-session', `${side}.bin`);
    if (!existsSync(file)) continue;
    new FrameReader(NETWORKS.regtest.magic, {
      arrived: () => undefined,
      message: (command, payload) => small.get(command)?.push(payload),
      violation: (reason) => {
        throw new Error(`${side}.bin: ${reason}`);
      },
    }).push(readFileSync(file));
  }

  const blocks: Buffer[] = [];
  const folder = path.join(DATA, 'blocks');
  for (const name of existsSync(folder) ? readdirSync(folder).sort() : []) {
    const bytes = readFileSync(path.join(folder, name));
    blocks.push(bytes);
    const { transactions } = parseBlock(bytes);
    const step = Math.ceil(transactions.length / TRANSACTIONS_OF_A_BLOCK);
    for (const [i, { start, end }] of transactions.entries())
      if (i % step === 0 && end - start < 2_000) small.get('tx')?.push(bytes.subarray(start, end));
  }
  return { small, blocks };
}
