/* A stand-in for libnvidia-ml.so.1: GPUs, or none, as its environment variables say.
 *
 * STANDIN_NAME is a name for each GPU, separated by semicolons; STANDIN_LOST the number of one that is lost;
 * STANDIN_MIG how many instances the first GPU is divided into; STANDIN_REFUSED a letter for each question that is
 * refused (n name, u UUID, m memory). A handle is 1 + the number of a GPU, or 101 + that of an instance of the first.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SUCCESS = 0, NOT_SUPPORTED = 3, NO_PERMISSION = 4, NOT_FOUND = 6, GPU_IS_LOST = 15 };
enum { INSTANCE = 101 };
struct memory { unsigned long long total, free, used; };
struct pci { char legacy[16]; unsigned int domain, bus, device, ids, subsystem; char bus_id[32]; };

static const char *value(const char *name, const char *otherwise) {
    const char *found = getenv(name);
    return found ? found : otherwise;
}

static int copy(char *to, unsigned int size, const char *text) {
    snprintf(to, size, "%s", text);
    return SUCCESS;
}

static long number(void *handle) { return (long)handle; }
static int is_instance(void *handle) { return number(handle) >= INSTANCE; }
static int index_of(void *handle) { return is_instance(handle) ? 0 : (int)number(handle) - 1; }
static int refused(char letter) { return strchr(value("STANDIN_REFUSED", ""), letter) != NULL; }
static int instances(void) { return atoi(value("STANDIN_MIG", "0")); }

int nvmlInitWithFlags(unsigned int flags) { return atoi(value("STANDIN_INIT", "0")); }
int nvmlShutdown(void) { return SUCCESS; }
const char *nvmlErrorString(int code) { return "an error of the stand-in"; }
int nvmlSystemGetDriverVersion(char *to, unsigned int size) { return copy(to, size, value("STANDIN_DRIVER", "")); }

int nvmlDeviceGetCount_v2(unsigned int *count) {
    const char *names = getenv("STANDIN_NAME");
    *count = names ? 1 : 0;
    for (; names && *names; names++) *count += *names == ';';
    return SUCCESS;
}

int nvmlDeviceGetHandleByIndex_v2(unsigned int index, void **handle) {
    *handle = (void *)(index + 1L);
    return atoi(value("STANDIN_LOST", "-1")) == (int)index ? GPU_IS_LOST : SUCCESS;
}

int nvmlDeviceGetName(void *handle, char *to, unsigned int size) {
    char names[256];
    copy(names, sizeof names, value("STANDIN_NAME", ""));
    char *name = strtok(names, ";");
    for (int i = index_of(handle); i > 0; i--) name = strtok(NULL, ";");
    snprintf(to, size, "%s%s", name ? name : "", is_instance(handle) ? " MIG 1g.5gb" : "");
    return refused('n') ? NO_PERMISSION : SUCCESS;
}

int nvmlDeviceGetUUID(void *handle, char *to, unsigned int size) {
    const char *kind = is_instance(handle) ? "MIG" : "GPU";
    snprintf(to, size, "%s-00000000-0000-0000-0000-%012ld", kind, number(handle));
    return refused('u') ? NO_PERMISSION : SUCCESS;
}

int nvmlDeviceGetPciInfo_v3(void *handle, struct pci *pci) {
    memset(pci, 0, sizeof *pci);
    snprintf(pci->bus_id, sizeof pci->bus_id, "00000000:%02X:00.0", index_of(handle) + 1);
    return SUCCESS;
}

int nvmlDeviceGetCudaComputeCapability(void *handle, int *major, int *minor) {
    return sscanf(value("STANDIN_CAPABILITY", ""), "%d.%d", major, minor) == 2 ? SUCCESS : NOT_SUPPORTED;
}

int nvmlDeviceGetMemoryInfo(void *handle, struct memory *memory) {
    memset(memory, 0, sizeof *memory);
    memory->total = (is_instance(handle) ? 1ULL : 8ULL) << 30;
    return refused('m') ? NO_PERMISSION : SUCCESS;
}

int nvmlDeviceGetMigMode(void *handle, unsigned int *current, unsigned int *pending) {
    *current = *pending = instances() > 0;
    return instances() && number(handle) == 1 ? SUCCESS : NOT_SUPPORTED;
}

int nvmlDeviceGetMaxMigDeviceCount(void *handle, unsigned int *count) {
    *count = 7;
    return SUCCESS;
}

/* Instances lie at every second place, as they do once some of them were destroyed. */
int nvmlDeviceGetMigDeviceHandleByIndex(void *handle, unsigned int place, void **instance) {
    *instance = (void *)(INSTANCE + place / 2L);
    return number(handle) == 1 && place % 2 == 0 && (int)place / 2 < instances() ? SUCCESS : NOT_FOUND;
}
