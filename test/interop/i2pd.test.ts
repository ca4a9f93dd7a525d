import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { KeyFile } from '../../src/p2p/i2p/key-file';
import { SamSession } from '../../src/p2p/i2p/sam-session';
import { Cleanup } from '../support/cleanup';
import { type I2pdRouter, i2pd, NO_HOPS, startI2pd } from '../support/i2pd';
import { nameOfKey, newPrivateKey } from '../support/sam-bridge';

/** i2pd makes a session in twenty seconds, and looks for a destination as long. */
const PATIENCE_MS = 300_000;

/** A session, and the address that it has. */
interface Opened {
  readonly session: SamSession;
  readonly name: string;
}

const never = new AbortController().signal;

// Two routers don't lead streams here: i2pd 2.45 accepts no connection from a loopback address. So the
// streams of the tests are those of the test bridge, whose replies are these.
i2pd.describe('a real i2pd', (program) => {
  const cleanup = new Cleanup();
  let router: I2pdRouter;
  let folder: string;
  let keyed: Opened;
  let ours: Opened;
  let theirs: Opened;
  let waiting: Opened;

  beforeAll(async () => {
    router = cleanup.add(await startI2pd(program), (it) => it.stop());
    folder = cleanup.add(mkdtempSync(path.join(tmpdir(), 'btcdmon-i2pd-')), (it) =>
      rmSync(it, { recursive: true }),
    );
    // At once, because i2pd takes its time for each.
    [keyed, ours, theirs, waiting] = await Promise.all([
      opened(new KeyFile(folder, 'mainnet')),
      opened(),
      opened(),
      opened(),
    ]);
  }, PATIENCE_MS);
  afterAll(() => cleanup.run());

  async function opened(key?: KeyFile): Promise<Opened> {
    const { endpoint } = router;
    const session = cleanup.add(new SamSession({ bridge: { endpoint }, key, more: NO_HOPS }), (it) =>
      it.stop(),
    );
    return { session, name: await session.open() };
  }

  it(
    'makes a key, and the same address from it each time',
    async () => {
      expect(keyed.name).toMatch(/^[a-z2-7]{52}\.b32\.i2p$/);
      keyed.session.stop();
      const again = await opened(new KeyFile(folder, 'mainnet'));
      expect(again.name).toBe(keyed.name);
    },
    PATIENCE_MS,
  );

  it(
    'finds a destination of its own, and says what it does not find or reach',
    async () => {
      expect(ours.name).not.toBe(theirs.name);
      const unknown = ours.session.connect(nameOfKey(newPrivateKey()), never);
      await expect(unknown).rejects.toMatchObject({ result: 'INVALID_KEY' });
      // It knows the destination, and has no floodfill that would know its leases.
      const unreachable = ours.session.connect(theirs.name, never);
      await expect(unreachable).rejects.toMatchObject({ result: 'CANT_REACH_PEER' });
    },
    PATIENCE_MS,
  );

  it(
    'waits for streams, and ends that with the session',
    async () => {
      const failed = expect(waiting.session.accept()).rejects.toThrow('asked for STREAM ACCEPT, hung up');
      setTimeout(() => waiting.session.stop(), 2_000);
      await failed;
    },
    PATIENCE_MS,
  );
});
