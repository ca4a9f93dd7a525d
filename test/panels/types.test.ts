import { compileErrors } from '../support/compile';

/** The lines of a panel, as the compiler sees them. */
const check = (...lines: readonly string[]): readonly string[] =>
  compileErrors(`import { line } from '../../src/panels/panel';\n${lines.join('\n')}`);

it('a panel that names an unknown series, column or tag does not compile', () => {
  const right = `line('x', 'tx_outputs', 'sum', 'value', { by: ['script_type'], where: { is_dust: true } });`;
  const wrong = [
    right.replace('tx_outputs', 'outputs'),
    right.replace('value', 'worth'),
    right.replace('script_type', 'kind'),
    right.replace('is_dust', 'dusty'),
    right.replace('sum', 'total'),
  ];
  const found = check(right, ...wrong);
  expect(found).toHaveLength(wrong.length);
  for (const [index, name] of ['outputs', 'worth', 'kind', 'dusty', 'total'].entries())
    expect(found[index]).toContain(name);
});
