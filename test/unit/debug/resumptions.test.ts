import assert from 'node:assert/strict';
import { Resumptions } from '../../../src/debug/resumptions.js';

/** Whether it has settled by now. */
async function isSettled(resumptions: Resumptions): Promise<boolean> {
  let settled = false;
  void resumptions.settled().then(() => (settled = true));
  await new Promise(setImmediate);
  return settled;
}

const order = (seq: number, command = 'continue') => ({ seq, type: 'request', command });
const answer = (seq: number) => ({ type: 'response', request_seq: seq });

describe('orders to go on', () => {
  for (const command of ['continue', 'next', 'stepIn', 'stepOut']) {
    it(`are waited for until the debugger has answered: ${command}`, async () => {
      const resumptions = new Resumptions();
      resumptions.asked('a', order(3, command));
      const settling = resumptions.settled();
      assert.equal(await isSettled(resumptions), false);
      resumptions.answered('a', answer(3));
      await settling;
    });
  }

  it('are told from other requests, other sessions’ orders and events', async () => {
    const resumptions = new Resumptions();
    resumptions.asked('a', order(1, 'evaluate'));
    await resumptions.settled();
    resumptions.asked('a', order(2));
    resumptions.answered('b', answer(2));
    resumptions.answered('a', answer(1));
    resumptions.answered('a', { type: 'event', request_seq: 2 });
    assert.equal(await isSettled(resumptions), false);
  });

  it('are not waited for where the session has ended', async () => {
    const resumptions = new Resumptions();
    resumptions.asked('a', order(1));
    resumptions.asked('b', order(1));
    const settling = resumptions.settled();
    resumptions.ended('a');
    assert.equal(await isSettled(resumptions), false);
    resumptions.ended('b');
    await settling;
  });
});
