//! Connections: accepted up to a limit, each with a time limit for its headers and for every write, all of them ended
//! in good order on cancellation.
//!
//! `axum::serve` has no header timeout and no limits, so that a few slow clients could hold the server. Hence this
//! accept loop of our own.

use std::collections::HashMap;
use std::convert::Infallible;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::http::{Request, Response};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::{Sleep, sleep};
use tokio_util::sync::CancellationToken;

use super::client::{self, Network};
use super::feeds::Payload;

/// What one client may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// For a request's headers, and for the wait between two requests of a connection.
    pub header: Duration,
    /// For a request's whole body.
    pub body: Duration,
    /// Without a byte taken by the client.
    pub write: Duration,
    /// Open at once.
    pub connections: usize,
    /// Open at once from one neighbourhood ([`client::neighbourhood`]); trusted proxies are not counted.
    pub connections_per_client: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            header: Duration::from_secs(10),
            body: Duration::from_secs(30),
            write: Duration::from_secs(30),
            connections: 1024,
            connections_per_client: 128,
        }
    }
}

/// Headers of a request, in octets.
const HEADERS: usize = 32 * 1024;

/// A socket that is listened on and not yet served.
#[derive(Debug)]
pub struct Listener {
    socket: TcpListener,
    address: SocketAddr,
    /// May be changed before serving.
    pub limits: Limits,
}

impl Listener {
    /// Takes `listen` (`127.0.0.1:8080`, `[::]:80`, port 0 for a free one). The error is for people.
    pub async fn bind(listen: &str) -> Result<Self, String> {
        let wrong = |error: io::Error| format!("cannot listen on `{listen}`: {error}");
        let socket = TcpListener::bind(listen).await.map_err(wrong)?;
        let address = socket.local_addr().map_err(wrong)?;
        Ok(Self { socket, address, limits: Limits::default() })
    }

    /// Where it listens, with the port that was free.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Answers until `cancel`, then lets every open request end. How long that may take is the caller's to bound:
    /// dropping this future closes what is left.
    pub async fn run<A, F>(self, trusted: Vec<Network>, answer: A, cancel: CancellationToken)
    where
        A: Fn(Request<Incoming>, SocketAddr) -> F + Clone + Send + Sync + 'static,
        F: Future<Output = Response<Payload>> + Send,
    {
        let limits = self.limits;
        let places = Arc::new(Semaphore::new(limits.connections));
        let crowd = Crowd::default();
        let mut connections = JoinSet::new();
        loop {
            // The place comes before the connection: those beyond the limit wait in the kernel's queue.
            let accepted = tokio::select! {
                () = cancel.cancelled() => break,
                _ = connections.join_next(), if !connections.is_empty() => continue,
                accepted = accept(&self.socket, &places) => accepted,
            };
            let (stream, peer, place) = match accepted {
                Ok(accepted) => accepted,
                // The client gave up in the queue.
                Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => continue,
                Err(error) => {
                    // Out of file descriptors, most likely: that passes when a connection ends.
                    tracing::warn!(%error, "a connection could not be accepted");
                    sleep(Duration::from_millis(200)).await;
                    continue;
                }
            };
            let is_proxy = trusted.iter().any(|network| network.contains(peer.ip()));
            let seat = if is_proxy { None } else { crowd.enter(peer.ip(), limits.connections_per_client) };
            if seat.is_none() && !is_proxy {
                continue;
            }
            // Answers are written whole: waiting to fill a packet only adds the peer's delayed acknowledgement.
            let _ = stream.set_nodelay(true);
            let (answer, cancel) = (answer.clone(), cancel.clone());
            connections.spawn(async move {
                converse(stream, peer, limits, answer, cancel).await;
                drop((place, seat));
            });
        }
        drop(self.socket);
        while connections.join_next().await.is_some() {}
    }
}

async fn accept(
    socket: &TcpListener,
    places: &Arc<Semaphore>,
) -> io::Result<(TcpStream, SocketAddr, tokio::sync::OwnedSemaphorePermit)> {
    let place = Arc::clone(places).acquire_owned().await.map_err(io::Error::other)?;
    let (stream, peer) = socket.accept().await?;
    Ok((stream, peer, place))
}

/// One connection to its end. Its errors are the client's doing (gone, too slow, no HTTP) and say nothing to anybody.
async fn converse<A, F>(stream: TcpStream, peer: SocketAddr, limits: Limits, answer: A, cancel: CancellationToken)
where
    A: Fn(Request<Incoming>, SocketAddr) -> F,
    F: Future<Output = Response<Payload>>,
{
    let service = service_fn(|request: Request<Incoming>| {
        let answered = answer(request, peer);
        async move { Ok::<_, Infallible>(answered.await) }
    });
    let stream = TokioIo::new(Patient { stream, patience: limits.write, waiting: None });
    let mut connection = pin!(
        http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(limits.header)
            .max_buf_size(HEADERS)
            .serve_connection(stream, service)
    );
    tokio::select! {
        _ = connection.as_mut() => return,
        () = cancel.cancelled() => connection.as_mut().graceful_shutdown(),
    }
    let _ = connection.await;
}

/// How many connections each neighbourhood holds.
#[derive(Debug, Clone, Default)]
struct Crowd(Arc<Mutex<HashMap<IpAddr, usize>>>);

impl Crowd {
    /// A seat that is given back when dropped; `None` when the neighbourhood has its fill.
    fn enter(&self, peer: IpAddr, most: usize) -> Option<Seat> {
        let place = client::neighbourhood(peer);
        let mut held = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let count = held.entry(place).or_default();
        if *count >= most {
            return None;
        }
        *count += 1;
        Some(Seat { crowd: self.clone(), place })
    }
}

#[derive(Debug)]
struct Seat {
    crowd: Crowd,
    place: IpAddr,
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut held = self.crowd.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some(count) = held.get_mut(&self.place) {
            *count -= 1;
            if *count == 0 {
                held.remove(&self.place);
            }
        }
    }
}

/// A stream whose writes fail once the other side has taken nothing for so long: a client that asks for a large feed
/// and does not read it must not hold a place for ever.
struct Patient {
    stream: TcpStream,
    patience: Duration,
    waiting: Option<Pin<Box<Sleep>>>,
}

impl Patient {
    fn bounded<T>(&mut self, context: &mut Context<'_>, progress: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if progress.is_ready() {
            self.waiting = None;
            return progress;
        }
        let patience = self.patience;
        let waiting = self.waiting.get_or_insert_with(|| Box::pin(sleep(patience)));
        waiting.as_mut().poll(context).map(|()| Err(io::ErrorKind::TimedOut.into()))
    }
}

impl AsyncRead for Patient {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Patient {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let progress = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.bounded(context, progress)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let progress = Pin::new(&mut self.stream).poll_write_vectored(context, pieces);
        self.bounded(context, progress)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
