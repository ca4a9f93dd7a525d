/** Which way a message went: to us, from us; or an event of the connection. */
export const DIRECTIONS = ['in', 'out', 'event'] as const;

export type Direction = (typeof DIRECTIONS)[number];
