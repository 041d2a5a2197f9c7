//! classify: says what a picture shows, by any number of models.
//!
//!   classify [--size N] [--labels a,b,c] --model NAME:LAYOUT:TYPE... PICTURE
//!
//! LAYOUT: nchw (channels first) or nhwc (channels last). TYPE: f32 (pixels from 0 to 1) or u8 (from 0 to 255; what comes out
//! is in 256ths). A NAME with a '/' or a '.' is a TensorFlow Lite file, whose bytes are given to the host.

mod nn;
mod picture;

use nn::TensorModel;
use picture::Picture;

struct Options {
    size: u32,
    labels: Vec<String>,
    models: Vec<String>,
    picture: String,
}

fn read_options() -> Option<Options> {
    let labels = ["circle", "square", "triangle"].map(String::from).to_vec();
    let mut options = Options { size: 32, labels, models: Vec::new(), picture: String::new() };
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--size" => options.size = arguments.next()?.parse().ok()?,
            "--labels" => options.labels = arguments.next()?.split(',').map(String::from).collect(),
            "--model" => options.models.push(arguments.next()?),
            _ if argument.starts_with("--") || !options.picture.is_empty() => return None,
            _ => options.picture = argument,
        }
    }
    (!options.models.is_empty() && !options.picture.is_empty() && (1..=4096).contains(&options.size)).then_some(options)
}

/// The probabilities.
fn ask(name: &str, channels_last: bool, bytes: bool, picture: &Picture) -> Result<Vec<f32>, String> {
    let failed = |nn::Errno(code)| format!("the model {name} failed with error {code}");
    let mut model = if name.contains(['/', '.']) {
        let content = std::fs::read(name).map_err(|error| format!("{name}: {error}"))?;
        TensorModel::load_bytes(&content, nn::TENSORFLOW_LITE)
    } else {
        TensorModel::load(name)
    }
    .map_err(failed)?;
    let side = picture.width;
    let shape = if channels_last { [1, side, side, 1] } else { [1, 1, side, side] };
    if bytes {
        let pixels: Vec<u8> = picture.pixels.iter().map(|pixel| pixel.round() as u8).collect();
        model.set_input(0, nn::U8, &shape, &pixels).map_err(failed)?;
    } else {
        let pixels: Vec<u8> = picture.pixels.iter().flat_map(|pixel| (pixel / 255.0).to_le_bytes()).collect();
        model.set_input(0, nn::F32, &shape, &pixels).map_err(failed)?;
    }
    model.compute().map_err(failed)?;
    let output = model.output(0).map_err(failed)?;
    if bytes {
        return Ok(output.iter().map(|&part| f32::from(part) / 256.0).collect());
    }
    Ok(output.chunks_exact(4).map(|number| f32::from_le_bytes([number[0], number[1], number[2], number[3]])).collect())
}

fn run(options: &Options) -> Result<(), String> {
    let bytes = std::fs::read(&options.picture).map_err(|error| format!("{}: {error}", options.picture))?;
    let picture = Picture::read(&bytes).ok_or_else(|| format!("{} is no PGM or PPM picture of 8 bits", options.picture))?;
    let picture = picture.resized(options.size);
    for model in &options.models {
        let mut parts = model.split(':');
        let name = parts.next().unwrap_or_default();
        let answer = ask(name, parts.next() == Some("nhwc"), parts.next() == Some("u8"), &picture)?;
        let mut order: Vec<usize> = (0..answer.len()).collect();
        order.sort_by(|&a, &b| answer[b].total_cmp(&answer[a]));
        let label = |i: usize| options.labels.get(i).map_or("?", String::as_str);
        let words: Vec<String> = order.into_iter().map(|i| format!(" {} {:.4}", label(i), answer[i])).collect();
        println!("{name}:{}", words.concat());
    }
    Ok(())
}

fn main() {
    let Some(options) = read_options() else {
        eprintln!("usage: classify [--size N] [--labels a,b,c] --model NAME:nchw|nhwc:f32|u8... PICTURE");
        std::process::exit(2);
    };
    if let Err(error) = run(&options) {
        eprintln!("classify: {error}");
        std::process::exit(1);
    }
}
