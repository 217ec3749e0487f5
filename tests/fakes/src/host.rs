//! How every fake is served: 127.0.0.1, a thread of its own, until dropped.

use std::{
    io,
    net::{Ipv4Addr, SocketAddr, TcpListener},
    sync::{Arc, Mutex},
    thread,
};

use actix_web::{
    App, FromRequest, Handler, HttpRequest, HttpServer, Responder,
    dev::{Server, ServerHandle},
    rt::System,
    web::{self, Bytes, Data},
};
use tokio::sync::oneshot;

const BODY_LIMIT: usize = 16 * 1024 * 1024;

/// What a handler is given: everything, whatever the address.
pub(crate) type Incoming<S> = (HttpRequest, Bytes, Data<Mutex<S>>);

/// A running server; it stops when dropped.
pub(crate) struct Host {
    address: SocketAddr,
    server: ServerHandle,
}

impl Host {
    /// Binds 127.0.0.1 and serves on a thread of its own, so any runtime of the caller will do.
    pub(crate) async fn start<S, F>(
        name: &str,
        port: u16,
        state: Arc<Mutex<S>>,
        serve: F,
    ) -> io::Result<Host>
    where
        S: Send + 'static,
        Incoming<S>: FromRequest,
        F: Handler<Incoming<S>> + Send,
        F::Output: Responder + 'static,
    {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))?;
        let address = listener.local_addr()?;
        let (ready, started) = oneshot::channel();
        thread::Builder::new().name(name.to_owned()).spawn(move || {
            System::new().block_on(async {
                let server = match build(listener, state, serve) {
                    Ok(server) => server,
                    Err(error) => return drop(ready.send(Err(error))),
                };
                if ready.send(Ok(server.handle())).is_ok() {
                    drop(server.await);
                }
            });
        })?;
        let server = started.await.map_err(io::Error::other)??;
        Ok(Host { address, server })
    }

    /// Stops serving and waits until the port is closed.
    pub(crate) async fn stop(&self) {
        self.server.stop(false).await;
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) fn base_url(&self) -> String {
        format!("http://{}", self.address)
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        // The order to stop is given at once; only waiting for it would need a runtime.
        drop(self.server.stop(false));
    }
}

fn build<S, F>(listener: TcpListener, state: Arc<Mutex<S>>, serve: F) -> io::Result<Server>
where
    S: Send + 'static,
    Incoming<S>: FromRequest,
    F: Handler<Incoming<S>> + Send,
    F::Output: Responder + 'static,
{
    let state = Data::from(state);
    let app = move || {
        App::new()
            .app_data(state.clone())
            .app_data(web::PayloadConfig::new(BODY_LIMIT))
            .default_service(web::to(serve.clone()))
    };
    Ok(HttpServer::new(app).workers(1).disable_signals().listen(listener)?.run())
}
