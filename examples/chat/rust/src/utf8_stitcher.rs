//! Puts characters together that a model's tokens have split.

/// Takes any bytes in any pieces and gives well-formed UTF-8: a character comes when its last byte has come, and what can
/// be no character comes as U+FFFD.
#[derive(Default)]
pub struct Utf8Stitcher {
    /// Begins a character; at most 3 bytes.
    held: Vec<u8>,
}

impl Utf8Stitcher {
    /// What is complete now.
    pub fn add(&mut self, piece: &[u8]) -> String {
        self.held.extend_from_slice(piece);
        let mut out = String::new();
        loop {
            match std::str::from_utf8(&self.held) {
                Ok(good) => {
                    out.push_str(good);
                    self.held.clear();
                    return out;
                }
                Err(error) => {
                    let (good, rest) = self.held.split_at(error.valid_up_to());
                    out.push_str(&String::from_utf8_lossy(good));
                    match error.error_len() {
                        // the rest may still become a character
                        None => {
                            self.held = rest.to_vec();
                            return out;
                        }
                        Some(bad) => {
                            out.push(char::REPLACEMENT_CHARACTER);
                            self.held = rest[bad..].to_vec();
                        }
                    }
                }
            }
        }
    }

    /// Nothing follows: what was held back.
    pub fn end(&mut self) -> String {
        let out = String::from_utf8_lossy(&self.held).into_owned();
        self.held.clear();
        out
    }
}
