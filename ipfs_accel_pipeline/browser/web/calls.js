// Counts calls into the browser's compute APIs: the proof that the endpoint did the work and not the CPU in its place.

const counted = {
  gpu_dispatches: () => [self.GPUComputePassEncoder, ['dispatchWorkgroups', 'dispatchWorkgroupsIndirect']],
  gpu_submits: () => [self.GPUQueue, ['submit']],
  ml_dispatches: () => [self.MLContext, ['dispatch']],
  ml_builds: () => [self.MLGraphBuilder, ['build']],
  ml_operators: () => [self.MLGraphBuilder, operators()],
};

// Returns the counts, which go on rising until `stop()`.
export function countCalls() {
  const counts = Object.fromEntries(Object.keys(counted).map(name => [name, 0]));
  const undo = Object.entries(counted).flatMap(([name, target]) => {
    const [type, methods] = target();
    return type ? methods.flatMap(method => wrap(type.prototype, method, () => counts[name]++)) : [];
  });
  return { counts, stop: () => undo.forEach(one => one()) };
}

function operators() {
  const others = ['constructor', 'build', 'input', 'constant'];
  return Object.getOwnPropertyNames(self.MLGraphBuilder?.prototype ?? {}).filter(name => !others.includes(name));
}

function wrap(prototype, name, onCall) {
  const original = Object.getOwnPropertyDescriptor(prototype, name)?.value;
  if (typeof original !== 'function') return [];
  prototype[name] = function (...given) {
    onCall();
    return original.apply(this, given);
  };
  return [() => { prototype[name] = original; }];
}
