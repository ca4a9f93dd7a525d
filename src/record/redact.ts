import { mkdir, open } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { diskProblem } from '../lib/disk-errors';
import { FailureError, UsageError } from '../lib/errors';
import { DecodeError } from '../wire/decode-error';
import { DECODERS, isDecoded } from '../wire/messages/table';
import { sealBlock } from './block';
import { Fact, RecordError } from './fact';
import { filesOf, type FrameTroubles } from './frame-list';
import {
  COMMAND_BYTES,
  KIND,
  readMessage,
  readRecords,
  RECORD_HEAD_BYTES,
  type StoredRecord,
  writeRecordHead,
} from './record';
import { readBlocks } from './record-reader';
import { Pseudonyms } from './pseudonyms';

/** Where `version` has addresses: 16 bytes each and 2 of a port. */
const VERSION_ADDRESSES = [28, 54];
const ENDPOINT_BYTES = 18;

/** Messages with free text, which may hold an address. */
const FREE_TEXT: readonly string[] = ['reject', 'alert'];

const compress = promisify(gzip);

/** What a copy has. */
export interface Redaction {
  readonly files: number;
  /** Addresses that were replaced. */
  readonly addresses: number;
  /** Records that are left out because they don't have their form. */
  readonly left: number;
}

/**
 * Copies a recording without addresses of nodes, so that others may have it. Each address of a peer gets a
 * replacement, always the same one: those of connections, and those in the payloads of `version`, `addr` and
 * `addrv2`. The name of the node and the autonomous systems are left out. Messages without a decoder,
 * malformed ones with addresses, and those with free text become as many bytes without meaning.
 * @param out a folder that does not exist yet
 * @throws UsageError if it exists; FailureError if a file can't be read or written
 */
export async function redact(directory: string, out: string, troubles: FrameTroubles): Promise<Redaction> {
  const files = await filesOf(directory);
  try {
    await mkdir(out, { mode: 0o700 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST')
      throw new UsageError(`--redact ${out}: is there already; name a new folder`);
    throw new FailureError(`--redact ${out}: can't be made: ${diskProblem(error)}`);
  }
  const redactor = new Redactor();
  for (const file of files) {
    try {
      const handle = await open(path.join(out, path.basename(file.path)), 'wx', 0o600);
      try {
        let number = 0;
        for await (const found of readBlocks(file.path, file.path)) {
          if (found.kind === 'damage') {
            troubles.damaged(file.path, found);
            continue;
          }
          const { raw, records } = redactor.block(found.raw, found.head.timeNs);
          if (records === 0) continue;
          const member = await compress(raw, { level: 1 });
          await handle.appendFile(
            sealBlock(member, { timeNs: found.head.timeNs, number: number++, records }),
          );
        }
      } finally {
        await handle.close();
      }
    } catch (error) {
      if ((error as NodeJS.ErrnoException).syscall === undefined) throw error;
      throw new FailureError(`--redact ${out}: can't be written: ${diskProblem(error)}`);
    }
  }
  return { files: files.length, addresses: redactor.pseudonyms.size, left: redactor.left };
}

/** The fields of a connection without those about its address. */
function withoutOrigin({ all }: Fact): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(all).filter(([name]) => name !== 'asn' && name !== 'labels'));
}

/** Takes the addresses out of records. */
export class Redactor {
  readonly pseudonyms = new Pseudonyms();
  left = 0;

  block(raw: Buffer, timeNs: bigint): { readonly raw: Buffer; readonly records: number } {
    const parts: Buffer[] = [];
    const isSound = readRecords(raw, timeNs, (record) => {
      try {
        const body = this.body(record);
        const head = Buffer.alloc(RECORD_HEAD_BYTES);
        writeRecordHead(head, 0, {
          deltaNs: Number(record.timeNs - timeNs),
          peer: record.peer,
          kind: record.kind + record.form * 16,
          length: body.length,
        });
        parts.push(head, body);
      } catch (error) {
        if (!(error instanceof RecordError)) throw error;
        this.left += 1;
      }
    });
    if (!isSound) this.left += 1;
    return { raw: Buffer.concat(parts), records: parts.length / 2 };
  }

  private body(record: StoredRecord): Buffer {
    switch (record.kind) {
      case KIND.start:
        return this.start(record.body);
      case KIND.fact:
        return this.fact(record.body);
      case KIND.in:
      case KIND.out:
        return this.message(record);
      case KIND.clock:
      case KIND.headers:
      case KIND.block:
      case KIND.torn:
      case KIND.read:
        return record.body;
      default:
        throw new RecordError('a kind that is not known may hold addresses');
    }
  }

  private start(body: Buffer): Buffer {
    const fact = Fact.read(body);
    const peers = fact.list('peers').map((peer) => ({
      ...withoutOrigin(peer),
      address: this.pseudonyms.ofEndpoint(peer.address('address')),
      ...(peer.has('version')
        ? { version: this.payload('version', peer.bytes('version')).toString('hex') }
        : {}),
    }));
    return Buffer.from(JSON.stringify({ ...fact.all, node: 'redacted', hasAsMap: false, labels: [], peers }));
  }

  private fact(body: Buffer): Buffer {
    const fact = Fact.read(body);
    if (!fact.has('address')) return body;
    const address = this.pseudonyms.ofEndpoint(fact.address('address'));
    return Buffer.from(JSON.stringify({ ...withoutOrigin(fact), address }));
  }

  private message(record: StoredRecord): Buffer {
    const message = readMessage(record);
    if (message === null) throw new RecordError('a message is too short');
    const payload = this.payload(message.command, message.payload);
    return payload === message.payload
      ? record.body
      : Buffer.concat([record.body.subarray(0, COMMAND_BYTES), payload]);
  }

  /** The payload without addresses. */
  private payload(command: string, payload: Buffer): Buffer {
    if (!isDecoded(command) || FREE_TEXT.includes(command)) return Buffer.alloc(payload.length);
    if (command !== 'version' && command !== 'addr' && command !== 'addrv2') return payload;
    const copy = Buffer.from(payload);
    try {
      if (command === 'version') {
        DECODERS.version(copy);
        for (const at of VERSION_ADDRESSES) copy.fill(0, at, Math.min(copy.length, at + ENDPOINT_BYTES));
        return copy;
      }
      for (const entry of DECODERS[command](copy)) this.pseudonyms.replace(entry);
      return copy;
    } catch (error) {
      // It stays what it was: no message of its command.
      if (error instanceof DecodeError) return Buffer.alloc(payload.length, 0xff);
      throw error;
    }
  }
}
