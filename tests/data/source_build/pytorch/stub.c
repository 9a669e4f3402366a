#include <Python.h>

int cudaRuntimeVersion(void);
size_t cudnnGetVersion(void);
int torch_cpu(void);

static PyObject *cuda(PyObject *self, PyObject *none) { return PyLong_FromLong(cudaRuntimeVersion()); }
static PyObject *cudnn(PyObject *self, PyObject *none) { return PyLong_FromSize_t(cudnnGetVersion()); }
static PyObject *flags(PyObject *self, PyObject *none) { return PyUnicode_FromString(ARCHITECTURES); }

static PyMethodDef methods[] = {
    {"_cuda_version", cuda, METH_NOARGS, ""},
    {"_cudnn_version", cudnn, METH_NOARGS, ""},
    {"_cuda_getArchFlags", flags, METH_NOARGS, ""},
    {NULL, NULL, 0, NULL},
};
static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, "_C", "", -1, methods};
PyMODINIT_FUNC PyInit__C(void) { return torch_cpu() ? PyModule_Create(&module) : NULL; }
