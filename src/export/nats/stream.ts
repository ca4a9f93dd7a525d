import {
  DiscardPolicy,
  JetStreamApiCodes,
  JetStreamApiError,
  type JetStreamManager,
  RetentionPolicy,
  StorageType,
  type StreamInfo,
} from '@nats-io/jetstream';
import { nanos } from '@nats-io/transport-node';
import { NatsRefused } from './refused';
import type { NatsSettings } from './settings';

/**
 * How long the servers remember the ids of messages, in milliseconds. A batch whose confirmation was lost is
 * sent again within seconds of the servers' return. Servers keep the ids in memory, some 200 bytes each, and
 * a busy node sends 10 to 50 in a second; so hours would cost a fleet gigabytes.
 */
const REMEMBER_MS = 600_000;

/** Codes of JetStream's errors, of nats-server's `server/errors.json`. */
const NO_ROOM = new Set([10_023, 10_028, 10_047]);
const NO_CLUSTER = 10_074;

/**
 * Makes the stream if it does not exist. A message stays until the collectors' group has confirmed it. A full
 * stream refuses further messages, which then wait on the nodes' disks: nothing is lost silently. An existing
 * stream is unchanged.
 * @returns the most bytes of a message that the stream takes
 * @throws NatsRefused if the stream can't be made, or can't take our points
 */
export async function ensureStream(
  manager: JetStreamManager,
  settings: NatsSettings,
): Promise<{ readonly maxMessageBytes: number }> {
  const { config } = (await find(manager, settings.stream)) ?? (await make(manager, settings));
  const wanted = [...settings.subject.split('.'), '*', '*'];
  const { subjects } = config;
  if (!subjects.some((pattern) => covers(pattern.split('.'), wanted)))
    throw new NatsRefused(
      `the stream ${settings.stream} does not take the subject ${wanted.join('.')}, but ${subjects.join(', ') || 'none'}; ` +
        'give subject=, or another stream',
    );
  if (config.no_ack) throw new NatsRefused(`the stream ${settings.stream} confirms nothing (no_ack)`);
  return { maxMessageBytes: config.max_msg_size > 0 ? config.max_msg_size : Infinity };
}

async function find(manager: JetStreamManager, stream: string): Promise<StreamInfo | undefined> {
  try {
    return await manager.streams.info(stream);
  } catch (error) {
    if (error instanceof JetStreamApiError && error.code === JetStreamApiCodes.StreamNotFound)
      return undefined;
    throw error;
  }
}

async function make(manager: JetStreamManager, settings: NatsSettings): Promise<StreamInfo> {
  const { stream, subject, replicas, streamBytes } = settings;
  try {
    return await manager.streams.add({
      name: stream,
      subjects: [`${subject}.*.*`],
      description: 'points of btcdmon-node, as line protocol',
      storage: StorageType.File,
      retention: RetentionPolicy.Workqueue,
      discard: DiscardPolicy.New,
      max_bytes: streamBytes,
      num_replicas: replicas,
      duplicate_window: nanos(REMEMBER_MS),
    });
  } catch (error) {
    if (!(error instanceof JetStreamApiError)) throw error;
    // Another node has made it meanwhile, or the servers did not agree yet that it exists.
    const other = await find(manager, stream);
    if (other !== undefined) return other;
    if (error.code === NO_CLUSTER)
      throw new NatsRefused(`the stream can't be made with replicas=${replicas}: the server is alone`);
    if (NO_ROOM.has(error.code))
      throw new NatsRefused(
        `the stream can't be made: ${error.message}; give stream-size= (now ${streamBytes / 1e6} MB), or the servers more room`,
      );
    throw error;
  }
}

/** Whether a subject pattern includes every subject of another pattern. */
export function covers(pattern: readonly string[], wanted: readonly string[]): boolean {
  for (const [i, token] of pattern.entries()) {
    if (token === '>') return wanted.length > i;
    if (i >= wanted.length || (token !== '*' && token !== wanted[i])) return false;
  }
  return pattern.length === wanted.length;
}
