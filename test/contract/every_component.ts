import { readdirSync } from 'node:fs';
import type { Component } from '../../src/component/component.ts';
import type { Consumer } from '../../src/component/consumer.ts';
import type { Factories, Settings } from '../../src/component/factory.ts';
import { factories } from '../../src/components.ts';
import { KINDS, type Kind } from '../../src/config/kinds.ts';
import { makeSettings } from '../support/settings.ts';
import { MINIMAL_CONFIGS } from './minimal_configs.ts';

type AnyFactory = Factories[Kind][number];

/** A component as the configuration names it, with all that a suite needs. */
export interface Subject {
  readonly name: string;
  readonly kind: Kind;
  readonly type: string;
  readonly factory: AnyFactory;
}

/** Every component there is, or those of one kind. */
export function subjects(kinds: readonly Kind[] = KINDS): Subject[] {
  return kinds.flatMap((kind) =>
    factories[kind].map((factory) => ({ name: `${kind}::${factory.type}`, kind, type: factory.type, factory })),
  );
}

/** The folders of a kind, each of which should be a component. */
export function folders(kind: Kind): string[] {
  return readdirSync(new URL(`../../src/${kind}/`, import.meta.url), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name);
}

/** What the schema makes of the minimal configuration; says what to do where a new component has none. */
export function minimalConfig({ name, factory }: Subject): unknown {
  const parsed = factory.schema.safeParse(MINIMAL_CONFIGS[name] ?? {});
  if (parsed.success) return parsed.data;
  throw new Error(
    `${name} can't run on its defaults: add the least it needs to test/contract/minimal_configs.ts\n${parsed.error.message}`,
  );
}

/** Makes one, as the service does. */
export function create(
  subject: Subject,
  { settings = makeSettings(subject.type), next = { consume: () => {} } }: { settings?: Settings; next?: Consumer } = {},
): Promise<Component> {
  const make = subject.factory.create as (settings: Settings, config: unknown, next: Consumer) => Promise<Component>;
  return make.call(subject.factory, settings, minimalConfig(subject), next);
}

/** Why components of this kind can't be started here, or undefined where they can. */
export function whyNotStarted(kind: Kind): string | undefined {
  if (kind !== 'receivers' || process.getuid?.() === 0) return undefined;
  return 'a receiver loads BPF programs, which needs root';
}
