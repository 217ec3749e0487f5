//! A line to a server that can be cut and restored: while it is cut nothing listens there and every
//! connection is gone, as when the server has stopped.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// The line; it ends when dropped.
pub(crate) struct Relay {
    /// Where clients connect.
    pub(crate) address: SocketAddr,
    wanted: watch::Sender<bool>,
    listening: watch::Receiver<bool>,
}

impl Relay {
    /// A line from `port` to `upstream`.
    pub(crate) async fn start(port: u16, upstream: SocketAddr) -> Self {
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        let (wanted, wish) = watch::channel(true);
        let (report, listening) = watch::channel(false);
        shared::telemetry::spawn(serve(address, upstream, wish, report));
        let mut relay = Self { address, wanted, listening };
        relay.reach(true).await;
        relay
    }

    /// Ends every connection and stops listening.
    pub(crate) async fn cut(&mut self) {
        self.reach(false).await;
    }

    /// Listens again.
    pub(crate) async fn restore(&mut self) {
        self.reach(true).await;
    }

    async fn reach(&mut self, state: bool) {
        self.wanted.send_replace(state);
        self.listening.wait_for(|now| *now == state).await.unwrap();
    }
}

async fn serve(
    address: SocketAddr,
    upstream: SocketAddr,
    mut wish: watch::Receiver<bool>,
    report: watch::Sender<bool>,
) {
    // An error of `has_changed` says that the line itself is gone.
    while wish.wait_for(|open| *open).await.is_ok() && wish.has_changed().is_ok() {
        let Ok(listener) = TcpListener::bind(address).await else {
            tokio::time::sleep(Duration::from_millis(50)).await;
            continue;
        };
        report.send_replace(true);
        let accept = async {
            loop {
                if let Ok((client, _)) = listener.accept().await {
                    shared::telemetry::spawn(pump(client, upstream, wish.clone()));
                }
            }
        };
        let mut ending = wish.clone();
        tokio::select! {
            () = accept => {}
            _ = ending.wait_for(|open| !*open) => {}
        }
        drop(listener);
        report.send_replace(false);
    }
}

async fn pump(mut client: TcpStream, upstream: SocketAddr, mut wish: watch::Receiver<bool>) {
    let carry = async {
        let mut server = TcpStream::connect(upstream).await?;
        client.set_nodelay(true)?;
        server.set_nodelay(true)?;
        copy_bidirectional(&mut client, &mut server).await
    };
    tokio::select! {
        _ = carry => {}
        _ = wish.wait_for(|open| !*open) => {}
    }
}
