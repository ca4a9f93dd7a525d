use std::collections::BTreeMap;

use bip324::serde::deserialize;

/// A message names its command in this many bytes, or in one byte other than 0.
const COMMAND_BYTES: usize = 12;

/// Bytes of one direction, by what they are.
#[derive(Default)]
pub struct Tally {
    pub total: usize,
    pub handshake: usize,
    pub garbage: usize,
    pub decoys: usize,
    pub decoy_bytes: usize,
    /// Number and bytes of the messages, by command.
    messages: BTreeMap<String, (usize, usize)>,
}

impl Tally {
    /// Counts a packet that takes `bytes` on the socket.
    pub fn packet(&mut self, contents: &[u8], is_decoy: bool, bytes: usize) {
        self.total += bytes;
        if is_decoy {
            self.decoys += 1;
            self.decoy_bytes += bytes;
            return;
        }
        let (count, sum) = self.messages.entry(command_of(contents)).or_default();
        *count += 1;
        *sum += bytes;
    }

    pub fn to_json(&self) -> String {
        let messages: Vec<String> = self
            .messages
            .iter()
            .map(|(command, (count, bytes))| {
                format!("{command:?}:{{\"messages\":{count},\"bytes\":{bytes}}}")
            })
            .collect();
        format!(
            "{{\"total\":{},\"handshake\":{},\"garbage\":{},\"decoys\":{},\"decoyBytes\":{},\"messages\":{{{}}}}}",
            self.total,
            self.handshake,
            self.garbage,
            self.decoys,
            self.decoy_bytes,
            messages.join(",")
        )
    }
}

/// The command of a message. That of a single byte is the one that the crate decodes.
fn command_of(contents: &[u8]) -> String {
    match contents.first() {
        None => String::from("nothing"),
        Some(0) => {
            let end = contents.len().min(1 + COMMAND_BYTES);
            let name = contents[1..end].iter().take_while(|byte| **byte != 0);
            name.map(|byte| char::from(*byte)).collect()
        }
        Some(id) => match deserialize(contents) {
            Ok(message) => message.cmd().to_string(),
            Err(_) => format!("id {id}"),
        },
    }
}
