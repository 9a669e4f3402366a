/* A stand-in for libcuda.so.1: one device, the one that STANDIN_CUDA names by the number that NVML's UUIDs end with.
 *
 * Where it is `visible`, it is the first that CUDA_VISIBLE_DEVICES leaves, by its UUID or its number from 0, and without
 * that variable the first GPU, or its first instance where STANDIN_MIG divides it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SUCCESS = 0, NO_DEVICE = 100, INSTANCE = 101 };

static long first_visible(void) {
    const char *named = getenv("CUDA_VISIBLE_DEVICES");
    const char *instances = getenv("STANDIN_MIG");
    if (!named) return instances && atoi(instances) ? INSTANCE : 1;
    const char *digits = strrchr(named, '-');
    if (digits > named) return atol(digits + 1);
    return *named ? atol(named) + 1 : 0;
}

static long chosen(void) {
    const char *text = getenv("STANDIN_CUDA");
    if (!text) return 0;
    return strcmp(text, "visible") ? atol(text) : first_visible();
}

static int is_instance(void) { return chosen() >= INSTANCE; }

int cuInit(unsigned int flags) { return chosen() ? SUCCESS : NO_DEVICE; }

int cuDeviceGet(int *device, int ordinal) {
    *device = ordinal;
    return SUCCESS;
}

int cuDeviceGetName(char *to, int size, int device) {
    const char *name = getenv("STANDIN_CUDA_NAME");
    const char *profile = is_instance() && name && !strstr(name, " MIG ") ? " MIG 1g.5gb" : "";
    snprintf(to, size, "%s%s", name ? name : "a stand-in", profile);
    return SUCCESS;
}

/* The last twelve digits of the UUIDs are decimal, so each pair of them is one byte as it is written. */
int cuDeviceGetUuid_v2(unsigned char *uuid, int device) {
    char digits[13];
    memset(uuid, 0, 16);
    snprintf(digits, sizeof digits, "%012ld", chosen());
    for (int i = 0; i < 6; i++) uuid[10 + i] = (digits[2 * i] - '0') * 16 + digits[2 * i + 1] - '0';
    return SUCCESS;
}

int cuDeviceGetPCIBusId(char *to, int size, int device) {
    snprintf(to, size, "0000:%02lx:00.0", is_instance() ? 1 : chosen());
    return SUCCESS;
}

/* The newest CUDA that the driver knows, such as 11040; a real torch asks for it before anything else. */
int cuDriverGetVersion(int *version) {
    const char *text = getenv("STANDIN_CUDA_VERSION");
    *version = text ? atoi(text) : 0;
    return SUCCESS;
}
