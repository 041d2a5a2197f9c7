//! Converts the .wast files below a folder to what the spec runner reads.
//!
//! usage: spec-convert <folder of .wast files> <output folder>
//!
//! For `a/b.wast` it writes `a/b/commands.json` and the modules beside it, `b.0.wasm`, `b.1.wasm`, …; for all files
//! `index.json`: a list of {"path": "a/b", "commands": n}, where n is counted in the text and not in what was
//! converted. All or nothing: a file that cannot be converted whole is an error.

mod forms;

use anyhow::{bail, Context, Result};
use serde_json::{json, Value};
use std::fs;
use std::path::{Path, PathBuf};
use wast::lexer::Lexer;
use wast::parser::{self, ParseBuffer};

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, source, output] = arguments.as_slice() else {
        bail!("usage: spec-convert <folder of .wast files> <output folder>");
    };
    let (source, output) = (Path::new(source), Path::new(output));
    let mut scripts = Vec::new();
    find_scripts(source, &mut scripts)?;
    scripts.sort();

    let (mut index, mut total) = (Vec::new(), 0);
    for script in &scripts {
        let path = script.strip_prefix(source)?.with_extension("");
        let path = path.to_str().context("a file name that is not UTF-8")?;
        let text = fs::read_to_string(script).with_context(|| format!("reading {}", script.display()))?;
        let commands = convert(path, &text, &output.join(path)).with_context(|| path.to_string())?;
        total += commands;
        index.push(json!({"path": path, "commands": commands}));
    }
    fs::write(output.join("index.json"), serde_json::to_string_pretty(&index)?)?;
    println!("{} files, {total} commands", scripts.len());
    Ok(())
}

fn find_scripts(folder: &Path, into: &mut Vec<PathBuf>) -> Result<()> {
    for entry in fs::read_dir(folder).with_context(|| format!("reading {}", folder.display()))? {
        let path = entry?.path();
        if path.is_dir() {
            find_scripts(&path, into)?;
        } else if path.extension().is_some_and(|extension| extension == "wast") {
            into.push(path);
        }
    }
    Ok(())
}

// Writes the commands and modules of one script into `output`; returns how many commands its text has.
fn convert(path: &str, text: &str, output: &Path) -> Result<usize> {
    fs::create_dir_all(output)?;
    let stem = Path::new(path).file_name().context("no file name")?.to_str().context("not UTF-8")?;
    let counted = forms::count_commands(text);
    let commands = convert_text(text, stem, output)?;
    let converted: usize = commands.iter().map(|command| 1 + command["commands"].as_array().map_or(0, Vec::len)).sum();
    if converted != counted {
        bail!("{counted} commands in the text, {converted} converted");
    }
    // one command per line, for people
    let lines: Vec<String> = commands.iter().map(Value::to_string).collect();
    let list = format!("{{\"source\": \"{path}.wast\", \"commands\": [\n{}\n]}}\n", lines.join(",\n"));
    fs::write(output.join("commands.json"), list)?;
    Ok(counted)
}

fn convert_text(text: &str, stem: &str, output: &Path) -> Result<Vec<Value>> {
    let mut lexer = Lexer::new(text);
    lexer.allow_confusing_unicode(true);
    let buffer = ParseBuffer::new_with_lexer(lexer)?;
    let script = parser::parse::<wast::Wast>(&buffer)?;
    let mut options = json_from_wast::Opts::default();
    options.module_filename(stem);
    let converted = options.convert("script.wast", text, script)?;
    for (name, contents) in &converted.wasms {
        fs::write(output.join(name), contents)?;
    }
    Ok(converted.commands.iter().map(serde_json::to_value).collect::<Result<_, _>>()?)
}
