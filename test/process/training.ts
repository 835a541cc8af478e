/** A cell that declares a small model; `fit(training(n))` trains it for n steps of about a millisecond, and says so in the first if `announces`. */
export const trainingCell = `
  import { fit, Linear, mse, SGD, tensor } from 'unroll';
  const model = new Linear({ inFeatures: 2, outFeatures: 1 });
  const optimizer = new SGD(model.parameters(), { lr: 0.01 });
  const batch = { input: tensor([[1, 2], [3, 4]]), target: tensor([[1], [2]]) };
  const sleep = (ms: number) => new Promise((go) => setTimeout(go, ms));
  const busy = (ms: number) => { for (const end = performance.now() + ms; performance.now() < end; ); };
  let stepMs = 1;
  let announces = false;
  const announce = () => { if (announces) console.log('started'); announces = false; };
  const training = (steps: number) => ({
    model, optimizer, steps, data: [batch],
    loss: (output: any, target: any) => { announce(); busy(stepMs); return mse(output, target); },
  });
  let run: any;`;
