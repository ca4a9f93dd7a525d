import type { LiveTransaction } from '../../live/live';
import { byId, el } from './dom';
import { palette } from './palette';

/** The period that is drawn. */
const WINDOW_MS = 60_000;

/** How often it is drawn: as often as an eye follows, or rarely where motion is not wanted. */
const DRAW_MS = 100;
const CALM_MS = 2_000;

/** The feerates at the lower and the upper edge, in sat/vB. */
const LOW = 0.1;
const HIGH = 1_000;

/** Lines of the scale, in sat/vB. */
const SCALE = [1, 10, 100];

/** Height of the lane of transactions whose fee is not known, and room for labels, in pixels. */
const LANE_PX = 18;
const LABEL_PX = 34;

/** Where a feerate is between the edges: 0 to 1. */
export function heightOf(rate: number): number {
  const at = Math.log(rate / LOW) / Math.log(HIGH / LOW);
  return Math.min(1, Math.max(0, at));
}

/** Transactions as they come: a dot each, which wanders to the left within a minute. Higher ones pay more. */
export class Arrivals {
  private readonly host = byId('arrivals', 'div');
  private readonly canvas = el('canvas', {
    role: 'img',
    'aria-label': 'Transactions of the last minute by feerate',
  });
  private transactions: readonly LiveTransaction[] = [];

  /** @param now the server's time in Unix milliseconds */
  constructor(private readonly now: () => number) {
    this.host.append(this.canvas);
    const isCalm = matchMedia('(prefers-reduced-motion: reduce)').matches;
    setInterval(() => this.draw(), isCalm ? CALM_MS : DRAW_MS);
  }

  /** Takes the last transactions, or further ones. */
  add(transactions: readonly LiveTransaction[]): void {
    const since = this.now() - WINDOW_MS;
    this.transactions = [...transactions, ...this.transactions].filter(({ timeMs }) => timeMs > since);
  }

  begin(transactions: readonly LiveTransaction[]): void {
    this.transactions = [];
    this.add(transactions);
  }

  private draw(): void {
    const { clientWidth: width, clientHeight: height } = this.host;
    const context = this.canvas.getContext('2d');
    if (document.hidden || width === 0 || context === null) return;
    const scale = devicePixelRatio;
    if (
      this.canvas.width !== Math.round(width * scale) ||
      this.canvas.height !== Math.round(height * scale)
    ) {
      this.canvas.width = Math.round(width * scale);
      this.canvas.height = Math.round(height * scale);
    }
    context.setTransform(scale, 0, 0, scale, 0, 0);
    context.clearRect(0, 0, width, height);
    const floor = height - LANE_PX;
    const yOf = (rate: number): number => floor - 6 - heightOf(rate) * (floor - 12);
    const { text, grid, font } = palette();
    context.font = font;
    context.textAlign = 'right';
    context.textBaseline = 'middle';
    for (const rate of SCALE) {
      context.fillStyle = grid;
      context.fillRect(LABEL_PX, yOf(rate), width, 1);
      context.fillStyle = text;
      context.fillText(String(rate), LABEL_PX - 6, yOf(rate));
    }
    context.fillStyle = grid;
    context.fillRect(LABEL_PX, floor, width, 1);
    context.fillStyle = text;
    context.fillText('?', LABEL_PX - 6, floor + LANE_PX / 2);
    context.textAlign = 'left';
    context.fillText('sat/vB', 0, yOf(HIGH));
    this.dots(context, width, (rate) => (rate === null ? floor + LANE_PX / 2 : yOf(rate)));
  }

  private dots(context: CanvasRenderingContext2D, width: number, yOf: (rate: number | null) => number): void {
    const now = this.now();
    for (const { timeMs, feeRate, vsize, nonStandardReason } of this.transactions) {
      const age = (now - timeMs) / WINDOW_MS;
      if (age > 1) continue;
      const x = LABEL_PX + (width - LABEL_PX - 8) * (1 - Math.max(0, age));
      const radius = Math.min(9, 2 + Math.sqrt(vsize) / 12);
      context.beginPath();
      context.arc(x, yOf(feeRate), radius, 0, 2 * Math.PI);
      context.globalAlpha = 0.35 + 0.5 * (1 - age);
      context.fillStyle = palette().colour(nonStandardReason === null ? 0 : 1);
      context.fill();
    }
    context.globalAlpha = 1;
  }
}
