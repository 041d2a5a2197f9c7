//! Chat templates: how a conversation is written for a model that was trained on one form or another.

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Role {
    System,
    User,
    Assistant,
}

pub struct Message {
    pub role: Role,
    pub text: Vec<u8>,
}

/// A message is `before` + role + `between` + text + `after`; the answer begins with a message's head.
pub struct Form {
    pub name: &'static str,
    before: &'static str,
    between: &'static str,
    after: &'static str,
    assistant: &'static str,
    /// White space around the text.
    trims: bool,
    /// There is no system role: its text goes before the first user's.
    system_into_user: bool,
}

#[rustfmt::skip]
const FORMS: [Form; 5] = [
    Form { name: "chatml", before: "<|im_start|>", between: "\n", after: "<|im_end|>\n", assistant: "assistant",
           trims: false, system_into_user: false },
    Form { name: "llama3", before: "<|start_header_id|>", between: "<|end_header_id|>\n\n", after: "<|eot_id|>",
           assistant: "assistant", trims: true, system_into_user: false },
    Form { name: "gemma", before: "<start_of_turn>", between: "\n", after: "<end_of_turn>\n", assistant: "model",
           trims: true, system_into_user: true },
    Form { name: "phi3", before: "<|", between: "|>\n", after: "<|end|>\n", assistant: "assistant",
           trims: false, system_into_user: false },
    Form { name: "zephyr", before: "<|", between: "|>\n", after: "<|endoftext|>\n", assistant: "assistant",
           trims: false, system_into_user: false },
];

/// None for a name that is not in the table.
pub fn find(name: &str) -> Option<&'static Form> {
    FORMS.iter().find(|form| form.name == name)
}

/// The conversation up to where the assistant's answer begins; without a form, the last message as it is.
pub fn apply(form: Option<&Form>, conversation: &[Message]) -> Vec<u8> {
    let Some(form) = form else {
        return conversation.last().map(|message| message.text.clone()).unwrap_or_default();
    };
    let mut text = Vec::new();
    let mut pending_system = Vec::new();
    for message in conversation {
        let content = if form.trims { message.text.trim_ascii() } else { &message.text };
        if message.role == Role::System && form.system_into_user {
            pending_system = [content, b"\n\n"].concat();
            continue;
        }
        let role = match message.role {
            Role::System => "system",
            Role::User => "user",
            Role::Assistant => form.assistant,
        };
        for part in [form.before, role, form.between] {
            text.extend_from_slice(part.as_bytes());
        }
        text.append(&mut pending_system);
        text.extend_from_slice(content);
        text.extend_from_slice(form.after.as_bytes());
    }
    for part in [form.before, form.assistant, form.between] {
        text.extend_from_slice(part.as_bytes());
    }
    text
}
