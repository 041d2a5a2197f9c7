//! Hello world in Rust: prints a greeting and its arguments.

fn main() {
    println!("Hello from Rust!");
    for (index, argument) in std::env::args().enumerate().skip(1) {
        println!("argument {index}: {argument}");
    }
}
