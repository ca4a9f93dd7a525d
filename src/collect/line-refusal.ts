/** Why a line is refused. */
export type LineRefusal =
  | 'not line protocol'
  | 'too long'
  | 'not UTF-8'
  | 'no node'
  | 'unknown network'
  | 'unknown series'
  | 'unknown tag'
  | 'unknown column'
  | 'bad value'
  | 'no time';

/** Each refusal as text for the log. No text shows a part of the line. */
export const LINE_REFUSALS: Readonly<Record<LineRefusal, string>> = {
  'not line protocol': 'that are not line protocol',
  'too long': 'that are too long',
  'not UTF-8': 'that are not UTF-8',
  'no node': 'without a tag node',
  'unknown network': 'of an unknown network',
  'unknown series': 'of an unknown series (of a newer node?)',
  'unknown tag': 'with an unknown tag (of a newer node?)',
  'unknown column': 'with an unknown column (of a newer node?)',
  'bad value': 'with a value that its column or tag cannot have',
  'no time': 'without a time in nanoseconds',
};
