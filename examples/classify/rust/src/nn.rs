//! wasi_ephemeral_nn: the imports, and a model that takes and gives tensors on top of them.

/// What a call returns other than success.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Errno(pub u32);

const TOO_LARGE: u32 = 7;

type Result<T> = std::result::Result<T, Errno>;

/// Element types of tensors.
pub const F32: u32 = 1;
pub const U8: u32 = 3;

/// TensorFlow Lite's number among the encodings.
pub const TENSORFLOW_LITE: u32 = 4;

#[repr(C)]
struct Tensor {
    dimensions: *const u32,
    dimension_count: usize,
    element_type: u32,
    data: *const u8,
    data_size_bytes: usize,
}

#[repr(C)]
struct Builder {
    data: *const u8,
    size_bytes: usize,
}

#[link(wasm_import_module = "wasi_ephemeral_nn")]
extern "C" {
    fn load(builders: *const Builder, count: usize, encoding: u32, target: u32, graph: *mut u32) -> u32;
    fn load_by_name(name: *const u8, name_size_bytes: usize, graph: *mut u32) -> u32;
    fn init_execution_context(graph: u32, context: *mut u32) -> u32;
    fn set_input(context: u32, index: u32, tensor: *const Tensor) -> u32;
    #[link_name = "compute"]
    fn raw_compute(context: u32) -> u32;
    fn get_output(context: u32, index: u32, out: *mut u8, out_size_bytes: usize, written: *mut u32) -> u32;
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

/// A model with inputs and outputs of its own.
pub struct TensorModel {
    graph: u32,
    context: u32,
}

impl TensorModel {
    /// A model that the host has registered under `name`.
    pub fn load(name: &str) -> Result<TensorModel> {
        let mut graph = 0;
        // SAFETY: the name comes with its length, the graph is a live integer.
        check(unsafe { load_by_name(name.as_ptr(), name.len(), &mut graph) })?;
        TensorModel::of(graph)
    }

    /// A model of these bytes, on the CPU.
    pub fn load_bytes(bytes: &[u8], encoding: u32) -> Result<TensorModel> {
        let builder = Builder { data: bytes.as_ptr(), size_bytes: bytes.len() };
        let mut graph = 0;
        // SAFETY: one builder, whose bytes come with their length.
        check(unsafe { load(&builder, 1, encoding, 0, &mut graph) })?;
        TensorModel::of(graph)
    }

    fn of(graph: u32) -> Result<TensorModel> {
        let mut context = 0;
        // SAFETY: the context is a live integer.
        if let Err(error) = check(unsafe { init_execution_context(graph, &mut context) }) {
            // SAFETY: no pointers.
            unsafe { unload(graph) };
            return Err(error);
        }
        Ok(TensorModel { graph, context })
    }

    /// `data`: the elements as bytes, little-endian, row by row.
    pub fn set_input(&mut self, index: u32, element_type: u32, dimensions: &[u32], data: &[u8]) -> Result<()> {
        let tensor = Tensor {
            dimensions: dimensions.as_ptr(),
            dimension_count: dimensions.len(),
            element_type,
            data: data.as_ptr(),
            data_size_bytes: data.len(),
        };
        // SAFETY: the host copies the tensor before it returns.
        check(unsafe { set_input(self.context, index, &tensor) })
    }

    pub fn compute(&mut self) -> Result<()> {
        // SAFETY: no pointers.
        check(unsafe { raw_compute(self.context) })
    }

    /// The bytes of an output.
    pub fn output(&mut self, index: u32) -> Result<Vec<u8>> {
        let mut bytes = vec![0; 4];
        loop {
            let mut size = 0;
            // SAFETY: the host writes at most the length it is given.
            let code = unsafe { get_output(self.context, index, bytes.as_mut_ptr(), bytes.len(), &mut size) };
            if code != TOO_LARGE || size as usize <= bytes.len() {
                check(code)?;
                bytes.truncate(size as usize);
                return Ok(bytes);
            }
            bytes.resize(size as usize, 0);
        }
    }
}

impl Drop for TensorModel {
    fn drop(&mut self) {
        // SAFETY: no pointers.
        unsafe {
            finalize_execution_context(self.context);
            unload(self.graph);
        }
    }
}
