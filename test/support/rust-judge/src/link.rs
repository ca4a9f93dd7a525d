use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};

use bip324::{
    GarbageResult, Handshake, InboundCipher, Initialized, Network, OutboundCipher, PacketType, ReceivedKey,
    Role, VersionResult, NUM_LENGTH_BYTES,
};

use crate::tally::Tally;
use crate::Fallible;

const KEY_BYTES: usize = 64;
const TERMINATOR_BYTES: usize = 16;
const CHUNK_BYTES: usize = 65_536;

/// A packet that was decrypted.
pub struct Packet {
    pub contents: Vec<u8>,
    pub is_decoy: bool,
}

/// A socket, and what was read ahead: the bytes of `ahead` from `at` on.
struct Source {
    stream: TcpStream,
    ahead: Vec<u8>,
    at: usize,
}

impl Source {
    /// Reads more. Returns whether there was more.
    fn fill(&mut self) -> Fallible<bool> {
        self.ahead.drain(..self.at);
        self.at = 0;
        let mut chunk = vec![0; CHUNK_BYTES];
        let count = match self.stream.read(&mut chunk) {
            Err(error) if error.kind() == ErrorKind::ConnectionReset => 0,
            other => other?,
        };
        self.ahead.extend_from_slice(&chunk[..count]);
        Ok(count > 0)
    }

    /// The next bytes; none where the peer has hung up before them.
    fn take(&mut self, count: usize) -> Fallible<Option<Vec<u8>>> {
        while self.ahead.len() - self.at < count {
            if !self.fill()? {
                return if self.ahead.is_empty() { Ok(None) } else { Err("cut off in a packet".into()) };
            }
        }
        let start = self.at;
        self.at += count;
        Ok(Some(self.ahead[start..self.at].to_vec()))
    }

    /// All that was read ahead.
    fn take_ahead(&mut self) -> Vec<u8> {
        let rest = self.ahead.split_off(self.at);
        self.ahead.clear();
        self.at = 0;
        rest
    }

    fn must(&mut self, count: usize) -> Fallible<Vec<u8>> {
        self.take(count)?.ok_or_else(|| "the peer hung up during the handshake".into())
    }
}

fn length_of(bytes: Vec<u8>) -> [u8; NUM_LENGTH_BYTES] {
    [bytes[0], bytes[1], bytes[2]]
}

pub struct Reader {
    source: Source,
    cipher: InboundCipher,
    pub tally: Tally,
}

impl Reader {
    /// The next packet; none once the peer has hung up.
    pub fn next(&mut self) -> Fallible<Option<Packet>> {
        let Some(length) = self.source.take(NUM_LENGTH_BYTES)? else { return Ok(None) };
        let length = self.cipher.decrypt_packet_len(length_of(length));
        let Some(sealed) = self.source.take(length)? else { return Err("cut off in a packet".into()) };
        let (kind, plain) = self.cipher.decrypt_to_vec(&sealed, None)?;
        let is_decoy = kind == PacketType::Decoy;
        // The first byte is the header.
        let contents = plain[1..].to_vec();
        self.tally.packet(&contents, is_decoy, NUM_LENGTH_BYTES + length);
        Ok(Some(Packet { contents, is_decoy }))
    }

    pub fn end(&self) {
        // The socket may be closed already.
        let _ = self.source.stream.shutdown(Shutdown::Both);
    }
}

pub struct Writer {
    stream: TcpStream,
    cipher: OutboundCipher,
    pub tally: Tally,
}

impl Writer {
    pub fn send(&mut self, contents: &[u8], is_decoy: bool) -> Fallible<()> {
        let kind = if is_decoy { PacketType::Decoy } else { PacketType::Genuine };
        let packet = self.cipher.encrypt_to_vec(contents, kind, None);
        self.stream.write_all(&packet)?;
        self.tally.packet(contents, is_decoy, packet.len());
        Ok(())
    }

    pub fn end(&self) {
        let _ = self.stream.shutdown(Shutdown::Both);
    }
}

/// A connection whose keys were exchanged.
pub struct Link {
    pub reader: Reader,
    pub writer: Writer,
    session: [u8; 32],
}

impl Link {
    /// Exchanges keys. As responder it sends its key once it has the one of the peer.
    pub fn open(
        mut stream: TcpStream,
        network: Network,
        role: Role,
        garbage: &[u8],
        decoys: &[Vec<u8>],
    ) -> Fallible<Link> {
        stream.set_nodelay(true)?;
        let mut source = Source { stream: stream.try_clone()?, ahead: Vec::new(), at: 0 };
        let (mut read, mut written) = (Tally::default(), Tally::default());
        let mut key = vec![0; Handshake::<Initialized>::send_key_len(Some(garbage))];
        let handshake = Handshake::<Initialized>::new(network, role)?.send_key(Some(garbage), &mut key)?;
        if role == Role::Initiator {
            stream.write_all(&key)?;
        }
        let theirs = source.must(KEY_BYTES)?;
        if role == Role::Responder {
            stream.write_all(&key)?;
        }
        let handshake = handshake.receive_key(theirs.as_slice().try_into()?)?;
        let decoys: Vec<&[u8]> = decoys.iter().map(Vec::as_slice).collect();
        let mut version = vec![0; Handshake::<ReceivedKey>::send_version_len(Some(&decoys))];
        let mut handshake = handshake.send_version(&mut version, Some(&decoys))?;
        stream.write_all(&version)?;
        written.garbage = garbage.len();
        for decoy in &decoys {
            written.packet(decoy, true, OutboundCipher::encryption_buffer_len(decoy.len()));
        }
        written.handshake = key.len() + version.len() - written.decoy_bytes;
        written.total += written.handshake;

        let mut seen = source.must(TERMINATOR_BYTES)?;
        let (mut handshake, consumed) = loop {
            match handshake.receive_garbage(&seen)? {
                GarbageResult::FoundGarbage { handshake, consumed_bytes } => break (handshake, consumed_bytes),
                GarbageResult::NeedMoreData(same) => {
                    handshake = same;
                    seen.extend(source.must(1)?);
                    seen.extend(source.take_ahead());
                }
            }
        };
        let rest = source.take_ahead();
        source.ahead = [&seen[consumed..], &rest].concat();
        read.garbage = consumed - TERMINATOR_BYTES;
        read.handshake = KEY_BYTES + consumed;
        read.total = read.handshake;
        let session = loop {
            let length = handshake.decrypt_packet_len(length_of(source.must(NUM_LENGTH_BYTES)?))?;
            let mut packet = source.must(length)?;
            match handshake.receive_version(&mut packet)? {
                VersionResult::Complete { cipher } => {
                    read.handshake += NUM_LENGTH_BYTES + length;
                    read.total += NUM_LENGTH_BYTES + length;
                    break cipher;
                }
                VersionResult::Decoy(same) => {
                    read.packet(&packet, true, NUM_LENGTH_BYTES + length);
                    handshake = same;
                }
            }
        };
        let id = *session.id();
        let (inbound, outbound) = session.into_split();
        Ok(Link {
            reader: Reader { source, cipher: inbound, tally: read },
            writer: Writer { stream, cipher: outbound, tally: written },
            session: id,
        })
    }

    pub fn to_json(&self) -> String {
        let session: String = self.session.iter().map(|byte| format!("{byte:02x}")).collect();
        format!(
            "{{\"session\":\"{session}\",\"in\":{},\"out\":{}}}",
            self.reader.tally.to_json(),
            self.writer.tally.to_json()
        )
    }
}
