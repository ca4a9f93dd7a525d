import { readFileSync } from 'node:fs';
import path from 'node:path';

const css = readFileSync(path.join(__dirname, '../../../src/web/page/base.css'), 'utf8');

type Three = readonly [number, number, number];

/** A colour of the style sheet in linear light. */
function linear(hex: string): Three {
  const part = (at: number): number => {
    const value = parseInt(hex.slice(at, at + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  };
  return [part(1), part(3), part(5)];
}

const dot = (row: Three, [r, g, b]: Three): number => row[0] * r + row[1] * g + row[2] * b;

/** WCAG 2. */
function contrast(a: string, b: string): number {
  const [dark = 0, light = 0] = [a, b]
    .map((hex) => dot([0.2126, 0.7152, 0.0722], linear(hex)))
    .sort((x, y) => x - y);
  return (light + 0.05) / (dark + 0.05);
}

/**
 * The colour that a person without one kind of cones sees, in linear light (Machado, Oliveira, Fernandes
 * 2009, severity 1).
 */
const SIGHTS: Readonly<Record<string, readonly [Three, Three, Three]>> = {
  'all cones': [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ],
  'no red cones': [
    [0.152286, 1.052583, -0.204868],
    [0.114503, 0.786281, 0.099216],
    [-0.003882, -0.048116, 1.051998],
  ],
  'no green cones': [
    [0.367322, 0.860646, -0.227968],
    [0.280085, 0.672501, 0.047413],
    [-0.01182, 0.04294, 0.968881],
  ],
  'no blue cones': [
    [1.255528, -0.076749, -0.178779],
    [-0.078411, 0.930809, 0.147602],
    [0.004733, 0.691367, 0.3039],
  ],
};

/** CIE L*a*b*, in which distances match what the eye perceives. */
function lab(rgb: Three): Three {
  const f = (t: number): number => (t > 0.008856 ? Math.cbrt(t) : 7.787 * t + 16 / 116);
  const x = f(dot([0.4124, 0.3576, 0.1805], rgb) / 0.95047);
  const y = f(dot([0.2126, 0.7152, 0.0722], rgb));
  const z = f(dot([0.0193, 0.1192, 0.9505], rgb) / 1.08883);
  return [116 * y - 16, 500 * (x - y), 200 * (y - z)];
}

function seen(hex: string, sight: string): Three {
  const matrix = SIGHTS[sight] ?? [];
  const clamp = (value: number): number => Math.min(1, Math.max(0, value));
  const [r = 0, g = 0, b = 0] = matrix.map((row) => clamp(dot(row, linear(hex))));
  return lab([r, g, b]);
}

describe.each([
  ['light', 1],
  ['dark', 2],
] as const)('colours of the %s theme', (_name, group) => {
  const valueOf = (name: string): string =>
    new RegExp(`${name}: light-dark\\((#\\w{6}), (#\\w{6})\\)`).exec(css)?.[group] ?? '';
  const lines = Array.from({ length: 8 }, (_, index) => valueOf(`--line-${index + 1}`));

  it('contrast with the background: lines 3:1, text 4.5:1', () => {
    for (const line of lines) expect(contrast(line, valueOf('--card'))).toBeGreaterThan(3);
    for (const ground of ['--card', '--ground', '--raised'])
      for (const text of ['--text', '--muted', '--accent'])
        expect(contrast(valueOf(text), valueOf(ground))).toBeGreaterThan(4.5);
    for (const tone of ['good', 'warn', 'bad'])
      expect(contrast(valueOf(`--${tone}`), valueOf(`--${tone}-soft`))).toBeGreaterThan(4.5);
  });

  it.each(Object.keys(SIGHTS))('distinguish lines with %s', (sight) => {
    for (const [index, line] of lines.entries())
      for (const other of lines.slice(index + 1)) {
        const [a, b] = [seen(line, sight), seen(other, sight)];
        expect(Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2])).toBeGreaterThan(15);
      }
  });
});
