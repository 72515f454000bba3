/** Patterns for names of attributes: `*` is any text, `?` one character. */
export interface Patterns {
  readonly included: readonly string[];
  readonly excluded: readonly string[];
}

/** What decides which of the resource's attributes are labels of every series. */
interface Choice {
  readonly resource_constant_labels?: Patterns | undefined;
  readonly resource_to_telemetry_conversion: { readonly enabled: boolean; readonly exclude_service_attributes: boolean };
}

const SERVICE = ['service.name', 'service.namespace', 'service.instance.id'];

/** As in the Collector: `resource_constant_labels` counts if it is there; exclusions alone include everything else. */
export function resourceLabels({
  resource_constant_labels,
  resource_to_telemetry_conversion,
}: Choice): (name: string) => boolean {
  const { included, excluded } = resource_constant_labels ?? asPatterns(resource_to_telemetry_conversion);
  if (included.length === 0 && excluded.length === 0) return () => false;
  const [ins, outs] = [included.map(expression), excluded.map(expression)];
  return (name) => (ins.length === 0 || ins.some((each) => each.test(name))) && !outs.some((each) => each.test(name));
}

function asPatterns({ enabled, exclude_service_attributes }: Choice['resource_to_telemetry_conversion']): Patterns {
  return { included: enabled ? ['*'] : [], excluded: enabled && exclude_service_attributes ? SERVICE : [] };
}

function expression(pattern: string): RegExp {
  const text = pattern.replace(/\*+/g, '*').replace(/[^*?\w]/g, '\\$&');
  return new RegExp(`^${text.replaceAll('*', '.*').replaceAll('?', '.')}$`, 'su');
}
