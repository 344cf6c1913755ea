// What this browser can really do: a compute shader and a small WebNN graph are run, and their answers returned.
// `'gpu' in navigator` and a context that is created prove nothing.

const LIMIT_MS = 8000; // of each question: a driver that hangs must not take the others with it

export async function probe() {
  return { webgpu: await webgpu(), webnn: await webnn() };
}

async function webgpu() {
  if (!navigator.gpu) return { error: 'navigator.gpu is not there' };
  try {
    const adapter = await within(navigator.gpu.requestAdapter({ powerPreference: 'high-performance' }));
    if (!adapter) return { error: 'requestAdapter() found no adapter' };
    const { vendor, architecture, device, description, backend, driver, type } = adapter.info;
    const facts = {
      vendor, architecture, device, description, backend, driver, type,
      is_fallback: Boolean(adapter.info.isFallbackAdapter ?? adapter.isFallbackAdapter),
      features: [...adapter.features].sort(),
      max_buffer_bytes: adapter.limits.maxBufferSize,
    };
    return { ...facts, answer: await within(doubled(adapter)) };
  } catch (error) {
    return { error: String(error) };
  }
}

async function webnn() {
  if (!navigator.ml) return { error: 'navigator.ml is not there' };
  const contexts = {};
  for (const deviceType of ['gpu', 'npu', 'cpu']) {
    try {
      const context = await within(navigator.ml.createContext({ deviceType }));
      contexts[deviceType] = { accelerated: context.accelerated ?? null, answer: await within(product(context)) };
      context.destroy?.();
    } catch (error) {
      contexts[deviceType] = { error: String(error) };
    }
  }
  return { contexts };
}

async function within(promise) {
  let timer;
  const limit = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${LIMIT_MS} ms`)), LIMIT_MS);
  });
  try {
    return await Promise.race([promise, limit]);
  } finally {
    clearTimeout(timer);
  }
}

// 1, 2, 3, 4 doubled by a compute shader.
async function doubled(adapter) {
  const device = await adapter.requestDevice();
  const code = `
    @group(0) @binding(0) var<storage, read_write> values: array<f32>;
    @compute @workgroup_size(4) fn main(@builtin(global_invocation_id) id: vec3<u32>) {
      values[id.x] = values[id.x] * 2.0;
    }`;
  const { STORAGE, COPY_SRC, COPY_DST, MAP_READ } = GPUBufferUsage;
  const values = device.createBuffer({ size: 16, usage: STORAGE | COPY_SRC | COPY_DST });
  const readable = device.createBuffer({ size: 16, usage: MAP_READ | COPY_DST });
  device.queue.writeBuffer(values, 0, new Float32Array([1, 2, 3, 4]));
  const module = device.createShaderModule({ code });
  const pipeline = device.createComputePipeline({ layout: 'auto', compute: { module, entryPoint: 'main' } });
  const layout = pipeline.getBindGroupLayout(0);
  const group = device.createBindGroup({ layout, entries: [{ binding: 0, resource: { buffer: values } }] });
  const commands = device.createCommandEncoder();
  const pass = commands.beginComputePass();
  pass.setPipeline(pipeline);
  pass.setBindGroup(0, group);
  pass.dispatchWorkgroups(1);
  pass.end();
  commands.copyBufferToBuffer(values, 0, readable, 0, 16);
  device.queue.submit([commands.finish()]);
  await readable.mapAsync(GPUMapMode.READ);
  const answer = [...new Float32Array(readable.getMappedRange().slice(0))];
  device.destroy();
  return answer;
}

// [[1, 2], [3, 4]] times a matrix of ones.
async function product(context) {
  const builder = new MLGraphBuilder(context);
  const matrix = { dataType: 'float32', shape: [2, 2] };
  const graph = await builder.build({ z: builder.matmul(builder.input('x', matrix), builder.input('y', matrix)) });
  const [x, y] = await Promise.all([1, 2].map(() => context.createTensor({ ...matrix, writable: true })));
  const z = await context.createTensor({ ...matrix, readable: true });
  context.writeTensor(x, new Float32Array([1, 2, 3, 4]));
  context.writeTensor(y, new Float32Array([1, 1, 1, 1]));
  context.dispatch(graph, { x, y }, { z });
  return [...new Float32Array(await context.readTensor(z))];
}
