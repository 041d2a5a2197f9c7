//! What programs do with the published crate for sockets: TCP both ways, UDP, names, time limits.
use std::io::{Read, Write};
use std::time::Duration;
use wasmedge_wasi_socket::{nslookup, Shutdown, TcpListener, TcpStream, UdpSocket};

fn client(to: &str) -> std::io::Result<()> {
    let mut stream = TcpStream::connect(to)?;
    stream.as_mut().set_recv_timeout(Some(Duration::from_secs(20)))?;
    println!("limit: {:?}", stream.as_ref().get_recv_timeout()?);
    stream.write_all(b"hello from rust")?;
    stream.shutdown(Shutdown::Write)?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    println!("{answer}");
    Ok(())
}

fn server() -> std::io::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0", false)?;
    println!("{} is where it listens", listener.local_addr()?);
    let (mut stream, peer) = listener.accept(false)?;
    let mut text = String::new();
    stream.read_to_string(&mut text)?;
    stream.write_all(text.chars().rev().collect::<String>().as_bytes())?;
    // not its address: the crate has that written to memory that it calls constant, and the compiler believes it
    println!("peer has a port: {}", peer.port() != 0);
    Ok(())
}

fn datagrams() -> std::io::Result<()> {
    let (a, b) = (UdpSocket::bind("127.0.0.1:0")?, UdpSocket::bind("127.0.0.1:0")?);
    let to = b.as_ref().get_local()?;
    a.send_to(b"datagram", to)?;
    let mut room = [0; 100];
    let (size, from) = b.recv_from(&mut room)?;
    println!("{} {}", String::from_utf8_lossy(&room[..size]), from == a.as_ref().get_local()?);
    Ok(())
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let done = match arguments[1].as_str() {
        "client" => client(&arguments[2]),
        "server" => server(),
        "datagrams" => datagrams(),
        _ => nslookup(&arguments[2], "80").map(|found| println!("{found:?}")),
    };
    if let Err(error) = done {
        println!("{error}");
        std::process::exit(1);
    }
}
