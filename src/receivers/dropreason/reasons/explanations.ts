import type { Explanation } from '../../../component/factory.ts';
import { REASON_CATALOG } from './reason_catalog.ts';
import { REASON_CLASSES } from './reason_class.ts';
import { kernelNames } from './reasons.ts';

/** The catalog as others see it, in its order. */
export function explanations(): readonly Explanation[] {
  return Object.entries(REASON_CATALOG).flatMap(([subject, reasons]) =>
    Object.entries(reasons).map(([reason, entry]) => ({
      ...entry,
      reason,
      subject,
      aliases: kernelNames(reason),
      classMeaning: REASON_CLASSES[entry.class],
    })),
  );
}
