import type { TapSettings } from '../tap/settings';
import type { Admission } from './admission';
import type { CopyWriter } from './copy-writer';
import type { Loops } from './loops';
import type { PlainFallback } from './plain-fallback';
import type { Refusals } from './refusals';
import type { Relay } from './relay';

/** What the forwards and the SOCKS server of a tap share. */
export interface TapParts {
  readonly settings: TapSettings;
  readonly copies: CopyWriter;
  readonly admission: Admission;
  readonly refusals: Refusals;
  readonly loops: Loops;
  readonly fallback: PlainFallback;
  /** All connections that are led at this moment. */
  readonly relays: Set<Relay>;
  readonly warn: (message: string) => void;
}
