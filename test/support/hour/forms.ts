import type { Spendable, Payment, Signed, Wallet } from '../wallet';
import type { TransactionFields } from '../transaction';
import type { Verdict, Verdicts } from './record';

/** A transaction of a certain form, and the verdicts that the policies must give. */
export interface Form {
  readonly name: string;
  readonly transaction: Signed;
  readonly verdicts: Verdicts;
  /** Whether btcd accepts it with `--relaynonstd`. btcd refuses some for limits outside of its policy. */
  readonly relayed: boolean;
}

/** Satoshi of the coins that the forms spend. */
export const FORM_COIN = 1_000_000;

const FEE = 10_000;
const bytes = (hex: string): Buffer => Buffer.from(hex, 'hex');

/**
 * A script that drops its pushes and succeeds, and a signature script that pushes too much for any policy.
 */
const DROPPING = { script: bytes('7575757551'), opener: Buffer.concat(Array<Buffer>(4).fill(pushOf(450))) };
/**
 * A script that succeeds, and a signature script that does more than push and leaves nothing on the stack.
 */
const OPEN = { script: bytes('51'), opener: bytes('5175') };
/** A key on the curve, for scripts that nobody spends. */
const KEY = bytes('0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798');

/** A push of `length` bytes, from 256 to 65,535. */
function pushOf(length: number): Buffer {
  return Buffer.concat([Buffer.of(0x4d, length & 0xff, length >> 8), Buffer.alloc(length, 7)]);
}

/** OP_RETURN with one push of `length` bytes. */
function nulldata(length: number): Payment {
  const head =
    length < 76
      ? Buffer.of(0x6a, length)
      : length < 256
        ? Buffer.of(0x6a, 0x4c, length)
        : Buffer.concat([bytes('6a4e'), Buffer.from(new Uint32Array([length]).buffer)]);
  return { type: 'nulldata', value: 0, script: Buffer.concat([head, Buffer.alloc(length, 9)]) };
}

/** A bare multisig of 1 of `keys`. */
function multisig(keys: number, value = 1_000): Payment {
  const all = Array.from({ length: keys }, () => Buffer.concat([Buffer.of(KEY.length), KEY]));
  return {
    type: 'multisig',
    value,
    script: Buffer.concat([bytes('51'), ...all, Buffer.of(0x50 + keys), bytes('ae')]),
  };
}

/** The outputs with special scripts that `forms` spends. They must be mined before. */
export function preparation(wallet: Wallet, coin: Spendable): Form {
  const half = (coin.value - FEE) / 2;
  const verdict: Verdict = { reason: 'scriptpubkey', outputs: ['scriptpubkey', 'scriptpubkey'] };
  return {
    name: 'scriptpubkey',
    transaction: wallet.sign(
      [coin],
      [
        { type: 'nonstandard', value: half, ...DROPPING },
        { type: 'nonstandard', value: half, ...OPEN },
      ],
    ),
    verdicts: { btcd: verdict, core: verdict },
    relayed: true,
  };
}

/**
 * Transactions that break each rule of either policy, and some that only one of them allows.
 * @param coins coins of FORM_COIN
 * @param prepared the outputs of `preparation`
 * @param anchor an output that anybody may spend
 */
export function makeForms(
  wallet: Wallet,
  coins: Spendable[],
  [dropping, open]: readonly Spendable[],
  anchor: Spendable,
): Form[] {
  if (dropping === undefined || open === undefined) throw new Error('two prepared outputs are needed');
  const made: Form[] = [];
  const add = (
    name: string,
    payments: readonly Payment[],
    verdicts: Partial<Verdicts>,
    options: TransactionFields & { relayed?: boolean; from?: Spendable; change?: boolean } = {},
  ): void => {
    const { relayed = true, from = coins.pop(), change = true, ...frame } = options;
    if (from === undefined) throw new Error('the coins are too few');
    const left = from.value - FEE - payments.reduce((sum, { value }) => sum + value, 0);
    const outputs: Payment[] = change ? [...payments, { type: 'pubkeyhash', value: left }] : [...payments];
    made.push({
      name,
      transaction: wallet.sign([from], outputs, frame),
      verdicts: { btcd: verdicts.btcd ?? {}, core: verdicts.core ?? {} },
      relayed,
    });
  };
  const both = (verdict: Verdict): Verdicts => ({ btcd: verdict, core: verdict });
  const plain = (value: number): Payment => ({ type: 'pubkeyhash', value });

  add('version 3', [plain(5_000)], { btcd: { reason: 'version' } }, { version: 3 });
  add('version 4', [plain(5_000)], both({ reason: 'version' }), { version: 4 });
  add('version -1', [plain(5_000)], both({ reason: 'version' }), { version: -1 });
  add('tx-size', [nulldata(100_001)], both({ reason: 'tx-size', outputs: ['datacarrier'] }), {
    change: false,
  });
  add(
    'tx-size-small',
    [{ type: 'nulldata', value: 0, script: bytes('6a') }],
    both({ reason: 'tx-size-small' }),
    {
      from: anchor,
      relayed: false,
      change: false,
    },
  );
  add('scriptsig-size', [plain(5_000)], both({ reason: 'scriptsig-size', inputs: ['scriptsig-size'] }), {
    from: dropping,
  });
  add(
    'scriptsig-not-pushonly',
    [plain(5_000)],
    both({ reason: 'scriptsig-not-pushonly', inputs: ['scriptsig-not-pushonly'] }),
    { from: open },
  );
  add('witness_unknown', [{ type: 'witness_unknown', value: 5_000 }], {
    btcd: { reason: 'scriptpubkey', outputs: ['scriptpubkey'] },
  });
  add('bare-multisig', [multisig(4, 5_000)], {
    btcd: { reason: 'bare-multisig', outputs: ['bare-multisig'] },
    core: { reason: 'scriptpubkey', outputs: ['scriptpubkey'] },
  });
  add('datacarrier', [nulldata(81)], { btcd: { reason: 'datacarrier', outputs: ['datacarrier'] } });
  add('multi-op-return', [nulldata(20), nulldata(80)], { btcd: { reason: 'multi-op-return' } });
  add('dust', [plain(100)], both({ reason: 'dust', outputs: ['dust'], dust: [0] }));
  add(
    'dust twice',
    [plain(100), plain(293)],
    both({ reason: 'dust', outputs: ['dust', 'dust'], dust: [0, 1] }),
  );
  add('non-final height', [plain(5_000)], both({ reason: 'non-final' }), {
    lockTime: 100_000,
    sequence: 0xffff_fffe,
  });
  add('non-final time', [plain(5_000)], both({ reason: 'non-final' }), {
    lockTime: 0xf000_0000,
    sequence: 0xffff_fffe,
  });
  add('a lock time that final inputs ignore', [plain(5_000)], {}, { lockTime: 100_000 });
  add(
    'sigops for Core',
    Array.from({ length: 201 }, () => multisig(1)),
    {
      core: { reason: 'bad-txns-too-many-sigops' },
    },
  );
  add(
    'sigops for both',
    Array.from({ length: 251 }, () => multisig(1)),
    both({ reason: 'bad-txns-too-many-sigops' }),
    { relayed: false },
  );
  add(
    'TRUC-violation',
    Array.from({ length: 300 }, () => plain(1_000)),
    { btcd: { reason: 'version' }, core: { reason: 'TRUC-violation' } },
    { version: 3, change: false },
  );
  return made;
}
