import { execFileSync } from 'node:child_process';
import { beforeAll, describe, expect, test } from 'vitest';
import { LAYOUT } from '../../support/layout.ts';
import { whyNotHere } from '../../support/requirements.ts';
import { withCompiled } from './compile.ts';
import { native, OBJECT, ROOT } from './probe_options.ts';

interface Struct {
  readonly size: number;
  /** Offsets in bytes, by member. */
  readonly offsets: Readonly<Record<string, number>>;
}

const BPFTOOL = '/usr/sbin/bpftool';
const dump = (file: string) => execFileSync(BPFTOOL, ['btf', 'dump', 'file', file], { encoding: 'utf8' });

/** A struct of the compiled BPF object, from its BTF. */
function struct(btf: string, name: string): Struct {
  const [, size, body] = new RegExp(`STRUCT '${name}' size=(\\d+) vlen=\\d+\\n((?:\\t.*\\n)+)`).exec(btf) ?? [];
  if (size === undefined || body === undefined) throw new Error(`the object has no struct ${name}`);
  const members = [...body.matchAll(/'(\w+)' type_id=\d+ bits_offset=(\d+)/g)];
  return {
    size: Number(size),
    offsets: Object.fromEntries(members.map(([, member, bits]) => [member as string, Number(bits) / 8])),
  };
}

/** Names of an enum of bpf/dropreason.h by value, from the BTF of a file that uses it. */
function enumerators(btf: string, name: string): string[] {
  const [, body] = new RegExp(`ENUM '${name}'.*\\n((?:\\t.*\\n)+)`).exec(btf) ?? [];
  if (body === undefined) throw new Error(`there is no enum ${name}`);
  const names: string[] = [];
  for (const [, enumerator, value] of body.matchAll(/'(\w+)' val=(\d+)/g)) names[Number(value)] = enumerator as string;
  return names;
}

describe.skipIf(whyNotHere(['bpftool', 'clang', 'g++']) !== undefined)('the layout that kernel and addon share', () => {
  let headerBtf = '';

  beforeAll(() => {
    const enums = ['direction', 'family', 'slot'].map((name) => `enum dropreason_${name} a_${name};`);
    const source = `#include "${ROOT}bpf/dropreason.h"\n${enums.join('\n')}\n`;
    headerBtf = withCompiled(source, dump);
  });

  test.each(['dropreason_key', 'dropreason_count', 'dropreason_config', 'dropreason_range', 'dropreason_identity'])(
    '%s is for C++ what it is in the BPF object',
    (name) => {
      const { size, offsets } = struct(dump(OBJECT), name);
      expect(Object.keys(offsets).length).toBeGreaterThan(1);
      const asserts = Object.entries(offsets).map(
        ([member, offset]) => `static_assert(offsetof(${name}, ${member}) == ${offset}, "${member}");`,
      );
      const text = `#include <cstddef>\n#include "${ROOT}bpf/dropreason.h"\nstatic_assert(sizeof(${name}) == ${size}, "size");\n${asserts.join('\n')}\n`;
      execFileSync('g++', ['-std=c++17', '-fsyntax-only', '-x', 'c++', '-'], { input: text, stdio: 'pipe' });
    },
  );

  test('has a name for each direction, family and loss slot, as the header has it', () => {
    const named = (name: string, prefix: string) =>
      enumerators(headerBtf, `dropreason_${name}`)
        .map((each) => each.replace(prefix, '').toLowerCase())
        .filter((each) => each !== 'dropreason_slots');
    expect(native.layout.directions).toEqual(named('direction', 'DROPREASON_'));
    expect(native.layout.families).toEqual(named('family', 'DROPREASON_'));
    expect(native.layout.slots).toEqual(named('slot', 'DROPREASON_SLOT_'));
  });

  test("is what the tests' own stand-in says", () => {
    expect(native.layout).toEqual(LAYOUT);
  });

  test('a row holds a direction and a family', () => {
    const { directions, families, directionShift, reasonShift } = native.layout;
    expect(families.length).toBeLessThanOrEqual(1 << directionShift);
    expect(directions.length).toBeLessThanOrEqual(1 << (reasonShift - directionShift));
  });
});
