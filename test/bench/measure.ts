import type { Lab } from './lab.ts';

/** One line of the table. */
export interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  /** The most that the value may be; without one the figure is told and can't fail. */
  readonly bar?: number;
  /** Under which circumstances, where that isn't plain from the name. */
  readonly note?: string;
}

/** Something that is measured for real; it leaves nothing behind but what it hands to the lab. */
export interface Measure {
  readonly name: string;
  /** What is measured and how, in a sentence. */
  readonly what: string;
  /** Whether what else the machine does leaves the figures alone, so that a second try would tell nothing new. */
  readonly steady?: boolean;
  /** Whether it is taken by name alone, since it is for another kernel than this machine's. */
  readonly elsewhere?: boolean;
  run(lab: Lab): Promise<Figure[]>;
}

export function passes({ value, bar }: Figure): boolean {
  return bar === undefined || value <= bar;
}
