import type { Explanation } from '../../../component/factory.ts';
import { readCatalog } from './catalog.ts';
import { REASON_CLASSES } from './reason_class.ts';
import { kernelNames } from './reasons.ts';

/** The catalog in the form of `Explanation`, in its order. */
export function explanations(): readonly Explanation[] {
  return Object.entries(readCatalog().reasons).flatMap(([subject, reasons]) =>
    Object.entries(reasons).map(([reason, entry]) => ({
      reason,
      aliases: kernelNames(reason),
      subject,
      class: entry.class,
      classMeaning: REASON_CLASSES[entry.class],
      meaning: entry.meaning,
      lookAt: entry.look_at,
    })),
  );
}
