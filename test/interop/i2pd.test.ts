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

const never = new AbortController().signal;

// Two routers don't lead streams here: i2pd 2.45 accepts no connection from a loopback address. So the
// streams of the tests are those of the test bridge, whose replies are these.
i2pd.describe('a real i2pd', (program) => {
  const cleanup = new Cleanup();
  const others = new Cleanup();
  let router: I2pdRouter;

  beforeAll(async () => {
    router = cleanup.add(await startI2pd(program), (it) => it.stop());
  }, PATIENCE_MS);
  afterEach(() => others.run());
  afterAll(() => cleanup.run());

  function session(key?: KeyFile): SamSession {
    const { endpoint } = router;
    return others.add(new SamSession({ bridge: { endpoint }, key, more: NO_HOPS }), (it) => it.stop());
  }

  it(
    'makes a key, and the same address from it each time',
    async () => {
      const folder = others.add(mkdtempSync(path.join(tmpdir(), 'btcdmon-i2pd-')), (it) =>
        rmSync(it, { recursive: true }),
      );
      const first = session(new KeyFile(folder, 'mainnet'));
      const name = await first.open();
      expect(name).toMatch(/^[a-z2-7]{52}\.b32\.i2p$/);
      first.stop();
      expect(await session(new KeyFile(folder, 'mainnet')).open()).toBe(name);
    },
    PATIENCE_MS,
  );

  it(
    'finds a destination of its own, and says what it does not find or reach',
    async () => {
      const [ours, theirs] = [session(), session()];
      const [name, other] = await Promise.all([ours.open(), theirs.open()]);
      expect(name).not.toBe(other);
      const unknown = ours.connect(nameOfKey(newPrivateKey()), never);
      await expect(unknown).rejects.toMatchObject({ result: 'INVALID_KEY' });
      // It knows the destination, and has no floodfill that would know its leases.
      await expect(ours.connect(other, never)).rejects.toMatchObject({ result: 'CANT_REACH_PEER' });
    },
    PATIENCE_MS,
  );

  it(
    'waits for streams, and ends that with the session',
    async () => {
      const it = session();
      await it.open();
      const failed = expect(it.accept()).rejects.toThrow('asked for STREAM ACCEPT, hung up');
      setTimeout(() => it.stop(), 2_000);
      await failed;
    },
    PATIENCE_MS,
  );
});
