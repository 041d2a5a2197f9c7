//! A chat with a language model, as a WebAssembly program: the host runs the model, this program does the rest.

mod chat_template;
mod nn;
mod options;
mod utf8_stitcher;

use chat_template::{Message, Role};
use nn::{Errno, TextModel};
use options::Options;
use std::io::{BufRead, IsTerminal, Write};
use std::os::wasi::ffi::OsStringExt;
use std::process::ExitCode;
use std::time::Instant;
use utf8_stitcher::Utf8Stitcher;

fn complain(text: &str) {
    eprintln!("chat: {text}");
}

fn explain_load(error: Errno, model: &str) -> String {
    match error {
        Errno::MODEL_NOT_FOUND | Errno::NOT_FOUND => format!(
            "the host has no model called \"{model}\"; start with: godwit run --nn-preload \
             {model}:GGML:AUTO:path/to/model.gguf chat.wasm …"
        ),
        Errno::INVALID_ENCODING => format!("the host cannot run the model \"{model}\"; it says why above"),
        Errno::INVALID_ARGUMENT => format!("the model \"{model}\" does not take these options"),
        Errno(code) => format!("the model \"{model}\" cannot be loaded (error {code})"),
    }
}

/// The text value of a key in flat JSON, or nothing.
fn text_in_json<'a>(json: &'a str, key: &str) -> Option<&'a str> {
    let (_, rest) = json.split_once(&format!("\"{key}\":\""))?;
    rest.split_once('"').map(|(value, _)| value)
}

/// The form that the command line or else the model asks for; None gives texts to the model as they are.
fn choose_template(options: &Options, model: &mut TextModel) -> Option<&'static chat_template::Form> {
    match options.template.as_str() {
        "none" => return None,
        "auto" => {}
        name => return chat_template::find(name),
    }
    let json = model.metadata().unwrap_or_default();
    let json = String::from_utf8_lossy(&json);
    let of_model = text_in_json(&json, "chat_template").unwrap_or_default();
    let form = chat_template::find(of_model);
    if form.is_none() && !of_model.is_empty() {
        complain("the model's chat template is not one of mine; taking chatml (--template chooses another)");
    }
    form.or_else(|| chat_template::find("chatml"))
}

struct Chat<'a> {
    options: &'a Options,
    model: TextModel,
    form: Option<&'static chat_template::Form>,
    conversation: Vec<Message>,
}

impl Chat<'_> {
    /// Answers on standard output; what was said stays in the conversation.
    fn answer(&mut self, text: Vec<u8>) -> bool {
        if self.form.is_none() {
            self.conversation.clear();
        }
        self.conversation.push(Message { role: Role::User, text });
        let start = Instant::now();
        if !self.set_prompt() {
            return false;
        }
        let (reply, good) = self.stream(start);
        self.conversation.push(Message { role: Role::Assistant, text: reply });
        good
    }

    /// The oldest turns are forgotten where the context has no room for them.
    fn set_prompt(&mut self) -> bool {
        loop {
            let error = match self.model.set_prompt(&chat_template::apply(self.form, &self.conversation)) {
                Ok(()) => return true,
                Err(error) => error,
            };
            let first = usize::from(self.conversation.first().is_some_and(|message| message.role == Role::System));
            if error == Errno::PROMPT_TOO_LONG && self.conversation.len() > first + 2 {
                self.conversation.drain(first..first + 2);
                continue;
            }
            self.conversation.pop();
            if error == Errno::PROMPT_TOO_LONG {
                complain("the text is too long for the model's context; --ctx-size makes it larger");
            } else {
                complain(&format!("the model does not take the text (error {})", error.0));
            }
            return false;
        }
    }

    fn stream(&mut self, start: Instant) -> (Vec<u8>, bool) {
        let mut stitcher = Utf8Stitcher::default();
        let mut reply = Vec::new();
        let mut tokens = 0;
        let mut first_token_s = 0.0;
        let error = loop {
            match self.model.next_piece() {
                Ok(piece) => {
                    if tokens == 0 {
                        first_token_s = start.elapsed().as_secs_f64();
                    }
                    tokens += 1;
                    write(&stitcher.add(&piece));
                    reply.extend_from_slice(&piece);
                }
                Err(error) => break error,
            }
        };
        write(&(stitcher.end() + "\n"));
        self.model.finish();
        match error {
            Errno::END_OF_SEQUENCE => {}
            Errno::CONTEXT_FULL => complain("the context is full; --ctx-size makes it larger"),
            Errno(code) => complain(&format!("the model failed (error {code})")),
        }
        if self.options.stats {
            let total_s = start.elapsed().as_secs_f64();
            let rate = if tokens > 1 { f64::from(tokens - 1) / (total_s - first_token_s) } else { 0.0 };
            eprintln!("{tokens} tokens, {rate:.1} tokens/s, first token after {first_token_s:.2} s");
        }
        (reply, matches!(error, Errno::END_OF_SEQUENCE | Errno::CONTEXT_FULL))
    }

    fn converse(&mut self) -> bool {
        let mut input = std::io::stdin().lock();
        let by_hand = input.is_terminal() && std::io::stdout().is_terminal();
        let mut good = true;
        let mut line = Vec::new();
        loop {
            if by_hand {
                eprint!("> ");
            }
            line.clear();
            if input.read_until(b'\n', &mut line).unwrap_or(0) == 0 {
                break;
            }
            if line.last() == Some(&b'\n') {
                line.pop();
            }
            if !line.trim_ascii().is_empty() {
                good = self.answer(line.clone()) && good;
            }
        }
        if by_hand {
            eprintln!();
        }
        good
    }
}

fn write(text: &str) {
    let mut out = std::io::stdout().lock();
    // nobody reads any more: the answer still goes on, as the C++ program's does
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}

fn run(options: &Options) -> Result<bool, String> {
    let mut model = TextModel::load(options.model.as_bytes(), options.json().as_bytes())
        .map_err(|error| explain_load(error, &options.model))?;
    let form = choose_template(options, &mut model);
    let mut conversation = Vec::new();
    if !options.system.is_empty() {
        conversation.push(Message { role: Role::System, text: options.system.clone() });
    }
    let mut chat = Chat { options, model, form, conversation };
    Ok(match &options.prompt {
        Some(prompt) => chat.answer(prompt.clone()),
        None => chat.converse(),
    })
}

fn main() -> ExitCode {
    let args = std::env::args_os().skip(1).map(OsStringExt::into_vec).collect();
    let options = match Options::parse(args) {
        Ok(options) => options,
        Err(wrong) => {
            complain(&format!("{wrong}; --help lists the options"));
            return ExitCode::from(2);
        }
    };
    if options.help {
        print!("{}", options::HELP);
        return ExitCode::SUCCESS;
    }
    match run(&options) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(text) => {
            complain(&text);
            ExitCode::FAILURE
        }
    }
}
