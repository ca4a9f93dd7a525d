import type { SpoolDamage, TornRecord } from './segment';

/** Says how many points damaged bytes of a segment have cost. */
export function damagedText(file: string, { bytes, points }: SpoolDamage): string {
  const lost = points === 0 ? 'how many points they held is unknown' : `at least ${pointsAre(points)} lost`;
  return `${bytes} bytes of ${file} are damaged; ${lost}`;
}

/** Says that the end of a segment was cut off. These points were not counted as emitted. */
export function tornText(file: string, { bytes, points }: TornRecord): string {
  const what = points === undefined ? 'a record' : `a record of ${pointsOf(points)}`;
  return `${file} ends with the first ${bytes} bytes of ${what}, as a kill or a power cut in the middle of its write leaves it; they are removed`;
}

/** Says that segments from one to another are empty or gone. */
export function missingText(from: string, to: string, what: 'empty' | 'not there'): string {
  const files = from === to ? `${from} is` : `the files from ${from} to ${to} are`;
  return `${files} ${what}, while later ones are there; at least 1 point in ${from === to ? 'it' : 'them'} is lost`;
}

/** Says that the segment that the cursor names is gone. */
export function goneText(file: string): string {
  return `${file}, which the file cursor names, is not there; points that waited in it are lost, if there were any`;
}

/** Says that a segment ends before the end of its delivered part. */
export function shorterText(file: string): string {
  return `${file} is shorter than what was delivered of it, as a power cut leaves it; points that waited in it are lost, if there were any`;
}

function pointsOf(points: number): string {
  return points === 1 ? '1 point' : `${points} points`;
}

function pointsAre(points: number): string {
  return points === 1 ? '1 point in them is' : `${points} points in them are`;
}
