// One benchmark case: onnxruntime-web in a worker of its own. Latencies are taken here, around `run` and the reading of
// its outputs; nothing is timed on the other side of the remote control.
import { countCalls } from './calls.js';

const ARRAYS = {
  float64: Float64Array, float32: Float32Array, float16: Float16Array, bool: Uint8Array,
  int64: BigInt64Array, int32: Int32Array, int16: Int16Array, int8: Int8Array,
  uint64: BigUint64Array, uint32: Uint32Array, uint16: Uint16Array, uint8: Uint8Array,
};
const root = new URL('./', import.meta.url);
const feeds = new Map();
const sessions = new Map();
let ort;
let model;

const methods = {
  // Import the runtime and fix its threads, before anything is loaded.
  async start({ threads }) {
    ort = await import('./onnxruntime-web/ort.jspi.min.mjs');
    ort.env.logLevel = 'error';
    ort.env.wasm.wasmPaths = new URL('onnxruntime-web/', root).href;
    ort.env.wasm.numThreads = threads;
    return { versions: ort.env.versions };
  },

  // Bring the model's bytes here. A provider that wants fixed shapes gets its session when the shapes are known.
  async load({ url, external, provider, fixedShapes }) {
    const started = performance.now();
    const bytes = new Uint8Array(await fetched(url));
    const externalData = [];
    for (const { path, url: part } of external) externalData.push({ path, data: new Uint8Array(await fetched(part)) });
    model = { bytes, externalData, provider };
    const load_ms = performance.now() - started;
    return fixedShapes ? { load_ms, build_ms: null } : { load_ms, build_ms: (await built('any', null)).build_ms };
  },

  // Tensors of one input; `freeDimensions` gives their sizes by name where the session is made for one shape.
  async prepare({ feed, tensors, freeDimensions }) {
    const shape = freeDimensions ? JSON.stringify(freeDimensions) : 'any';
    const { session, build_ms } = sessions.get(shape) ?? await built(shape, freeDimensions);
    const inputs = {};
    for (const { name, dtype, dims, url } of tensors) {
      inputs[name] = new ort.Tensor(dtype, new ARRAYS[dtype](await fetched(url)), dims);
    }
    feeds.set(feed, { session, inputs });
    return { build_ms };
  },

  // One inference; its outputs are posted as float32 bytes.
  async infer({ feed, names, url }) {
    const { session, inputs } = feeds.get(feed);
    const results = await session.run(inputs);
    const outputs = [];
    for (const name of names.filter(one => one in results)) {
      const values = Float32Array.from(await results[name].getData(), Number);
      await fetch(`${url}/${outputs.length}`, { method: 'POST', body: values });
      outputs.push({ name, dims: results[name].dims });
    }
    dispose(results);
    return { outputs };
  },

  // The first inference, timed, with the calls into the compute APIs that it made.
  async first({ feed }) {
    const counting = countCalls();
    try {
      const latency_ms = await timedRun(feeds.get(feed));
      return { latency_ms, calls: { ...counting.counts } };
    } finally {
      counting.stop();
    }
  },

  async slice({ feed, count }) {
    const { session, inputs } = feeds.get(feed);
    const latencies_ms = [];
    for (let i = 0; i < count; i++) latencies_ms.push(await timedRun({ session, inputs }));
    return { latencies_ms };
  },

  async describe() {
    const device = model.provider === 'webgpu' ? await ort.env.webgpu.device : null;
    const { vendor, architecture, description, isFallbackAdapter } = device?.adapterInfo ?? {};
    const adapter = device ? { vendor, architecture, description, is_fallback: Boolean(isFallbackAdapter) } : null;
    const [{ calls }] = sessions.values();
    return { adapter, threads: ort.env.wasm.numThreads, build_calls: calls };
  },
};

async function built(shape, freeDimensions) {
  const counting = countCalls();
  const started = performance.now();
  try {
    const session = await ort.InferenceSession.create(model.bytes, {
      executionProviders: [model.provider],
      graphOptimizationLevel: 'all',
      externalData: model.externalData,
      ...(freeDimensions ? { freeDimensionOverrides: freeDimensions } : {}),
    });
    sessions.set(shape, { session, build_ms: performance.now() - started, calls: { ...counting.counts } });
  } finally {
    counting.stop();
  }
  return sessions.get(shape);
}

async function timedRun({ session, inputs }) {
  const started = performance.now();
  const results = await session.run(inputs);
  for (const name in results) await results[name].getData();
  const latency_ms = performance.now() - started;
  dispose(results);
  return latency_ms;
}

function dispose(results) {
  for (const name in results) results[name].dispose();
}

async function fetched(url) {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`HTTP ${response.status} for ${url}`);
  return response.arrayBuffer();
}

self.onmessage = async ({ data: { id, method, argument } }) => {
  postMessage({ phase: method });
  try {
    postMessage({ id, answer: { value: await methods[method](argument) } });
  } catch (error) {
    // WebAssembly aborts throw numbers and strings.
    postMessage({ id, answer: { error: String(error?.message ?? error), name: String(error?.name ?? typeof error) } });
  }
  postMessage({ phase: 'idle' });
};
