//! The command line of the chat program.

use crate::chat_template;

pub const HELP: &str = "\
usage: chat [option…] [prompt…]
Answers the prompt; without one, answers each line of standard input in one conversation.
  --model NAME       the model's name in --nn-preload NAME:GGML:AUTO:path (default)
  --system TEXT      how the model shall behave
  --template NAME    auto, chatml, llama3, gemma, phi3, zephyr or none (auto)
  --raw              give the text to the model as it is: --template none
  --temp T           0: always the most likely token (0)
  --top-p P  --top-k K  --seed S
  --n-predict N      tokens in an answer at most; -1: no limit (512)
  --ctx-size N       tokens of prompt and answer together
  --stats            tokens per second, on standard error
";

pub struct Options {
    pub model: String,
    pub system: Vec<u8>,
    pub template: String,
    /// Key and value of the model's options, as JSON writes them.
    pub model_options: Vec<(&'static str, String)>,
    pub stats: bool,
    pub help: bool,
    /// None: lines are read from standard input.
    pub prompt: Option<Vec<u8>>,
}

enum Kind {
    Whole,
    Number,
}

const MODEL_OPTIONS: [(&str, &str, Kind); 6] = [
    ("--temp", "temp", Kind::Number),
    ("--n-predict", "n-predict", Kind::Whole),
    ("--top-p", "top-p", Kind::Number),
    ("--top-k", "top-k", Kind::Whole),
    ("--seed", "seed", Kind::Whole),
    ("--ctx-size", "ctx-size", Kind::Whole),
];

impl Options {
    pub fn parse(args: Vec<Vec<u8>>) -> Result<Options, String> {
        let mut options = Options {
            model: "default".into(),
            system: Vec::new(),
            template: "auto".into(),
            model_options: vec![("temp", "0".into()), ("n-predict", "512".into())],
            stats: false,
            help: false,
            prompt: None,
        };
        let mut raw = false;
        let mut args = args.into_iter().peekable();
        while args.peek().is_some_and(|arg| arg.starts_with(b"-") && arg != b"-") {
            let arg = args.next().unwrap_or_default();
            match arg.as_slice() {
                b"--" => break,
                b"--stats" => options.stats = true,
                b"--raw" => raw = true,
                b"--help" | b"-h" => options.help = true,
                _ => {
                    let mut parts = arg.splitn(2, |byte| *byte == b'=');
                    let name = text(parts.next().unwrap_or_default());
                    let inline = parts.next().map(<[u8]>::to_vec);
                    options.take_value(&name, || inline.or_else(|| args.next()))?;
                }
            }
        }
        let words: Vec<Vec<u8>> = args.collect();
        if !words.is_empty() {
            options.prompt = Some(words.join(&b' '));
        }
        if raw {
            options.template = "none".into();
        }
        if !["auto", "none"].contains(&options.template.as_str()) && chat_template::find(&options.template).is_none() {
            return Err(format!("unknown template {}", options.template));
        }
        Ok(options)
    }

    fn take_value(&mut self, name: &str, value: impl FnOnce() -> Option<Vec<u8>>) -> Result<(), String> {
        let known = MODEL_OPTIONS.iter().find(|(option, _, _)| *option == name);
        if known.is_none() && !["--model", "--system", "--template"].contains(&name) {
            return Err(format!("unknown option {name} (a prompt that begins with - comes after --)"));
        }
        let value = value().ok_or_else(|| format!("{name} needs a value"))?;
        match name {
            "--model" => self.model = text(&value),
            "--system" => self.system = value,
            "--template" => self.template = text(&value),
            _ => {
                let (_, key, kind) = known.expect("checked above");
                let value = text(&value);
                let wanted = match kind {
                    Kind::Whole if value.parse::<i64>().is_err() => Some("a whole number"),
                    Kind::Number if value.parse::<f64>().is_err() => Some("a number"),
                    _ => None,
                };
                if let Some(wanted) = wanted {
                    return Err(format!("{name} needs {wanted}, not {value}"));
                }
                self.model_options.retain(|(other, _)| other != key);
                self.model_options.push((key, value));
            }
        }
        Ok(())
    }

    /// The options that concern the model, as JSON.
    pub fn json(&self) -> String {
        let pairs: Vec<String> = self.model_options.iter().map(|(key, value)| format!("\"{key}\":{value}")).collect();
        format!("{{{}}}", pairs.join(","))
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
