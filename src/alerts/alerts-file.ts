import { readFileSync } from 'node:fs';
import { rename, writeFile } from 'node:fs/promises';
import { diskProblem } from '../lib/disk-errors';
import { ALERTS } from './alerts';
import type { FiringAlert } from './states';

/** A firing alert in the file. */
interface KeptAlert {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly sinceMs: number;
  readonly firingMs: number;
  readonly reason: string;
}

/** What is in the file. */
interface Content {
  readonly format: 1;
  readonly firing: readonly KeptAlert[];
  /** The alerts that each receiver was told of. */
  readonly told: Readonly<Record<string, readonly KeptAlert[]>>;
}

/** The times of a `Date`, in milliseconds from 1970. */
const MAX_TIME_MS = 8.64e15;

const EMPTY: Content = { format: 1, firing: [], told: {} };

/**
 * A file with the alerts that fire, and with those that each receiver was told of. So receivers get no new
 * message after a restart if an alert still fires. Without a path nothing is kept.
 */
export class AlertsFile {
  private content: Content;
  private writing: Promise<void> | null = null;
  private isOutdated = false;

  constructor(
    private readonly path: string | null,
    private readonly warn: (message: string) => void,
  ) {
    this.content = this.read();
  }

  get firing(): readonly FiringAlert[] {
    return alertsOf(this.content.firing);
  }

  keepFiring(alerts: readonly FiringAlert[]): void {
    this.content = { ...this.content, firing: alerts.map(keptOf) };
    this.write();
  }

  /** The alerts that a receiver takes to be firing. */
  told(id: string): readonly FiringAlert[] {
    return alertsOf(this.content.told[id] ?? []);
  }

  keepTold(id: string, alerts: readonly FiringAlert[]): void {
    this.content = { ...this.content, told: { ...this.content.told, [id]: alerts.map(keptOf) } };
    this.write();
  }

  /** Forgets receivers that are not among these. */
  keepOnly(ids: readonly string[]): void {
    const told = Object.entries(this.content.told).filter(([id]) => ids.includes(id));
    this.content = { ...this.content, told: Object.fromEntries(told) };
  }

  /** Resolves when everything is written. */
  async close(): Promise<void> {
    while (this.writing !== null) await this.writing;
  }

  private read(): Content {
    if (this.path === null) return EMPTY;
    try {
      const content: unknown = JSON.parse(readFileSync(this.path, 'utf8'));
      if (isContent(content)) return content;
      this.warn(`${this.path}: has another form than expected; what alerts fired before is not known`);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT')
        this.warn(
          `${this.path}: can't be read, what alerts fired before is not known: ${diskProblem(error)}`,
        );
    }
    return EMPTY;
  }

  /** Writes the newest content, after the write that may still run. */
  private write(): void {
    const { path } = this;
    if (path === null) return;
    this.isOutdated = true;
    this.writing ??= (async () => {
      while (this.isOutdated) {
        this.isOutdated = false;
        try {
          await writeFile(`${path}.new`, JSON.stringify(this.content), { mode: 0o600 });
          await rename(`${path}.new`, path);
        } catch (error) {
          this.warn(`${path}: can't be written, so a restart repeats messages: ${diskProblem(error)}`);
        }
      }
      this.writing = null;
    })();
  }
}

function isContent(value: unknown): value is Content {
  if (!isRecord(value) || value['format'] !== 1 || !isRecord(value['told'])) return false;
  return [value['firing'], ...Object.values(value['told'])].every(
    (list) => Array.isArray(list) && list.every(isKept),
  );
}

function isKept(value: unknown): value is KeptAlert {
  if (!isRecord(value) || !isRecord(value['labels'])) return false;
  const texts = [value['name'], value['reason'], ...Object.values(value['labels'])];
  const times = [value['sinceMs'], value['firingMs']];
  return texts.every((text) => typeof text === 'string') && times.every(isTime);
}

function isTime(value: unknown): boolean {
  return typeof value === 'number' && Math.abs(value) <= MAX_TIME_MS;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function keptOf({ alert, labels, sinceMs, firingMs, reason }: FiringAlert): KeptAlert {
  return { name: alert.name, labels, sinceMs, firingMs, reason };
}

/** Alerts that this version does not have are left out. */
function alertsOf(kept: readonly KeptAlert[]): readonly FiringAlert[] {
  return kept.flatMap(({ name, labels, sinceMs, firingMs, reason }) => {
    const alert = ALERTS.find((one) => one.name === name);
    return alert === undefined ? [] : [{ alert, labels, sinceMs, firingMs, reason }];
  });
}
