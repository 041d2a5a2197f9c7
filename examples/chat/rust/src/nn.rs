//! wasi_ephemeral_nn: the imports, and a language model on top of them.

/// What a call returns other than success; numbers from 100 on are WasmEdge's additions.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Errno(pub u32);

impl Errno {
    pub const INVALID_ARGUMENT: Errno = Errno(1);
    pub const INVALID_ENCODING: Errno = Errno(2);
    pub const TOO_LARGE: Errno = Errno(7);
    pub const NOT_FOUND: Errno = Errno(8);
    pub const END_OF_SEQUENCE: Errno = Errno(100);
    pub const CONTEXT_FULL: Errno = Errno(101);
    pub const PROMPT_TOO_LONG: Errno = Errno(102);
    pub const MODEL_NOT_FOUND: Errno = Errno(103);
}

type Result<T> = std::result::Result<T, Errno>;

const U8: u32 = 3;

#[repr(C)]
struct Tensor {
    dimensions: *const u32,
    dimension_count: u32,
    element_type: u32,
    data: *const u8,
    data_size_bytes: u32,
}

#[link(wasm_import_module = "wasi_ephemeral_nn")]
extern "C" {
    fn load_by_name_with_config(
        name: *const u8,
        name_size_bytes: usize,
        config: *const u8,
        config_size_bytes: usize,
        graph: *mut u32,
    ) -> u32;
    fn init_execution_context(graph: u32, context: *mut u32) -> u32;
    fn set_input(context: u32, index: u32, tensor: *const Tensor) -> u32;
    fn get_output(context: u32, index: u32, out: *mut u8, out_size_bytes: usize, written: *mut u32) -> u32;
    fn compute_single(context: u32) -> u32;
    fn get_output_single(context: u32, index: u32, out: *mut u8, out_size_bytes: usize, written: *mut u32) -> u32;
    fn fini_single(context: u32) -> u32;
    fn finalize_execution_context(context: u32) -> u32;
    fn unload(graph: u32) -> u32;
}

fn check(code: u32) -> Result<()> {
    if code == 0 {
        Ok(())
    } else {
        Err(Errno(code))
    }
}

type Reader = unsafe extern "C" fn(u32, u32, *mut u8, usize, *mut u32) -> u32;

/// A language model that the host has registered, with one sequence of its own.
pub struct TextModel {
    graph: u32,
    context: u32,
}

impl TextModel {
    /// `name` is that of `--nn-preload NAME:…`, `options` are JSON.
    pub fn load(name: &[u8], options: &[u8]) -> Result<TextModel> {
        let (mut graph, mut context) = (0, 0);
        // SAFETY: every pointer comes with its length, or points to a live integer.
        unsafe {
            check(load_by_name_with_config(name.as_ptr(), name.len(), options.as_ptr(), options.len(), &mut graph))?;
            if let Err(error) = check(init_execution_context(graph, &mut context)) {
                unload(graph);
                return Err(error);
            }
        }
        Ok(TextModel { graph, context })
    }

    /// Sets the text that the model goes on from.
    pub fn set_prompt(&mut self, text: &[u8]) -> Result<()> {
        let dimension = text.len() as u32;
        let tensor = Tensor {
            dimensions: &dimension,
            dimension_count: 1,
            element_type: U8,
            data: text.as_ptr(),
            data_size_bytes: dimension,
        };
        // SAFETY: the host copies the tensor before it returns.
        check(unsafe { set_input(self.context, 0, &tensor) })
    }

    /// The next piece of the answer: any bytes, also part of a character. `END_OF_SEQUENCE` or `CONTEXT_FULL` when there
    /// is none.
    pub fn next_piece(&mut self) -> Result<Vec<u8>> {
        // SAFETY: no pointers.
        check(unsafe { compute_single(self.context) })?;
        self.read(get_output_single, 0)
    }

    /// Ends an answer; the next one starts from the prompt.
    pub fn finish(&mut self) {
        // SAFETY: no pointers.
        unsafe { fini_single(self.context) };
    }

    /// What the host says about the model and the run, as JSON.
    pub fn metadata(&mut self) -> Result<Vec<u8>> {
        self.read(get_output, 1)
    }

    fn read(&mut self, function: Reader, index: u32) -> Result<Vec<u8>> {
        let mut bytes = vec![0; 256];
        loop {
            let mut size = 0;
            // SAFETY: the host writes at most the length it is given.
            let code = unsafe { function(self.context, index, bytes.as_mut_ptr(), bytes.len(), &mut size) };
            let grow = Errno(code) == Errno::TOO_LARGE && size as usize > bytes.len();
            if !grow {
                check(code)?;
                bytes.truncate(size as usize);
                return Ok(bytes);
            }
            bytes.resize(size as usize, 0);
        }
    }
}

impl Drop for TextModel {
    fn drop(&mut self) {
        // SAFETY: no pointers.
        unsafe {
            finalize_execution_context(self.context);
            unload(self.graph);
        }
    }
}
