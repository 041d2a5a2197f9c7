//! Splits a .wast script into its top-level forms by counting parentheses, without parsing it: an account of the
//! suite's commands that does not depend on the parser.

/// A top-level form of a script.
pub struct Form<'a> {
    pub text: &'a str,
    /// The word after the opening parenthesis.
    pub keyword: &'a str,
}

impl Form<'_> {
    pub fn is_command(&self) -> bool {
        is_command(self.keyword)
    }

    /// How many commands it stands for: a thread's body counts as well.
    pub fn commands(&self) -> usize {
        if self.keyword != "thread" {
            return 1;
        }
        let body = &self.text["(thread".len()..self.text.len() - 1];
        1 + split(body).iter().filter(|form| form.is_command()).count()
    }
}

fn is_command(keyword: &str) -> bool {
    keyword.starts_with("assert_")
        || matches!(keyword, "module" | "register" | "invoke" | "get" | "thread" | "wait")
}

/// How many commands a script has. One that does not begin with a command is the fields of one module.
pub fn count_commands(script: &str) -> usize {
    let forms = split(script);
    match forms.first() {
        Some(first) if first.is_command() => forms.iter().map(Form::commands).sum(),
        _ => 1,
    }
}

/// The top-level forms. Comments and annotations between them are left out.
pub fn split(script: &str) -> Vec<Form<'_>> {
    let bytes = script.as_bytes();
    let mut forms = Vec::new();
    let (mut at, mut depth, mut start) = (0, 0, 0);
    while at < bytes.len() {
        match bytes[at] {
            b';' if bytes.get(at + 1) == Some(&b';') => {
                at = skip_line_comment(bytes, at) - 1;
            }
            b'(' if bytes.get(at + 1) == Some(&b';') => {
                at = skip_block_comment(bytes, at) - 1;
            }
            b'"' => at = skip_string(bytes, at) - 1,
            b'(' => {
                if depth == 0 {
                    start = at;
                }
                depth += 1;
            }
            b')' if depth > 0 => {
                depth -= 1;
                if depth == 0 {
                    let text = &script[start..=at];
                    let keyword = keyword_of(text);
                    if !keyword.starts_with('@') {
                        forms.push(Form { text, keyword });
                    }
                }
            }
            _ => {}
        }
        at += 1;
    }
    forms
}

// The first word inside the parenthesis; there may be comments before it.
fn keyword_of(form: &str) -> &str {
    let bytes = form.as_bytes();
    let mut at = 1;
    while at < bytes.len() {
        match (bytes[at], bytes.get(at + 1)) {
            (b';', Some(b';')) => at = skip_line_comment(bytes, at),
            (b'(', Some(b';')) => at = skip_block_comment(bytes, at),
            (byte, _) if byte.is_ascii_whitespace() => at += 1,
            _ => break,
        }
    }
    let rest = &form[at..];
    let end = rest.find(|c: char| c.is_whitespace() || matches!(c, '(' | ')' | '"' | ';'));
    &rest[..end.unwrap_or(rest.len())]
}

// Where the line ends whose comment starts at `at`.
fn skip_line_comment(bytes: &[u8], mut at: usize) -> usize {
    while at < bytes.len() && !matches!(bytes[at], b'\n' | b'\r') {
        at += 1;
    }
    at
}

// One past the end of the comment that starts at `at`; such comments nest.
fn skip_block_comment(bytes: &[u8], mut at: usize) -> usize {
    let mut depth = 0;
    while at < bytes.len() {
        match (bytes[at], bytes.get(at + 1)) {
            (b'(', Some(b';')) => {
                depth += 1;
                at += 2;
            }
            (b';', Some(b')')) => {
                depth -= 1;
                at += 2;
                if depth == 0 {
                    return at;
                }
            }
            _ => at += 1,
        }
    }
    at
}

// One past the end of the string that starts at `at`.
fn skip_string(bytes: &[u8], mut at: usize) -> usize {
    at += 1;
    while at < bytes.len() && bytes[at] != b'"' {
        at += if bytes[at] == b'\\' { 2 } else { 1 };
    }
    (at + 1).min(bytes.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_forms_and_skips_comments_strings_and_annotations() {
        let script = ";; (module)\r\n(module (; ) (; ( ;) ;) (func))\n(@a (b)) ( ;;x\n (;y;)assert_return (invoke \"\\\")\"))";
        let forms = split(script);
        assert_eq!(forms.len(), 2);
        assert_eq!(forms[0].keyword, "module");
        assert_eq!(forms[1].keyword, "assert_return");
        assert_eq!(count_commands(script), 2);
    }

    #[test]
    fn fields_without_a_module_are_one_command() {
        assert_eq!(count_commands("(func) (memory 0)"), 1);
        assert_eq!(count_commands(";; nothing"), 1);
    }

    #[test]
    fn a_thread_counts_with_its_body() {
        assert_eq!(count_commands("(thread $T (shared (module $M)) (register \"m\" $M) (module) (invoke \"f\"))(wait $T)"), 5);
    }
}
