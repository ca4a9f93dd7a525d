import type { Endpoint } from '../p2p/endpoint';
import type { ENCRYPTED_TRANSPORT } from '../p2p/first-bytes';
import type { Refusal, TapOnlyRefusal } from '../p2p/p2p-events';
import type { TapSettings } from './settings';

/** Title of the tap's process in lists of processes. */
export const TAP_TITLE = 'btcdmon-node tap';

/** File descriptor of the pipe for messages, at the process of the tap. */
export const CONTROL_PIPE = 3;

/** File descriptor of the pipe for copies, at the process of the tap. */
export const COPY_PIPE = 4;

/** Where a tap listens. */
export interface TapPlaces {
  /** One for each forward, in their order. */
  readonly forwards: readonly Endpoint[];
  readonly socks: Endpoint | null;
}

/** Why a tap refused a connection. The list is fixed, because it becomes a tag. */
export type TapRefusal = Refusal | TapOnlyRefusal | typeof ENCRYPTED_TRANSPORT;

/** What the program tells the process of its tap. */
export type ToTap =
  | { readonly kind: 'start'; readonly settings: TapSettings }
  /** Ends the inbound connections of an address, and refuses it for a day. */
  | { readonly kind: 'ban'; readonly host: string }
  | { readonly kind: 'close' };

/** What the process of a tap tells its program. */
export type FromTap =
  | { readonly kind: 'listening'; readonly places: TapPlaces }
  | { readonly kind: 'failed'; readonly message: string }
  | { readonly kind: 'warn'; readonly message: string }
  /** Connections that were refused since the last report. */
  | { readonly kind: 'refused'; readonly counts: Partial<Record<TapRefusal, number>> };
