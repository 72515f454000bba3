import type { Need } from '../component/joints.ts';
import type { PushSettings } from './push_settings.ts';

/** What an exporter that pushes needs of earlier stages. */
export function pushNeeds({ temporality }: PushSettings): readonly Need[] {
  if (temporality === 'cumulative') return [];
  return [
    {
      supply: 'counts of this process',
      otherwise: 'warning',
      message:
        'pushes deltas of a receiver with pin: true. The first ones after a restart begin at the restart, so they leave out what was dropped since the last push before it; temporality: cumulative has all of it',
    },
  ];
}
