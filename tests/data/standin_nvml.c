/* A stand-in for libnvidia-ml.so.1 with one GPU, or none, as its environment variables say. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SUCCESS = 0, NOT_SUPPORTED = 3 };
struct memory { unsigned long long total, free, used; };

static const char *value(const char *name, const char *otherwise) {
    const char *found = getenv(name);
    return found ? found : otherwise;
}

static int copy(char *to, unsigned int size, const char *text) {
    snprintf(to, size, "%s", text);
    return SUCCESS;
}

int nvmlInitWithFlags(unsigned int flags) { return atoi(value("STANDIN_INIT", "0")); }
int nvmlShutdown(void) { return SUCCESS; }
const char *nvmlErrorString(int code) { return "an error of the stand-in"; }
int nvmlSystemGetDriverVersion(char *to, unsigned int size) { return copy(to, size, value("STANDIN_DRIVER", "")); }

int nvmlDeviceGetCount_v2(unsigned int *count) {
    *count = getenv("STANDIN_NAME") ? 1 : 0;
    return SUCCESS;
}

int nvmlDeviceGetHandleByIndex_v2(unsigned int index, void **handle) {
    *handle = (void *)1;
    return SUCCESS;
}

int nvmlDeviceGetName(void *handle, char *to, unsigned int size) { return copy(to, size, value("STANDIN_NAME", "")); }
int nvmlDeviceGetUUID(void *handle, char *to, unsigned int size) { return copy(to, size, "GPU-standin"); }

int nvmlDeviceGetCudaComputeCapability(void *handle, int *major, int *minor) {
    return sscanf(value("STANDIN_CAPABILITY", ""), "%d.%d", major, minor) == 2 ? SUCCESS : NOT_SUPPORTED;
}

int nvmlDeviceGetMemoryInfo(void *handle, struct memory *memory) {
    memset(memory, 0, sizeof *memory);
    memory->total = 8ULL << 30;
    return SUCCESS;
}

int nvmlDeviceGetMigMode(void *handle, unsigned int *current, unsigned int *pending) { return NOT_SUPPORTED; }
