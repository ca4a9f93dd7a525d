import type { VersionMessage } from '../../wire/messages/version';
import { NODE_WITNESS, SERVES_BLOCKS } from '../../wire/services';
import type { PeerAccount } from './peer-account';

/** Connections with one netgroup, or one user agent with odd services, that are many. */
const MANY = 5;

/** Every node announces a transaction within seconds, and a block within an hour. */
const SILENT_MS = 600_000;
const SILENT_OF_BLOCKS_MS = 7_200_000;

/** With fewer requests the score does not judge deliveries. */
const LEAST_REQUESTED = 20;

/** The part of each reason in the score. All reasons together are 100. */
const WEIGHTS = { netgroup: 40, silent: 20, undelivered: 20, agents: 20 } as const;

/** Why a peer looks like one that watches and takes no part. The words are columns' values. */
type SpyReason = keyof typeof WEIGHTS;

/** How much a peer looks like a spy. An honest peer can have some of the reasons, but hardly all. */
export interface Suspicion {
  /** 0 to 100. */
  readonly score: number;
  readonly reasons: readonly SpyReason[];
}

/**
 * Whether the services that a peer claims are odd: it claims to be Bitcoin Core and has no blocks or no
 * witnesses, which Core always has, or it sets bits that nobody has given a meaning (Core 31 `src/protocol.h`
 * ServiceFlags).
 */
export function hasOddServices({
  userAgent,
  services,
}: Pick<VersionMessage, 'userAgent' | 'services'>): boolean {
  if (services >> 32n !== 0n) return true;
  if (!userAgent.startsWith('/Satoshi:')) return false;
  return (services & SERVES_BLOCKS) === 0n || (services & NODE_WITNESS) === 0n;
}

/**
 * What looks like a spy in the behaviour of a peer after its handshake: many connections from one netgroup
 * (`netgroup`) or with one user agent and odd services (`agents`), no announcement (`silent`), and most of
 * what it was asked for never sent (`undelivered`).
 */
export function suspicionOf(account: PeerAccount, relay: boolean, ageMs: number): Suspicion {
  const isQuiet = account.invFirst + account.invLater + account.blocksAnnounced === 0;
  const found: Record<SpyReason, boolean> = {
    netgroup: (account.netgroup?.most ?? 0) >= MANY,
    // A peer that wants no transactions may announce only blocks.
    silent: isQuiet && ageMs >= (relay ? SILENT_MS : SILENT_OF_BLOCKS_MS),
    undelivered: account.requested >= LEAST_REQUESTED && account.undelivered * 2 > account.requested,
    agents: (account.agents?.most ?? 0) >= MANY,
  };
  const reasons = (Object.keys(WEIGHTS) as SpyReason[]).filter((reason) => found[reason]);
  return { score: reasons.reduce((sum, reason) => sum + WEIGHTS[reason], 0), reasons };
}
