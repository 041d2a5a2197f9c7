//! Programs of published crates that use the network.
//!
//!     net-web serve ADDRESS      a hyper server; prints where it listens
//!     net-web fetch URL          what reqwest gets there, its TLS by `rustls_client`
//!     net-web request URL        what http_req gets there, its TLS by `wasmedge_httpsreq`

use std::convert::Infallible;
use std::error::Error;
use std::net::SocketAddr;

use hyper::body::HttpBody;
use hyper::service::{make_service_fn, service_fn};
use hyper::{Body, Method, Request, Response, Server};

/// Sends a body back, or says what was asked for.
async fn answer(mut request: Request<Body>) -> Result<Response<Body>, Infallible> {
    if request.method() != Method::POST {
        return Ok(Response::new(Body::from(format!("{} {}\n", request.method(), request.uri().path()))));
    }
    let mut body = Vec::new();
    while let Some(Ok(piece)) = request.body_mut().data().await {
        body.extend_from_slice(&piece);
    }
    Ok(Response::new(Body::from(body)))
}

async fn serve(address: SocketAddr) -> Result<(), Box<dyn Error>> {
    let service = make_service_fn(|_| async { Ok::<_, Infallible>(service_fn(answer)) });
    let server = Server::try_bind(&address)?.serve(service);
    println!("{}", server.local_addr());
    Ok(server.await?)
}

async fn fetch(url: &str) -> Result<(), Box<dyn Error>> {
    let response = reqwest::get(url).await?;
    println!("{}", response.status());
    println!("{}", response.text().await?);
    Ok(())
}

fn request(url: &str) -> Result<(), Box<dyn Error>> {
    let mut body = Vec::new();
    let response = http_req::request::get(url, &mut body)?;
    println!("{} {}", response.status_code(), response.reason());
    println!("{}", String::from_utf8_lossy(&body));
    Ok(())
}

/// An error and what caused it, in one line.
fn explain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, verb, place] = &arguments[..] else { panic!("usage: net-web serve|fetch|request PLACE") };
    let done = match verb.as_str() {
        "serve" => serve(place.parse().expect("an address")).await,
        "fetch" => fetch(place).await,
        _ => request(place),
    };
    if let Err(error) = done {
        println!("failed: {}", explain(&*error));
        std::process::exit(1);
    }
}
