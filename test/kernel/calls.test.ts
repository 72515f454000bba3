import { callScenarios } from './scenarios/index.ts';
import { describeScenarios } from './suite.ts';

// A file of their own: they wait for timers of the kernel, beside the packets'.
describeScenarios('what TCP fails at is what is counted', callScenarios);
