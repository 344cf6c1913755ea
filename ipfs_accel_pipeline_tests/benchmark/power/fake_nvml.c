/* A stand-in for libnvidia-ml.so.1, as far as the real client (pynvml) asks it. Tests only: every number is invented.
 *
 * GPU 0: 100 W by its energy counter, 80 and 120 W in turn, 61 C.  GPU 1: 220 W, 200 and 240 W, 70 C.
 * GPU 2: divided (MIG).  GPU 3: power only, without energy counter and instant power.
 * FAKE_NVML_LOST_AFTER_S: that long after nvmlInit the GPUs are lost.  FAKE_NVML_NO_DRIVER: nvmlInit fails.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { OK = 0, INVALID = 2, NOT_SUPPORTED = 3, DRIVER_NOT_LOADED = 9, GPU_IS_LOST = 15 };
static const double AVERAGE_W[] = {100, 220, 300, 150}, SWING_W[] = {20, 20, 0, 10}, CELSIUS[] = {61, 70, 50, 55};
static double started;

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec + t.tv_nsec * 1e-9;
}
static int gpu(void *handle) { return (int)(intptr_t)handle - 1; }
static unsigned milliwatts(void *handle) {
    int i = gpu(handle), high = (long)(now() * 10) % 2;
    return (unsigned)((AVERAGE_W[i] + (high ? SWING_W[i] : -SWING_W[i])) * 1000);
}
static int alive(void) {
    const char *limit = getenv("FAKE_NVML_LOST_AFTER_S");
    return limit && now() - started > atof(limit) ? GPU_IS_LOST : OK;
}

int nvmlInitWithFlags(unsigned flags) {
    started = now();
    return getenv("FAKE_NVML_NO_DRIVER") ? DRIVER_NOT_LOADED : OK;
}
int nvmlInit_v2(void) { return nvmlInitWithFlags(0); }
int nvmlShutdown(void) { return OK; }
const char *nvmlErrorString(int r) {
    return r == GPU_IS_LOST ? "GPU is lost" : r == DRIVER_NOT_LOADED ? "Driver Not Loaded" : r ? "Not Supported" : "Success";
}
int nvmlDeviceGetCount_v2(unsigned *count) { *count = 4; return OK; }
int nvmlDeviceGetHandleByIndex_v2(unsigned index, void **handle) {
    if (index > 3) return INVALID;
    *handle = (void *)(intptr_t)(index + 1);
    return OK;
}
int nvmlDeviceGetMigMode(void *handle, unsigned *current, unsigned *pending) {
    *current = *pending = gpu(handle) == 2;
    return OK;
}
int nvmlDeviceGetPowerUsage(void *handle, unsigned *power) {
    *power = milliwatts(handle);
    return alive();
}
int nvmlDeviceGetTotalEnergyConsumption(void *handle, unsigned long long *energy) {
    if (gpu(handle) == 3) return NOT_SUPPORTED;
    *energy = (unsigned long long)(now() * AVERAGE_W[gpu(handle)] * 1000);
    return alive();
}
int nvmlDeviceGetTemperature(void *handle, unsigned sensor, unsigned *celsius) {
    *celsius = (unsigned)CELSIUS[gpu(handle)];
    return alive();
}
typedef struct {
    unsigned version, sensor;
    int celsius;
} Temperature;
int nvmlDeviceGetTemperatureV(void *handle, Temperature *t) {
    t->celsius = (int)CELSIUS[gpu(handle)];
    return alive();
}
typedef struct {
    unsigned field, scope;
    long long timestamp, latency;
    int type, result;
    union {
        double d;
        unsigned ui;
        unsigned long long ull;
    } value;
} Field;
int nvmlDeviceGetFieldValues(void *handle, int count, Field *fields) {
    for (int i = 0; i < count; i++) {
        fields[i].type = 1;
        fields[i].result = gpu(handle) == 3 ? NOT_SUPPORTED : OK;
        fields[i].value.ull = 0;
        fields[i].value.ui = milliwatts(handle);
    }
    return alive();
}
