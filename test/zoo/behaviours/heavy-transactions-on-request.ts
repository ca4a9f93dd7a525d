import type { Behaviour } from '../behaviour';
import { compactSize, inventory, randomHashes, randomOutpoint, transaction } from '../bytes';
import { frame } from '../cage';

/** Type of inventory (BIP339). */
const MSG_WTX = 5;

/** Empty items of the witness, of which each takes one byte and has to be read. */
const ITEMS = 3_900_000;

/** Announced at once: enough requests for a while. An answer to a request costs no bytes and no messages. */
const ANNOUNCED = 200;
const ANNOUNCE_MS = 4_000;

export const heavyTransactionsOnRequest: Behaviour = {
  name: 'heavy-transactions-on-request',
  does: 'Announces transactions, and answers each request with one whose witness has 3.9 million empty items.',
  ends: ['processor-time'],
  run: async (cage) => {
    const peer = await cage.join();
    const { socket } = peer;
    const heavy = frame('tx', heavyTransaction());
    let read = 0;
    let asked = 0;
    let sent = 0;
    for (let announceAt = 0; !cage.isOver && !socket.destroyed;) {
      if (performance.now() >= announceAt) {
        peer.send('inv', inventory(MSG_WTX, randomHashes(ANNOUNCED)));
        announceAt = performance.now() + ANNOUNCE_MS;
      }
      for (const { command, payload } of peer.got.slice(read))
        if (command === 'getdata') asked += (payload.length - (payload.length % 36)) / 36;
      read = peer.got.length;
      if (sent < asked) {
        await cage.flood(socket, () => heavy, 1);
        sent += 1;
      } else {
        await cage.pause(50);
      }
    }
  },
};

/** A transaction of few points: one input, one output, and a witness (BIP141). */
function heavyTransaction(): Buffer {
  const light = transaction({ spends: [randomOutpoint()], outputs: 1, witness: Buffer.alloc(0) });
  const lockTime = light.subarray(-4);
  // Without the witness of one empty item: its count and the length of the item.
  return Buffer.concat([light.subarray(0, -6), compactSize(ITEMS), Buffer.alloc(ITEMS), lockTime]);
}
