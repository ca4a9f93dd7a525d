/**
 * Saves a growing number of addresses into the given folder. Writes a dot after each save, until it is
 * killed.
 */
import { AddressFile } from '../../../src/p2p/join/address-file';

async function main(): Promise<void> {
  const file = new AddressFile(process.argv[2] ?? '', 'regtest');
  const unixTime = (): number => 1_800_000_000;
  const { addrman, bans } = await file.load({ unixTime, monotonicMs: () => performance.now() }, (message) =>
    process.stderr.write(`${message}\n`),
  );
  for (let i = 0; i < 100_000; i++) {
    const address = Buffer.from([127, 1 + (i % 200), Math.floor(i / 200) % 250, 1]);
    addrman.add(
      { network: 'ipv4', address, port: 18_444, services: 9n, time: unixTime() },
      `source:${i % 50}`,
    );
    if (i < 1_000 || i % 10 !== 0) continue;
    await file.save(addrman, bans);
    process.stdout.write('.');
  }
}

void main();
