/* A stand-in for libnvidia-ml.so.1: GPUs, or none, as its environment variables say.
 *
 * STANDIN_NAME is a name for each GPU, separated by semicolons; STANDIN_LOST the number of one that is lost;
 * STANDIN_MIG how many instances the first GPU is divided into; STANDIN_REFUSED a letter for each question that is
 * refused (n name, u UUID, m memory, p power). A handle is 1 + the number of a GPU, or 101 + that of an instance of the
 * first. STANDIN_MEMORY is a folder with a file for each process that computes, named by its number: the bytes that it has.
 * A process that has ended has none, unless STANDIN_FAULT names a leak.
 */
#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { SUCCESS = 0, NOT_SUPPORTED = 3, NO_PERMISSION = 4, NOT_FOUND = 6, INSUFFICIENT_SIZE = 7, GPU_IS_LOST = 15 };
enum { INSTANCE = 101, MOST_PROCESSES = 32 };
enum { BUSY_MHZ = 1980, BUSY_MW = 300000, CELSIUS = 45, ENERGY_FIELD = 83, AVERAGE_FIELD = 185, INSTANT_FIELD = 186 };
struct memory { unsigned long long total, free, used; };
struct process { unsigned int pid; unsigned long long bytes; unsigned int instance, compute_instance; };
struct utilisation { unsigned int gpu, memory; };
struct field { unsigned int id, scope; long long at, latency; int type, answer; unsigned long long value; };
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

/* Return how many processes have memory of the device, and describe them. */
static int processes(struct process *found) {
    DIR *folder = opendir(value("STANDIN_MEMORY", ""));
    int count = 0;
    for (struct dirent *entry; folder && count < MOST_PROCESSES && (entry = readdir(folder));) {
        char path[512];
        snprintf(path, sizeof path, "%s/%s", value("STANDIN_MEMORY", ""), entry->d_name);
        FILE *file = entry->d_name[0] == '.' ? NULL : fopen(path, "r");
        if (!file) continue;
        memset(&found[count], 0, sizeof *found);
        found[count].pid = atoi(entry->d_name);
        int is_there = !kill(found[count].pid, 0) || strstr(value("STANDIN_FAULT", ""), "leak");
        count += is_there && fscanf(file, "%llu", &found[count].bytes) == 1;
        fclose(file);
    }
    if (folder) closedir(folder);
    return count;
}

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

int nvmlDeviceGetHandleByUUID(const char *uuid, void **handle) {
    *handle = (void *)atol(strrchr(uuid, '-') + 1);
    return SUCCESS;
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
    struct process found[MOST_PROCESSES];
    memset(memory, 0, sizeof *memory);
    memory->total = (is_instance(handle) ? 1ULL : 8ULL) << 30;
    for (int i = processes(found); i > 0; i--) memory->used += found[i - 1].bytes;
    memory->free = memory->total - memory->used;
    return refused('m') ? NO_PERMISSION : SUCCESS;
}

int nvmlDeviceGetComputeRunningProcesses_v3(void *handle, unsigned int *count, struct process *to) {
    struct process found[MOST_PROCESSES];
    unsigned int room = *count;
    *count = processes(found);
    if (*count > room) return INSUFFICIENT_SIZE;
    memcpy(to, found, *count * sizeof *found);
    return SUCCESS;
}

static int copy_number(unsigned int *to, unsigned int number, char letter) {
    *to = number;
    return refused(letter) ? NO_PERMISSION : SUCCESS;
}

int nvmlDeviceGetClockInfo(void *handle, int kind, unsigned int *mhz) { return copy_number(mhz, BUSY_MHZ, 'c'); }
int nvmlDeviceGetTemperature(void *handle, int sensor, unsigned int *to) { return copy_number(to, CELSIUS, 't'); }
int nvmlDeviceGetPowerUsage(void *handle, unsigned int *mw) { return copy_number(mw, BUSY_MW, 'p'); }
int nvmlDeviceGetEnforcedPowerLimit(void *handle, unsigned int *mw) { return copy_number(mw, 2 * BUSY_MW, 'p'); }

int nvmlDeviceGetUtilizationRates(void *handle, struct utilisation *to) {
    struct process found[MOST_PROCESSES];
    to->gpu = to->memory = processes(found) ? 90 : 0;
    return SUCCESS;
}

int nvmlDeviceGetCurrentClocksEventReasons(void *handle, unsigned long long *reasons) {
    *reasons = 0;
    return SUCCESS;
}

int nvmlDeviceGetTotalEnergyConsumption(void *handle, unsigned long long *millijoules) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    *millijoules = (now.tv_sec * 1000ULL + now.tv_nsec / 1000000) * BUSY_MW / 1000;
    return refused('e') ? NO_PERMISSION : SUCCESS;
}

/* Of the fields it knows power and energy, as a GPU of a data centre does, and of the others that it has none. */
int nvmlDeviceGetFieldValues(void *handle, int count, struct field *fields) {
    for (int i = 0; i < count; i++) {
        fields[i].type = 3;
        fields[i].answer = refused('p') ? NO_PERMISSION : SUCCESS;
        if (fields[i].id == AVERAGE_FIELD || fields[i].id == INSTANT_FIELD) fields[i].value = BUSY_MW;
        else if (fields[i].id == ENERGY_FIELD) nvmlDeviceGetTotalEnergyConsumption(handle, &fields[i].value);
        else fields[i].answer = NOT_SUPPORTED;
    }
    return SUCCESS;
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
