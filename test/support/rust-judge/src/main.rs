//! Speaks the encrypted transport (BIP324) by the crate `bip324`, to judge ours. Three ways to run it:
//!
//! - `answer NETWORK` listens on a port of 127.0.0.1, prints the port, and returns each message of whoever
//!   dials, after a decoy.
//! - `dial NETWORK PORT COUNT` dials a port of 127.0.0.1 so many times, 16 at once, and returns each message,
//!   after a decoy.
//! - `between NETWORK PORT` listens like `answer`, dials PORT for whoever dials, and passes the packets of
//!   each side to the other. It holds the keys of both connections, so it reads the messages.
//!
//! Connection number n (from 0, with `between` from 5) sends n garbage bytes, modulo 4,096, and n % 3 decoys
//! before its version packet. When a connection has ended, a line of JSON tells what it carried.
mod link;
mod tally;

use std::env;
use std::error::Error;
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::Arc;
use std::thread;

use bip324::{Network, Role};
use link::{Link, Reader, Writer};
use tally::Tally;

type Fallible<T> = Result<T, Box<dyn Error + Send + Sync>>;

/// The lengths of garbage: 0 to 4,095.
const GARBAGE_LENGTHS: usize = 4096;
/// How many connections `dial` has open at a time.
const AT_ONCE: usize = 16;
/// The first connection of `between` has garbage and decoys as well.
const FIRST_BETWEEN: usize = 5;

fn main() -> Fallible<()> {
    let args: Vec<String> = env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    match args[..] {
        ["answer", network] => {
            let network = network_of(network)?;
            listen(move |stream, number| echo(stream, network, Role::Responder, number))
        }
        ["dial", network, port, count] => {
            dial(network_of(network)?, port.parse()?, count.parse()?)
        }
        ["between", network, port] => {
            let (network, port) = (network_of(network)?, port.parse()?);
            listen(move |stream, number| between(stream, network, port, number))
        }
        _ => Err("give: answer NETWORK, dial NETWORK PORT COUNT, or between NETWORK PORT".into()),
    }
}

fn network_of(name: &str) -> Fallible<Network> {
    match name {
        "mainnet" => Ok(Network::Bitcoin),
        "regtest" => Ok(Network::Regtest),
        _ => Err(format!("{name}: give mainnet or regtest").into()),
    }
}

/// Listens until the process is killed, with a thread for each connection.
fn listen(serve: impl Fn(TcpStream, usize) -> Fallible<String> + Send + Sync + 'static) -> Fallible<()> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    println!("{}", listener.local_addr()?.port());
    let serve = Arc::new(serve);
    for (number, stream) in listener.incoming().enumerate() {
        let stream = stream?;
        let serve = Arc::clone(&serve);
        thread::spawn(move || report(serve(stream, number)));
    }
    Ok(())
}

fn dial(network: Network, port: u16, count: usize) -> Fallible<()> {
    let next = Arc::new(AtomicUsize::new(0));
    let threads: Vec<_> = (0..AT_ONCE)
        .map(|_| {
            let next = Arc::clone(&next);
            thread::spawn(move || loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= count {
                    return;
                }
                let ended = TcpStream::connect(("127.0.0.1", port))
                    .map_err(Into::into)
                    .and_then(|stream| echo(stream, network, Role::Initiator, number));
                report(ended);
            })
        })
        .collect();
    for each in threads {
        each.join().map_err(|_| "a connection panicked")?;
    }
    Ok(())
}

/// Prints what a connection carried, or why it failed.
fn report(ended: Fallible<String>) {
    match ended {
        Ok(line) => println!("{line}"),
        Err(error) => println!("{{\"error\":{:?}}}", error.to_string()),
    }
}

/// Bytes that are not all equal, and depend on the number alone.
fn filler(number: usize, length: usize) -> Vec<u8> {
    (0..length).map(|at| (at.wrapping_mul(31) ^ number.wrapping_mul(131)) as u8).collect()
}

/// The decoys that precede the version packet of a connection.
fn first_decoys(number: usize) -> Vec<Vec<u8>> {
    (0..number % 3).map(|n| filler(number, 7 * n)).collect()
}

fn open(stream: TcpStream, network: Network, role: Role, number: usize) -> Fallible<Link> {
    let garbage = filler(number, number % GARBAGE_LENGTHS);
    Link::open(stream, network, role, &garbage, &first_decoys(number))
}

/// Returns each message until the peer hangs up.
fn echo(stream: TcpStream, network: Network, role: Role, number: usize) -> Fallible<String> {
    let mut link = open(stream, network, role, number)?;
    while let Some(packet) = link.reader.next()? {
        if !packet.is_decoy {
            let decoy = filler(number, packet.contents.len() % 100);
            link.writer.send(&decoy, true)?;
            link.writer.send(&packet.contents, false)?;
        }
    }
    Ok(link.to_json())
}

/// Passes the packets of two connections on until one of them ends.
fn between(near: TcpStream, network: Network, port: u16, number: usize) -> Fallible<String> {
    let number = number + FIRST_BETWEEN;
    let near = open(near, network, Role::Responder, number)?;
    let far = open(TcpStream::connect(("127.0.0.1", port))?, network, Role::Initiator, number)?;
    let Link { reader: near_reader, writer: near_writer, .. } = near;
    let Link { reader: far_reader, writer: far_writer, .. } = far;
    let back = thread::spawn(move || pass(far_reader, near_writer));
    let (near_in, far_out) = pass(near_reader, far_writer)?;
    let (far_in, near_out) = back.join().map_err(|_| "the way back panicked")??;
    let json = Tally::to_json;
    Ok(format!(
        "{{\"near\":{{\"in\":{},\"out\":{}}},\"far\":{{\"in\":{},\"out\":{}}}}}",
        json(&near_in), json(&near_out), json(&far_in), json(&far_out)
    ))
}

fn pass(mut from: Reader, mut to: Writer) -> Fallible<(Tally, Tally)> {
    // A side that is cut off ends the other one as well.
    while let Ok(Some(packet)) = from.next() {
        if to.send(&packet.contents, packet.is_decoy).is_err() {
            break;
        }
    }
    from.end();
    to.end();
    Ok((from.tally, to.tally))
}
