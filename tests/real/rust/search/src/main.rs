//! Here only so that the workspace names ripgrep, and with it all that ripgrep needs; its program is what is built.
fn main() {}
