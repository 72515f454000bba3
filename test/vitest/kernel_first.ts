import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Begins with the files of test/kernel, which wait most of the time: the others run meanwhile. */
export class KernelFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const isKernel = ({ project }: TestSpecification) => project.name === 'kernel';
    return [...sorted.filter(isKernel), ...sorted.filter((file) => !isKernel(file))];
  }
}
