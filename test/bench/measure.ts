import type { Lab } from './lab.ts';

/** One line of the table. */
export interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  /** The maximum value. Without a bar the figure is reported and can't fail. */
  readonly bar?: number;
  /** The conditions of the measurement, if the name does not state them. */
  readonly note?: string;
}

/** A real measurement. It leaves nothing behind except what it registers with the lab. */
export interface Measure {
  readonly name: string;
  /** What is measured, and how, in one sentence. */
  readonly what: string;
  /** Whether other load on the machine does not affect the figures, so that a second try is useless. */
  readonly steady?: boolean;
  /** Whether it is only taken if named, since it is for a kernel other than this machine's. */
  readonly elsewhere?: boolean;
  run(lab: Lab): Promise<Figure[]>;
}

export function passes({ value, bar }: Figure): boolean {
  return bar === undefined || value <= bar;
}
