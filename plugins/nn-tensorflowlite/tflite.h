// TensorFlow Lite's C functions: declared here, since its package brings no headers.
#pragma once

#include <cstdarg>
#include <cstddef>
#include <cstdint>

extern "C" {

// What its own headers leave opaque, too.
struct TfLiteModel;
struct TfLiteInterpreterOptions;
struct TfLiteInterpreter;
struct TfLiteTensor;

// 0: good.
using TfLiteStatus = int;

const char* TfLiteVersion();
// Checks the form of the bytes, which are used as long as the model. Null: not a model.
TfLiteModel* TfLiteModelCreate(const void* data, size_t size);
void TfLiteModelDelete(TfLiteModel*);

TfLiteInterpreterOptions* TfLiteInterpreterOptionsCreate();
void TfLiteInterpreterOptionsDelete(TfLiteInterpreterOptions*);
void TfLiteInterpreterOptionsSetNumThreads(TfLiteInterpreterOptions*, int32_t threads);
void TfLiteInterpreterOptionsSetErrorReporter(TfLiteInterpreterOptions*,
                                              void (*reporter)(void* user, const char* format, va_list),
                                              void* user);
TfLiteStatus TfLiteInterpreterOptionsEnableCancellation(TfLiteInterpreterOptions*, bool enable);

TfLiteInterpreter* TfLiteInterpreterCreate(const TfLiteModel*, const TfLiteInterpreterOptions*);
void TfLiteInterpreterDelete(TfLiteInterpreter*);
int32_t TfLiteInterpreterGetInputTensorCount(const TfLiteInterpreter*);
TfLiteTensor* TfLiteInterpreterGetInputTensor(const TfLiteInterpreter*, int32_t index);
TfLiteStatus TfLiteInterpreterResizeInputTensor(TfLiteInterpreter*, int32_t index, const int* dimensions,
                                                int32_t count);
TfLiteStatus TfLiteInterpreterAllocateTensors(TfLiteInterpreter*);
TfLiteStatus TfLiteInterpreterInvoke(TfLiteInterpreter*);
TfLiteStatus TfLiteInterpreterCancel(const TfLiteInterpreter*);
int32_t TfLiteInterpreterGetOutputTensorCount(const TfLiteInterpreter*);
const TfLiteTensor* TfLiteInterpreterGetOutputTensor(const TfLiteInterpreter*, int32_t index);

int TfLiteTensorType(const TfLiteTensor*);
int32_t TfLiteTensorNumDims(const TfLiteTensor*);
int32_t TfLiteTensorDim(const TfLiteTensor*, int32_t index);
size_t TfLiteTensorByteSize(const TfLiteTensor*);
void* TfLiteTensorData(const TfLiteTensor*);
const char* TfLiteTensorName(const TfLiteTensor*);
// -1: the dimension can be chosen. Not 0: the tensor has no signature.
TfLiteStatus TfLiteOpaqueTensorGetNumDimsSignature(const TfLiteTensor*, int32_t* count);
TfLiteStatus TfLiteOpaqueTensorGetDimSignature(const TfLiteTensor*, int32_t index, int32_t* size);
}

namespace tflite {
// Its log for the whole process; 4: silent.
enum LogSeverity : int;
struct LoggerOptions {
  static LogSeverity SetMinimumLogSeverity(LogSeverity);
};
}  // namespace tflite
