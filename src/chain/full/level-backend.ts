import type { ClassicLevel } from 'classic-level';

type Callback<T = void> = (error: unknown, value?: T) => void;

type Range = Readonly<Record<'gt' | 'gte' | 'lt' | 'lte', Buffer | null>> & {
  readonly keys: boolean;
  readonly values: boolean;
  readonly reverse: boolean;
};

/** Options of LevelDB by bcoin's names; sizes in bytes. */
interface OpenOptions {
  readonly createIfMissing: boolean;
  readonly compression: boolean;
  readonly cacheSize: number;
  readonly writeBufferSize: number;
  readonly maxOpenFiles: number;
}

type Level = ClassicLevel<Buffer, Buffer>;

/**
 * A LevelDB class with the callback interface that bcoin's database layer (bdb) expects, on top of
 * classic-level. classic-level is the successor of leveldown, for which bdb was made, and uses the same
 * files.
 */
export function levelBackend(database: typeof ClassicLevel): new (location: string) => object {
  return class {
    private readonly level: Level;

    constructor(location: string) {
      this.level = new database<Buffer, Buffer>(location, {
        keyEncoding: 'buffer',
        valueEncoding: 'buffer',
      });
    }

    open(options: OpenOptions, done: Callback): void {
      const { createIfMissing, compression, cacheSize, writeBufferSize, maxOpenFiles } = options;
      settle(
        this.level.open({ createIfMissing, compression, cacheSize, writeBufferSize, maxOpenFiles }),
        done,
      );
    }

    close(done: Callback): void {
      settle(this.level.close(), done);
    }

    get(key: Buffer, done: Callback<Buffer>): void {
      this.level.get(key).then((value) => {
        if (value === undefined) done({ notFound: true });
        else done(null, value);
      }, done);
    }

    put(key: Buffer, value: Buffer, done: Callback): void {
      settle(this.level.put(key, value), done);
    }

    del(key: Buffer, done: Callback): void {
      settle(this.level.del(key), done);
    }

    batch(): object {
      const batch = this.level.batch();
      return {
        put: (key: Buffer, value: Buffer) => batch.put(key, value),
        del: (key: Buffer) => batch.del(key),
        clear: () => batch.clear(),
        write: (done: Callback) => settle(batch.write(), done),
      };
    }

    iterator({ gt, gte, lt, lte, keys, values, reverse }: Range): object {
      const range = Object.fromEntries(
        Object.entries({ gt, gte, lt, lte }).filter(([, bound]) => bound !== null),
      );
      const iterator = this.level.iterator({ ...range, keys, values, reverse });
      return {
        next: (done: (error: unknown, key?: Buffer, value?: Buffer) => void) => {
          iterator.next().then((entry) => {
            if (entry === undefined) done(null);
            // bdb takes an entry of neither for the end.
            else done(null, entry[0], entry[1]);
          }, done);
        },
        seek: (key: Buffer) => iterator.seek(key),
        end: (done: Callback) => settle(iterator.close(), done),
      };
    }
  };
}

function settle(work: Promise<void>, done: Callback): void {
  work.then(() => done(null), done);
}
