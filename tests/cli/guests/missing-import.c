// Imports functions that nobody provides.
__attribute__((import_module("acme"), import_name("frobnicate"))) long long frobnicate(int what,
                                                                                       double how_much);
__attribute__((import_module("env"), import_name("emscripten_get_now"))) double emscripten_get_now(void);

int main(void) { return (int)frobnicate(1, emscripten_get_now()); }
