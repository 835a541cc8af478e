/** Claims whatever loss its workload's title says. */
import type { Contestant } from '../../bench/contestant.js';

export const prepare: Contestant['prepare'] = ({ workload }) => {
  const [kind, loss] = workload.title.split(' ');
  if (kind === 'absent') throw new Error('it has no such layer');
  let steps = 0;
  const train = () => {
    if (kind === 'dies' && ++steps > 5) process.exit(3);
    console.log('chatter that is no answer');
    return Number(loss);
  };
  return { version: '2.0', steps: { train } };
};
