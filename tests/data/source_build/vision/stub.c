#include <Python.h>

unsigned png_access_version_number(void);
int torch_cpu(void);

static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, "_C", "", -1, NULL};
PyMODINIT_FUNC PyInit__C(void) { return png_access_version_number() && torch_cpu() ? PyModule_Create(&module) : NULL; }
