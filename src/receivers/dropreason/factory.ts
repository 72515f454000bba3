import type { ReceiverFactory } from '../../component/factory.ts';
import { configSchema, type DropreasonConfig } from './config.ts';

export const dropreasonFactory: ReceiverFactory<DropreasonConfig> = {
  type: 'dropreason',
  description: 'Counts the packets that the kernel drops, by reason and direction, and failed TCP calls.',
  schema: configSchema,
  async create(settings, config, next) {
    const { DropreasonReceiver } = await import('./receiver.ts');
    return new DropreasonReceiver(settings, config, next);
  },
  claims({ pin, pin_path, capabilities }) {
    return [
      { path: ['capabilities'], capabilities: capabilities === 'drop' ? 'dropped' : 'needed' },
      ...(pin ? [{ path: ['pin_path'], directory: pin_path }] : []),
    ];
  },
  supplies({ mode, flows, pin }) {
    const ownCounts = pin ? [] : (['counts of this process'] as const);
    if (mode === 'basic') return ownCounts;
    return flows.ports ? [...ownCounts, 'flows', 'destination.port'] : [...ownCounts, 'flows'];
  },
  async diagnose(_id, config) {
    const { diagnose } = await import('./diagnose.ts');
    return diagnose(config);
  },
  async unpin(config) {
    const { unpin } = await import('./unpin.ts');
    return unpin(config);
  },
  async explain() {
    const { explanations } = await import('./reasons/explanations.ts');
    return explanations();
  },
};
