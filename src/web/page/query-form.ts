import { button, byId, el, setText } from './dom';
import type { QueryFields, QueryRequest, Schema, SeriesInfo } from './api-types';

/** Most rows requested without an aggregate; the page does not show more at once. */
const ROWS = 1_000;

/** The fields of a query, filled from the schema. */
export class QueryForm {
  private readonly series = byId('q-series', 'select');
  private readonly agg = byId('q-agg', 'select');
  private readonly column = byId('q-column', 'select');
  private readonly by = byId('q-by', 'input');
  private readonly every = byId('q-every', 'input');
  private readonly where = byId('q-where', 'input');
  private readonly since = byId('q-since', 'input');
  private readonly raw = byId('q-raw', 'textarea');
  private known: readonly SeriesInfo[] = [];

  constructor(private readonly onChange: () => void) {
    this.series.addEventListener('change', () => this.showSeries());
    this.agg.addEventListener('change', () => this.showFields());
    for (const mode of this.modes) mode.addEventListener('change', () => this.showFields());
    byId('query-form', 'form').addEventListener('input', onChange);
  }

  /** Fills the lists from the schema. */
  offer({ series, aggregates }: Schema): void {
    this.known = series;
    this.series.replaceChildren(...series.map(({ name }) => el('option', { value: name }, name)));
    this.agg.replaceChildren(
      el('option', { value: '' }, 'none: the points'),
      ...aggregates.map((name) => el('option', { value: name }, name)),
    );
    this.showSeries();
  }

  /** Fills the fields with a query. */
  fill(request: QueryRequest): void {
    const raw = 'raw' in request;
    for (const mode of this.modes) mode.checked = (mode.value === 'sql') === raw;
    if (raw) this.raw.value = request.raw;
    else {
      const { series, agg = [], by = [], every, where, since } = request.query;
      this.series.value = series;
      this.agg.value = agg[0] ?? '';
      this.showSeries();
      this.column.value = agg[1] ?? '';
      this.by.value = by.join(', ');
      this.every.value = every ?? '';
      this.where.value = where ?? '';
      this.since.value = since ?? '';
    }
    this.showFields();
  }

  /** The query of the fields. */
  request(): QueryRequest {
    if (this.mode === 'sql') return { raw: this.raw.value };
    const text = (input: HTMLInputElement): string => input.value.trim();
    const by = text(this.by)
      .split(/[\s,]+/)
      .filter((name) => name !== '');
    const grouped = this.agg.value !== '';
    const query: QueryFields = {
      series: this.series.value,
      since: text(this.since) || '1h',
      ...(grouped
        ? { agg: [this.agg.value, ...(this.column.value === '' ? [] : [this.column.value])] }
        : { limit: ROWS }),
      ...(grouped && by.length > 0 ? { by } : {}),
      ...(grouped && text(this.every) !== '' ? { every: text(this.every) } : {}),
      ...(text(this.where) === '' ? {} : { where: text(this.where) }),
    };
    return { query };
  }

  private get modes(): NodeListOf<HTMLInputElement> {
    return document.querySelectorAll<HTMLInputElement>('input[name="q-mode"]');
  }

  private get mode(): string {
    return [...this.modes].find(({ checked }) => checked)?.value ?? 'form';
  }

  private showSeries(): void {
    const series = this.known.find(({ name }) => name === this.series.value);
    if (series === undefined) return;
    setText(byId('q-help', 'p'), series.help);
    const chosen = this.column.value;
    this.column.replaceChildren(
      el('option', { value: '' }, 'points'),
      ...series.columns.map(({ name, unit, help }) =>
        el('option', { value: name, title: help }, unit === '' ? name : `${name} (${unit})`),
      ),
    );
    this.column.value = series.columns.some(({ name }) => name === chosen) ? chosen : '';
    const tags = series.tags.map(({ name }) => name);
    byId('q-tags', 'span').replaceChildren(
      ...tags.map((tag) =>
        button({ class: 'chip', 'aria-label': `Group by ${tag}` }, () => this.toggleTag(tag), tag),
      ),
    );
    byId('q-names', 'datalist').replaceChildren(
      ...[...tags, ...series.columns.map(({ name }) => name)].map((name) => el('option', { value: name })),
    );
    this.showFields();
  }

  private toggleTag(tag: string): void {
    const names = this.by.value.split(/[\s,]+/).filter((name) => name !== '');
    this.by.value = (names.includes(tag) ? names.filter((name) => name !== tag) : [...names, tag]).join(', ');
    this.onChange();
  }

  /** Hides the fields that do not apply to the query. */
  private showFields(): void {
    const sql = this.mode === 'sql';
    byId('q-fields', 'div').hidden = sql;
    byId('q-statement', 'div').hidden = !sql;
    const grouped = this.agg.value !== '';
    for (const input of [this.column, this.by, this.every]) input.disabled = !grouped;
    this.onChange();
  }
}
