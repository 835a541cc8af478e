/** `npm run stress`: the full run; exits with 1 where something was lost or left behind. */
import { runStress } from './stressRun.js';

const report = await runStress({ cells: 1000, kernels: 10, disturbances: 200, seed: Date.now() });
console.log(report);
const [before, after] = report.heap;
const isGood = report.orphans === 0 && after - before < 10;
console.log(isGood ? 'Nothing was lost or left behind.' : 'Something was left behind.');
process.exitCode = isGood ? 0 : 1;
