import { Cage } from './cage';
import { BEHAVIOURS } from './all-behaviours';

/** The first message to the process of the culprits. */
export interface CulpritsOrder {
  readonly port: number;
  /** Names of the behaviours, which run at the same time. */
  readonly names: readonly string[];
  readonly seconds: number;
  /** Whether a behaviour starts again after its end. */
  readonly comeBack: boolean;
}

/** A later message: names of the behaviours that must stop. */
export interface LeaveOrder {
  readonly leave: readonly string[];
}

/** Messages from the process: the error of a behaviour that failed by itself, and the end. */
export type CulpritsNews = { readonly failed: string } | { readonly done: true };

const cages = new Map<string, Cage>();

const tell = (news: CulpritsNews): void => void process.send?.(news);

async function misbehave({ port, names, seconds, comeBack }: CulpritsOrder): Promise<void> {
  const until = performance.now() + seconds * 1_000;
  await Promise.all(
    names.map(async (name) => {
      const index = BEHAVIOURS.findIndex((each) => each.name === name);
      const behaviour = BEHAVIOURS[index];
      const cage = new Cage({ port, index: index, until });
      cages.set(name, cage);
      try {
        // A behaviour that was ended comes back from other addresses until the run is over.
        do {
          await behaviour?.run(cage);
          await cage.pause(1_000);
        } while (comeBack && !cage.isOver);
      } catch (error) {
        tell({ failed: `${name}: ${String(error)}` });
      } finally {
        cage.leave();
      }
    }),
  );
}

process.on('message', (order: CulpritsOrder | LeaveOrder) => {
  if ('leave' in order) for (const name of order.leave) cages.get(name)?.leave();
  else void misbehave(order).then(() => tell({ done: true }));
});
process.on('disconnect', () => process.exit(0));
