import { once } from '../../component/once.ts';
import { labelName } from './names.ts';

/** Attributes of a series or of a resource. */
export type Labelled = Readonly<Record<string, unknown>>;

/** The labels of one series. */
export interface Written {
  /** In braces; empty if there are none. */
  readonly text: string;
  /** Whether attributes that differ from these have other labels, as far as names and types go that were seen. */
  readonly exact: boolean;
}

export interface PrometheusLabelsOptions {
  /** Which of the resource's attributes are on every series. */
  readonly isOnEverySeries: (attribute: string) => boolean;
  /** Labels with their values that are on every series too. */
  readonly constLabels: Readonly<Record<string, string>>;
  /** Called once for each label that doesn't show the expected value. */
  readonly warn: (message: string) => void;
}

/**
 * Writes attributes as labels. Prometheus refuses a whole scrape for one label that is given twice, so attributes whose names
 * become equal are one label, and a series' own label goes before the constant ones, which go before the resource's. An empty label is none
 * to Prometheus, and is left out.
 */
export class PrometheusLabels {
  readonly #isOnEverySeries: (attribute: string) => boolean;
  readonly #constLabels: Readonly<Record<string, string>>;
  readonly #warnOnce: (key: string, message: string) => void;
  #resource: Labelled = {};
  #everywhere: ReadonlyMap<string, string> = new Map();
  #everywhereText = '';
  /** The attribute that each label is of, with the type of its values. */
  readonly #sources = new Map<string, string>();
  /** A label is of several attributes, or types. */
  #isAmbiguous = false;

  constructor({ isOnEverySeries, constLabels, warn }: PrometheusLabelsOptions) {
    this.#isOnEverySeries = isOnEverySeries;
    this.#constLabels = constLabels;
    this.#warnOnce = once(warn);
  }

  /** Told before a page is written: whose series they are. Whether labels may be other ones than before. */
  take(resource: Labelled): boolean {
    if (resource === this.#resource) return false;
    this.#resource = resource;
    const chosen = Object.fromEntries(Object.entries(resource).filter(([name]) => this.#isOnEverySeries(name)));
    const everywhere = this.#valuesOf(chosen);
    for (const [label, value] of Object.entries(this.#constLabels)) {
      if (everywhere.has(label))
        this.#warnOnce(`=${label}`, `the resource's ${label} is hidden by the constant label of that name`);
      everywhere.set(label, value);
    }
    this.#everywhere = everywhere;
    this.#everywhereText = textOf(this.#everywhere);
    return true;
  }

  /** The labels of `target_info`, in braces. */
  ofResource(): string {
    return inBraces(textOf(this.#valuesOf(this.#resource)));
  }

  /** Whether a label is of several attributes, or types, among all that were written: then exact labels may be equal after all. */
  get areAmbiguous(): boolean {
    return this.#isAmbiguous;
  }

  /** The same for all attributes that have the same labels. */
  identity(attributes: Labelled): string {
    const all = new Map([...this.#everywhere, ...this.#valuesOf(attributes)]);
    return JSON.stringify([...all].filter(([, value]) => value !== '').sort(([a], [b]) => (a < b ? -1 : 1)));
  }

  /** Those of a series. The same at each call. */
  write(attributes: Labelled): Written {
    const own = this.#valuesOf(attributes);
    let added = this.#everywhereText;
    const hidden = [...this.#everywhere.keys()].filter((label) => own.has(label));
    if (hidden.length > 0) {
      for (const label of hidden) {
        const whose = Object.hasOwn(this.#constLabels, label) ? 'the constant label' : "the resource's";
        this.#warnOnce(label, `${whose} ${label} is left out of series that have a label of that name themselves`);
      }
      added = textOf(new Map([...this.#everywhere].filter(([label]) => !own.has(label))));
    }
    const shown = textOf(own);
    const text = inBraces(shown === '' || added === '' ? shown + added : `${shown},${added}`);
    return { text, exact: this.#areKnown(attributes) && hidden.length === 0 };
  }

  /** Notes whose labels these are. */
  #areKnown(attributes: Labelled): boolean {
    let exact = true;
    for (const [name, value] of Object.entries(attributes)) {
      const label = labelName(name);
      const source = `${typeof value} ${name}`;
      const known = this.#sources.get(label);
      if (known === undefined) this.#sources.set(label, source);
      else if (known !== source) this.#isAmbiguous = true;
      if (value === '' || (typeof value !== 'string' && typeof value !== 'number')) exact = false;
    }
    return exact;
  }

  /** Values by label; those of several attributes that are one label are joined, in the order of the attributes' names. */
  #valuesOf(attributes: Labelled): Map<string, string> {
    const values = new Map<string, string>();
    const names = Object.keys(attributes);
    for (const name of names) values.set(labelName(name), valueText(attributes[name]));
    if (values.size === names.length) return values;
    names.sort();
    for (const label of values.keys()) {
      const alike = names.filter((name) => labelName(name) === label);
      if (alike.length === 1) continue;
      values.set(label, alike.map((name) => valueText(attributes[name])).join(';'));
      this.#warnOnce(`;${label}`, `several attributes are the label ${label}: their values are joined by ";"`);
    }
    return values;
  }
}

/** Text as it is, anything else as JSON. */
function valueText(value: unknown = ''): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function textOf(values: ReadonlyMap<string, string>): string {
  let text = '';
  for (const [label, value] of values) {
    if (value !== '') text += `${text === '' ? '' : ','}${label}="${escapeQuoted(value)}"`;
  }
  return text;
}

/** The same labels and one more, as buckets need it; it must be none that an attribute can be. */
export function withLabel(labels: string, label: string, value: string): string {
  const more = `${label}="${value}"`;
  return labels === '' ? `{${more}}` : `${labels.slice(0, -1)},${more}}`;
}

function inBraces(labels: string): string {
  return labels === '' ? '' : `{${labels}}`;
}

/** Backslashes and line ends, as a HELP line of the text format wants them. */
export function escapeText(text: string): string {
  return text.replace(/\\/g, '\\\\').replace(/\n/g, '\\n');
}

/** The same with quotes, as the value of a label wants it, and a HELP line of OpenMetrics. */
export function escapeQuoted(text: string): string {
  return escapeText(text).replace(/"/g, '\\"');
}
