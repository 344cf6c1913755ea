// The page's side of the remote control: `harness.call(method, argument)` runs a method of the worker, `harness.probe()`
// asks the browser what it really has. The page itself computes nothing, so that it can always answer a heartbeat.
import { probe } from './probe.js';

const waiting = new Map();
let phase = 'starting';
let calls = 0;

const worker = new Worker('worker.js', { type: 'module' });
worker.onmessage = ({ data }) => {
  if ('phase' in data) phase = data.phase;
  else settle(data.id, data.answer);
};
worker.onerror = event => {
  for (const id of [...waiting.keys()]) settle(id, { error: `the worker failed: ${event.message || 'no message'}` });
};

function settle(id, answer) {
  waiting.get(id)?.(answer);
  waiting.delete(id);
}

function call(method, argument) {
  const id = ++calls;
  return new Promise(resolve => {
    waiting.set(id, resolve);
    worker.postMessage({ id, method, argument });
  });
}

globalThis.harness = {
  call,
  phase: () => phase,
  facts: () => ({
    user_agent: navigator.userAgent,
    cross_origin_isolated: crossOriginIsolated,
    jspi: typeof WebAssembly.Suspending !== 'undefined',
    hardware_concurrency: navigator.hardwareConcurrency,
  }),
  probe: async () => ({ value: await probe() }),
};
