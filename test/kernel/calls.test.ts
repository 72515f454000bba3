import { parseRungs, WHERE_CALLS_RETURN } from './rungs.ts';
import { callScenarios } from './scenarios/index.ts';
import { describeScenarios } from './suite.ts';

// A file of their own: they wait for timers of the kernel, beside the packets'.
describeScenarios('what TCP fails at is what is counted', callScenarios);
// No default stands on the rung that slows every system call; it counts all of them on each kernel.
describeScenarios('what TCP fails at is what is counted where calls return', callScenarios, parseRungs(WHERE_CALLS_RETURN));
