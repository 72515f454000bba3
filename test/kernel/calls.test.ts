import { parseRungs, WHERE_CALLS_RETURN } from './rungs.ts';
import { callScenarios } from './scenarios/index.ts';
import { describeScenarios } from './suite.ts';

// In a separate file, because they wait for kernel timers and can run in parallel to the packets' tests.
describeScenarios('what TCP fails at is what is counted', callScenarios);
// This rung counts all failed calls on every kernel. It is never the default, because it slows every system call.
describeScenarios('what TCP fails at is what is counted where calls return', callScenarios, parseRungs(WHERE_CALLS_RETURN));
