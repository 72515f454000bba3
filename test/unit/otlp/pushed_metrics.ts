import { DropAccumulator } from '../../../src/metrics/drop_accumulator.ts';
import { DropPublisher } from '../../../src/publish/drop_publisher.ts';
import { NAMINGS } from '../../../src/publish/naming.ts';
import { batch, makeService, ruleDrop } from '../metrics/fixtures.ts';

/** The service whose logger the carriers of a test get. */
export const service = makeService();

const accumulator = new DropAccumulator();
accumulator.add(batch([ruleDrop(7, 588)]));
const { resource } = service.settings('otlp');

/** What a push has: 7 drops of 588 bytes by a rule. */
export const metrics = await new DropPublisher({ accumulator, naming: NAMINGS.opentelemetry, resource }).collect();
