import type { WhyFact, WhyStep } from './why-answer';
import type { WhyRecord } from './why-record';

/** The address of a connection, or its number where it is no longer remembered. */
export function nameOf({ peers, former }: Pick<WhyRecord, 'peers' | 'former'>, connection: number): string {
  const address = peers.get(connection)?.address ?? former.peer(connection);
  return address ?? `connection ${connection}, which is no longer remembered`;
}

/** A step of a timeline that is about no other object. */
export function step(timeMs: number, what: string, peer: string | null = null): WhyStep {
  return { timeMs, what, peer, about: null };
}

/** A fact. */
export function fact(name: string, value: WhyFact['value'], unit = ''): WhyFact {
  return { name, value, unit };
}

/** The columns of a point that have a value, as facts. */
export function factsOf(
  columns: Readonly<Record<string, string | number | bigint | boolean | undefined>>,
  unitOf: (name: string) => string,
): readonly WhyFact[] {
  return Object.entries(columns).flatMap(([name, value]) =>
    value === undefined ? [] : [fact(name, typeof value === 'bigint' ? Number(value) : value, unitOf(name))],
  );
}
