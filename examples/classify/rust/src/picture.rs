//! Pictures as a network wants them: read, made grey, resized.

/// Grey, rows from the top; each number from 0 to 255.
pub struct Picture {
    pub width: u32,
    pub height: u32,
    pub pixels: Vec<f32>,
}

/// The next number of a header, behind spaces and comments.
fn next_number(bytes: &[u8], at: &mut usize) -> Option<u32> {
    while let Some(byte) = bytes.get(*at) {
        match byte {
            b'#' => *at = bytes[*at..].iter().position(|&b| b == b'\n').map_or(bytes.len(), |end| *at + end),
            _ if byte.is_ascii_whitespace() => *at += 1,
            _ => break,
        }
    }
    let digits = bytes[*at..].iter().take(6).take_while(|byte| byte.is_ascii_digit()).count();
    let text = std::str::from_utf8(&bytes[*at..*at + digits]).ok()?;
    *at += digits;
    text.parse().ok()
}

impl Picture {
    /// A PGM or PPM file (P5, P6; 8 bits). None: it is not one.
    pub fn read(bytes: &[u8]) -> Option<Picture> {
        let channels = match bytes.get(..2)? {
            b"P5" => 1,
            b"P6" => 3,
            _ => return None,
        };
        let mut at = 2;
        let (width, height) = (next_number(bytes, &mut at)?, next_number(bytes, &mut at)?);
        if next_number(bytes, &mut at)? != 255 || width == 0 || height == 0 {
            return None;
        }
        let count = (width as usize).checked_mul(height as usize)?;
        let data = bytes.get(at + 1..)?.get(..count.checked_mul(channels)?)?; // behind the one space after the header
        let grey = |pixel: &[u8]| match pixel {
            [r, g, b] => 0.299 * f32::from(*r) + 0.587 * f32::from(*g) + 0.114 * f32::from(*b),
            _ => f32::from(pixel[0]),
        };
        Some(Picture { width, height, pixels: data.chunks(channels).map(grey).collect() })
    }

    /// A square picture of it, each pixel of its four neighbours.
    pub fn resized(&self, side: u32) -> Picture {
        let at = |x: u32, y: u32| self.pixels[y as usize * self.width as usize + x as usize];
        // The middle of a pixel stays in the middle.
        let place = |to: u32, size: u32| ((to as f32 + 0.5) * size as f32 / side as f32 - 0.5).clamp(0.0, (size - 1) as f32);
        let mut pixels = Vec::new();
        for y in 0..side {
            for x in 0..side {
                let (from_x, from_y) = (place(x, self.width), place(y, self.height));
                let (x0, y0) = (from_x as u32, from_y as u32);
                let (x1, y1) = ((x0 + 1).min(self.width - 1), (y0 + 1).min(self.height - 1));
                let (right, below) = (from_x - x0 as f32, from_y - y0 as f32);
                let top = at(x0, y0) * (1.0 - right) + at(x1, y0) * right;
                let bottom = at(x0, y1) * (1.0 - right) + at(x1, y1) * right;
                pixels.push(top * (1.0 - below) + bottom * below);
            }
        }
        Picture { width: side, height: side, pixels }
    }
}
